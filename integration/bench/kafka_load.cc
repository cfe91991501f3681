// kafka_load: the two ends of a benchmark through Kafka, and its unit.
//
//   kafka_load feed BROKER RATE FILE...     writes each line of TOPIC.ndjson to TOPIC, keyed by the
//                                           host that the sequitur of one partition would find it
//                                           on; RATE records a second, 0: as fast as it goes
//   kafka_load drain BROKER RECORDS TOPIC...  reads so many records with sequitur's own client and
//                                           its settings, and only touches their bytes: the floor
//   kafka_load unit FOLDER                  prints U in ns for every line of its standard input,
//                                           over the folder's telemetry (unit/pipeline/yardstick.h)
//
// The first two print one line of JSON about what they did.

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "bus/kafka_consumer.h"
#include "bus/kafka_producer.h"
#include "decode/decoder.h"
#include "event/host_table.h"
#include "pipeline/yardstick.h"

namespace sequitur::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

double Since(Clock::time_point began) { return Seconds(Clock::now() - began).count(); }

double CpuSeconds(int who) {
  rusage usage;
  getrusage(who, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

bus::KafkaOptions Options(const std::string& broker, std::string client) {
  bus::KafkaOptions options;
  options.brokers = {broker};
  options.group = client;
  options.client_id = std::move(client);
  return options;
}

// A file that becomes a topic's records.
struct Stream {
  std::string topic;
  std::vector<std::string> lines;
  std::vector<std::string> keys;  // of the lines
  size_t next = 0;

  // How far it is, of itself: what is to be written next is the stream that is
  // least far, so that all end together as they began.
  double Share() const { return static_cast<double>(next) / static_cast<double>(lines.size()); }
};

std::vector<Stream> ReadStreams(const std::vector<std::string>& paths) {
  std::vector<Stream> streams;
  for (const std::string& path : paths) {
    Stream stream;
    const size_t name = path.rfind('/') + 1;
    stream.topic = path.substr(name, path.rfind('.') - name);
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) stream.lines.push_back(line);
    if (!stream.lines.empty()) streams.push_back(std::move(stream));
  }
  return streams;
}

// Keys as of shippers that know the fleet: which addresses are whose is learnt
// from all of it before the first key is given.
class HostKeys {
 public:
  HostKeys() : projection_(fields_) {
    projection_.Add(event::field::kSourceIp);
    projection_.Add(event::field::kDestinationIp);
  }

  absl::Status GiveTo(std::vector<Stream>& streams) {
    for (const bool learning : {true, false}) {
      for (Stream& stream : streams) {
        ASSIGN_OR_RETURN(const auto decoder, decode::Decoder::Create(projection_, {}));
        event::Event event(projection_);
        for (const std::string& line : stream.lines) {
          std::string key = HostOf(*decoder, stream.topic, line, event);
          if (!learning) stream.keys.push_back(std::move(key));
        }
      }
    }
    return absl::OkStatus();
  }

 private:
  std::string HostOf(decode::Decoder& decoder, const std::string& topic, const std::string& line,
                     event::Event& event) {
    std::string host;
    decode::RawRecord raw;
    raw.bytes = line;
    raw.path = topic;
    decoder.Decode(raw, event, [&](const event::Event& decoded) {
      host = std::string(
          hosts_.canonical(hosts_.Resolve(decoded.claim, decoded.Text(event::field::kSourceIp),
                                          decoded.Text(event::field::kDestinationIp))));
    });
    return host;
  }

  event::FieldTable fields_;
  event::Projection projection_;
  event::HostTable hosts_{event::HostTableOptions()};
};

absl::Status Write(bus::Producer& producer, const Stream& stream) {
  bus::OutgoingRecord record;
  record.topic = stream.topic;
  record.key = stream.keys[stream.next];
  record.value = stream.lines[stream.next];
  absl::Status written = producer.Produce(record, 0);
  while (absl::IsResourceExhausted(written)) {
    RETURN_IF_ERROR(producer.Poll(absl::Milliseconds(10)));
    written = producer.Produce(record, 0);
  }
  return written;
}

absl::Status Feed(const std::string& broker, double rate, const std::vector<std::string>& paths) {
  ASSIGN_OR_RETURN(auto producer, bus::KafkaProducer::Create(Options(broker, "feed")));
  std::vector<Stream> streams = ReadStreams(paths);
  RETURN_IF_ERROR(HostKeys().GiveTo(streams));
  const size_t total =
      std::accumulate(streams.begin(), streams.end(), size_t{0},
                      [](size_t sum, const Stream& stream) { return sum + stream.lines.size(); });
  const auto began = Clock::now();
  for (size_t sent = 0; sent < total; ++sent) {
    if (rate > 0) {
      std::this_thread::sleep_until(began + std::chrono::duration_cast<Clock::duration>(
                                                Seconds(static_cast<double>(sent) / rate)));
    }
    Stream& stream =
        *std::min_element(streams.begin(), streams.end(),
                          [](const Stream& a, const Stream& b) { return a.Share() < b.Share(); });
    RETURN_IF_ERROR(Write(*producer, stream));
    ++stream.next;
    RETURN_IF_ERROR(producer->Poll(absl::ZeroDuration()));
  }
  RETURN_IF_ERROR(producer->Flush(absl::Minutes(2)));
  std::printf("{\"records\": %zu, \"seconds\": %.3f}\n", total, Since(began));
  return absl::OkStatus();
}

// Takes what it is given.
class NoObserver final : public bus::AssignmentObserver {
  absl::Status OnAssigned(absl::Span<bus::Assignment>) override { return absl::OkStatus(); }
  void OnRevoked(absl::Span<const bus::TopicPartition>, bool) override {}
};

absl::Status Drain(const std::string& broker, size_t records,
                   const std::vector<std::string>& topics) {
  ASSIGN_OR_RETURN(auto consumer, bus::KafkaConsumer::Create(Options(broker, "drain")));
  NoObserver observer;
  RETURN_IF_ERROR(consumer->Subscribe(topics, observer));
  size_t read = 0, bytes = 0;
  uint64_t sum = 0;
  Clock::time_point began;
  double process = 0, thread = 0;
  while (read < records) {
    const auto each = [&](const bus::Record& record) {
      if (read++ == 0) {
        began = Clock::now();
        process = CpuSeconds(RUSAGE_SELF);
        thread = CpuSeconds(RUSAGE_THREAD);
      }
      bytes += record.value.size();
      for (const char byte : record.value) sum += static_cast<unsigned char>(byte);
    };
    RETURN_IF_ERROR(consumer->Poll(absl::Milliseconds(50), each).status());
  }
  const double seconds = Since(began);
  thread = CpuSeconds(RUSAGE_THREAD) - thread;
  process = CpuSeconds(RUSAGE_SELF) - process;
  std::printf(
      "{\"records\": %zu, \"bytes\": %zu, \"sum\": %llu, \"seconds\": %.3f, \"reader_cpu\": %.3f, "
      "\"client_cpu\": %.3f}\n",
      read, bytes, static_cast<unsigned long long>(sum), seconds, thread, process - thread);
  return absl::OkStatus();
}

absl::Status MeasureUnit(const std::string& folder) {
  const Lines mix = Mix(LoadLines(folder), 10'000);
  if (mix.empty()) return absl::NotFoundError(absl::StrCat("no telemetry in ", folder));
  Yardstick yardstick;
  for (std::string asked; std::getline(std::cin, asked);) {
    std::printf("%.1f\n", yardstick.Measure(mix));
    std::fflush(stdout);
  }
  return absl::OkStatus();
}

int Main(const std::vector<std::string>& arguments) {
  absl::Status done = absl::InvalidArgumentError(
      "usage: kafka_load feed BROKER RATE FILE... | drain BROKER RECORDS TOPIC... | unit FOLDER");
  if (arguments.size() == 2 && arguments[0] == "unit") done = MeasureUnit(arguments[1]);
  if (arguments.size() > 3) {
    const std::vector<std::string> rest(arguments.begin() + 3, arguments.end());
    if (arguments[0] == "feed") done = Feed(arguments[1], std::atof(arguments[2].c_str()), rest);
    if (arguments[0] == "drain") {
      done = Drain(arguments[1], std::strtoull(arguments[2].c_str(), nullptr, 10), rest);
    }
  }
  if (!done.ok()) std::fprintf(stderr, "kafka_load: %s\n", std::string(done.message()).c_str());
  return done.ok() ? 0 : 1;
}

}  // namespace
}  // namespace sequitur::bench

int main(int argc, char** argv) {
  return sequitur::bench::Main(std::vector<std::string>(argv + 1, argv + argc));
}
