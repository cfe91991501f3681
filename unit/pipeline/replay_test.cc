// What a replay finds is what its files say, however many threads read them; held
// against a merge that has all of them in memory and looks at each input anew.

#include "pipeline/replay.h"

#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_split.h"
#include "alert/alert_json.h"
#include "decode/decoder.h"
#include "event/event_clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pipeline/replay_site.h"
#include "testing/named_pipe.h"

namespace sequitur::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string TextOf(const event::Event& event) {
  std::string text = absl::StrCat(event.position.source, ":", event.position.offset, ":",
                                  event.position.row, " at ", event.time, " on ", event.host);
  for (event::FieldId id = 0; id < event.projection().size(); ++id) {
    if (event.Has(id)) absl::StrAppend(&text, " ", id, "=", event.Get(id).ToString());
  }
  return text;
}

// All that a replay says.
struct Told {
  std::vector<std::string> events, alerts;
  std::vector<Position> positions;
  std::vector<uint64_t> progress;
  std::string summary;
  std::vector<std::string> problems;
};

std::string TextOf(const ReplaySummary& summary) {
  std::string text = absl::StrCat(summary.records, " records, ", summary.engine.events, " events");
  for (const auto& [kind, count] : summary.records_by_kind) {
    absl::StrAppend(&text, ", ", count, " ", decode::SourceKindName(kind));
  }
  for (const auto& [result, skipped] : summary.skipped) {
    absl::StrAppend(&text, ", ", skipped.count, " ", decode::DecodeResultName(result), " from ",
                    skipped.first);
  }
  return text;
}

class ReplayTest : public ::testing::Test {
 protected:
  Told RunWith(int threads, const std::vector<Input>& inputs) {
    Told run;
    SourceNames sources;
    ReplayOptions options;
    options.threads = threads;
    options.on_event = [&](const event::Event& event) {
      run.events.push_back(TextOf(event));
      run.positions.push_back(event.position);
    };
    int64_t bytes = 0;
    const ReplaySummary summary = Replay(
        *site_, inputs, options,
        [&](const alert::Alert& alert) {
          run.alerts.push_back(absl::StrCat(alert.id, " ", alert::Headline(alert)));
        },
        [&](const ReplayProgress& progress) {
          EXPECT_GE(progress.bytes_read, bytes);
          bytes = progress.bytes_read;
          run.progress.push_back(progress.records);
        },
        sources);
    run.summary = TextOf(summary);
    run.problems = summary.problems;
    return run;
  }

  // Records with events of every kind of order and damage.
  std::string RandomLog(int records) {
    std::string log;
    int second = Random(600);
    for (int i = 0; i < records; ++i) {
      second += Random(3);
      const int disorder = Random(10) == 0 ? Random(120) : 0;
      switch (Random(20)) {
        case 0:
          absl::StrAppend(&log, Random(2) == 0 ? "" : "{\"damaged", "\n");
          break;
        case 1:
          absl::StrAppend(&log, "[", RandomRecord(second), ",", RandomRecord(second - disorder),
                          ",{},", RandomRecord(second + 1), "]\n");
          break;
        default:
          absl::StrAppend(&log, RandomRecord(second - disorder), "\n");
      }
    }
    return log;
  }
  std::string RandomRecord(int second) {
    constexpr const char* kNames[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    return ProcessRecord(kNames[Random(8)], second, absl::StrCat("web-", Random(5)));
  }
  int Random(int below) { return static_cast<int>(random_() % static_cast<uint32_t>(below)); }

  std::string Write(const std::string& name, const std::string& content) {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return folder_ / name;
  }
  std::string WriteGzip(const std::string& name, const std::string& content) {
    gzFile file = gzopen((folder_ / name).c_str(), "wb");
    gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
    gzclose(file);
    return folder_ / name;
  }

  testing::TempFolder folder_;
  std::unique_ptr<const Site> site_ = TwoStepSite(folder_);
  std::mt19937 random_{1};
};

// Where the events of one file are, record by record, with the clock after each.
struct Read {
  std::vector<std::vector<Position>> records;
  std::vector<event::TimeNs> clock;
};

Read ReadAll(const Site& site, const std::string& log, uint32_t source) {
  Read read;
  const auto decoder = *decode::Decoder::Create(site.projection(), {});
  event::Event scratch(site.projection());
  event::EventClock clock;
  int64_t line = 0;
  for (const absl::string_view text : absl::StrSplit(log, '\n')) {
    decode::RawRecord record;
    record.bytes = text;
    record.position = {source, Position::kFile, ++line, 0};
    std::vector<Position> positions;
    decoder->Decode(record, scratch, [&](event::Event& event) {
      clock.Observe(event.time);
      positions.push_back(event.position);
    });
    if (positions.empty()) continue;
    read.records.push_back(positions);
    read.clock.push_back(clock.now());
  }
  return read;
}

std::vector<Position> MergeAll(const std::vector<Read>& inputs) {
  std::vector<Position> merged;
  std::vector<size_t> next(inputs.size(), 0);
  while (true) {
    size_t earliest = inputs.size();
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (next[i] == inputs[i].records.size()) continue;
      if (earliest == inputs.size() ||
          inputs[i].clock[next[i]] < inputs[earliest].clock[next[earliest]]) {
        earliest = i;
      }
    }
    if (earliest == inputs.size()) return merged;
    const auto& positions = inputs[earliest].records[next[earliest]++];
    merged.insert(merged.end(), positions.begin(), positions.end());
  }
}

TEST_F(ReplayTest, TellsTheSameWithAnyNumberOfThreads) {
  std::vector<Input> inputs;
  for (const int records : {3000, 700, 1, 5000}) {
    inputs.push_back({Write(absl::StrCat("log", records), RandomLog(records))});
  }
  inputs.push_back({folder_ / "missing"});
  inputs.push_back({Write("empty", "")});
  inputs.push_back({WriteGzip("whole.gz", RandomLog(2000))});
  inputs.push_back({WriteGzip("cut.gz", RandomLog(9000))});
  std::filesystem::resize_file(inputs.back().path,
                               std::filesystem::file_size(inputs.back().path) / 2);
  const Told alone = RunWith(1, inputs);
  EXPECT_GT(alone.alerts.size(), 100u);
  EXPECT_THAT(alone.summary, HasSubstr("malformed_json"));
  EXPECT_THAT(alone.problems, ElementsAre(HasSubstr("missing: No such file"),
                                          HasSubstr("cut.gz: unexpected end of file")));
  for (const int threads : {2, 5}) {
    const Told run = RunWith(threads, inputs);
    EXPECT_EQ(run.events, alone.events) << threads;
    EXPECT_EQ(run.alerts, alone.alerts) << threads;
    EXPECT_EQ(run.progress, alone.progress) << threads;
    EXPECT_EQ(run.summary, alone.summary) << threads;
    EXPECT_EQ(run.problems, alone.problems) << threads;
  }
}

TEST_F(ReplayTest, SeveralFilesAreMergedByTheirClocks) {
  std::vector<Input> inputs;
  std::vector<Read> read;
  for (const int records : {1000, 30, 2000}) {
    const std::string log = RandomLog(records);
    inputs.push_back({Write(absl::StrCat("log", records), log)});
    read.push_back(ReadAll(*site_, log, static_cast<uint32_t>(read.size())));
  }
  EXPECT_EQ(RunWith(2, inputs).positions, MergeAll(read));
}

TEST_F(ReplayTest, OneFileIsReadAsItComes) {
  const std::string log = RandomLog(2000);
  const Input input{Write("log", log)};
  EXPECT_EQ(RunWith(2, {input}).positions, MergeAll({ReadAll(*site_, log, 0)}));
}

// The first in the order of the merge, not of what happened to be read first.
TEST_F(ReplayTest, TheFirstSkippedRecordIsTheFirstInTime) {
  const std::string good = ProcessRecord("x", 100) + "\n";
  std::string first = ProcessRecord("x", 0) + "\n";
  for (int i = 0; i < 100; ++i) first += good;
  const std::vector<Input> inputs = {
      {Write("first", first + "{\"damaged\n" + good)},
      {Write("second", ProcessRecord("x", 50) + "\n{\"damaged\n" + good)}};
  for (const int threads : {1, 3}) {
    EXPECT_THAT(RunWith(threads, inputs).summary,
                HasSubstr(absl::StrCat("2 malformed_json from ", folder_ / "second", ":2")));
  }
}

TEST_F(ReplayTest, ManyInputsAreReadWithFewBytesOfEach) {
  std::vector<Input> inputs;
  for (int i = 0; i < 200; ++i) inputs.push_back({Write(absl::StrCat("log", i), RandomLog(10))});
  const Told alone = RunWith(1, inputs);
  EXPECT_GT(alone.alerts.size(), 5u);
  const Told run = RunWith(4, inputs);
  EXPECT_EQ(run.events, alone.events);
  EXPECT_EQ(run.alerts, alone.alerts);
}

TEST_F(ReplayTest, WithoutInputsThereIsNothing) {
  EXPECT_EQ(RunWith(2, {}).summary, "0 records, 0 events");
}

TEST_F(ReplayTest, AlertsWhileAPipeIsOpen) {
  for (const int threads : {1, 2}) {
    testing::NamedPipe pipe(folder_ / absl::StrCat("pipe", threads));
    std::promise<std::string> alerted;
    std::jthread replay([&] {
      SourceNames sources;
      ReplayOptions options;
      options.threads = threads;
      Replay(
          *site_, {{pipe.path()}}, options,
          [&](const alert::Alert& alert) { alerted.set_value(alert.rule->id); }, nullptr, sources);
    });
    pipe.Write(ProcessRecord("a", 1) + "\n");
    pipe.Write(ProcessRecord("b", 2) + "\n");
    auto alert = alerted.get_future();
    EXPECT_EQ(alert.wait_for(std::chrono::minutes(1)), std::future_status::ready) << threads;
    pipe.Close();
  }
}

}  // namespace
}  // namespace sequitur::pipeline
