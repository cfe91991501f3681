// What an event costs from a record's bytes to alerts, stage by stage, in U.
//
//   path_bench FOLDER [ROUNDS [RULES [STAGE]]]
//
// Every stage is measured as the difference between the path that ends with it and
// the path that ends before it, over the same records in the order of their time,
// in turns. Each pass begins with nothing known; its first half is not counted, so
// what is counted is the steady state. RULES and STAGE, numbers, are for a profiler.

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bus/prefetch.h"
#include "correlate/correlator.h"
#include "decode/decoder.h"
#include "enrich/enricher.h"
#include "event/host_table.h"
#include "pipeline/bench_site.h"
#include "pipeline/engine.h"
#include "pipeline/inputs.h"
#include "pipeline/replay.h"
#include "pipeline/yardstick.h"
#include "rules/rule_set.h"

namespace {
uint64_t allocations = 0;  // of this process, which has one thread
}  // namespace

void* operator new(size_t size) {
  ++allocations;
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}
// The compiler sees only one half of the pair.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace sequitur::pipeline {
namespace {

using bench::Median;
using bench::ThreadSeconds;

// Each stage does what those before it do, and its own.
enum class Stage { kDecode, kHost, kEnrich, kMatch, kCorrelate, kEngine };
constexpr const char* kStageNames[] = {"decode", "host",      "enrich",
                                       "match",  "correlate", "alert and the rest"};
constexpr size_t kStages = 6;

struct Record {
  std::string bytes;
  uint32_t source = 0;
  event::TimeNs time = 0;
};

struct Corpus {
  std::vector<std::string> sources;
  std::vector<Record> records;  // by time
};

decode::RawRecord Raw(const Corpus& corpus, size_t number) {
  const Record& record = corpus.records[number];
  decode::RawRecord raw;
  raw.bytes = record.bytes;
  raw.position = {record.source, 0, static_cast<int64_t>(number), 0};
  raw.record_time = record.time + event::kSecond;
  raw.path = corpus.sources[record.source];
  return raw;
}

Corpus LoadCorpus(const std::string& folder, const Site& site) {
  Corpus corpus;
  event::Event event(site.projection());
  for (auto& [name, lines] : bench::LoadLines(folder)) {
    const auto decoder = *decode::Decoder::Create(site.projection(), {});
    event::TimeNs time = 0;
    for (std::string& line : lines) {
      decode::RawRecord raw;
      raw.bytes = line;
      raw.path = name;
      decoder->Decode(raw, event, [&](event::Event& decoded) { time = decoded.time; });
      corpus.records.push_back(
          {std::move(line), static_cast<uint32_t>(corpus.sources.size()), time});
    }
    corpus.sources.push_back(name);
  }
  std::stable_sort(corpus.records.begin(), corpus.records.end(),
                   [](const Record& a, const Record& b) { return a.time < b.time; });
  return corpus;
}

struct Cost {
  double ns = 0;
  double allocations = 0;
};

// Everything one worker has, anew.
class Path {
 public:
  Path(const Site& site, const Corpus& corpus)
      : corpus_(corpus),
        event_(site.projection()),
        hosts_(site.HostOptions()),
        enricher_(site.projection(), site.EnrichOptions()),
        again_(site.projection()),
        matcher_(*site.rules()),
        correlator_(site.rules(), site.CorrelateOptions()),
        engine_(site, names_, {}, [this](alert::Alert&&) { ++alerts_; }) {
    for (const std::string& source : corpus.sources) {
      names_.Add(source);
      decoders_.push_back(*decode::Decoder::Create(site.projection(), {}));
    }
  }

  // Per record of the second half.
  Cost Run(Stage last) {
    const size_t half = corpus_.records.size() / 2;
    for (size_t i = 0; i < half; ++i) Read(i, last);
    const uint64_t allocations_before = allocations;
    const double start = ThreadSeconds();
    for (size_t i = half; i < corpus_.records.size(); ++i) Read(i, last);
    const double seconds = ThreadSeconds() - start;
    const auto count = static_cast<double>(corpus_.records.size() - half);
    return {seconds * 1e9 / count, static_cast<double>(allocations - allocations_before) / count};
  }

  uint64_t hits() const { return hits_; }
  uint64_t alerts() const { return alerts_; }

 private:
  void Read(size_t number, Stage last) {
    // As the bus does.
    if (number + 1 < corpus_.records.size()) bus::Prefetch(corpus_.records[number + 1].bytes);
    const decode::RawRecord raw = Raw(corpus_, number);
    decoders_[corpus_.records[number].source]->Decode(
        raw, event_, [&](event::Event& event) { Process(event, last); });
  }

  void Process(event::Event& event, Stage last) {
    if (last == Stage::kEngine) return engine_.Process(event);
    if (last == Stage::kDecode) return;
    NameHost(event);
    if (last == Stage::kHost) return;
    Examine(event, last);
    for (const event::SnapshotRef& waiting : enricher_.TakeReexaminable()) {
      waiting->Restore(again_);
      Examine(again_, last);
    }
  }

  // As the engine does.
  void NameHost(event::Event& event) {
    namespace field = event::field;
    event.host = hosts_.Resolve(event.claim, event.Text(field::kSourceIp),
                                event.Text(field::kDestinationIp));
    hosts_.TakeMerges();
    hosts_.TakeForgotten();
    if (!event.Has(field::kHostId)) event.SetString(field::kHostId, hosts_.id(event.host));
    if (!event.Has(field::kHostName)) {
      event.SetString(field::kHostName, hosts_.canonical(event.host));
    }
  }

  void Examine(event::Event& event, Stage last) {
    enricher_.Enrich(event);
    if (last == Stage::kEnrich) return;
    const auto hits = matcher_.Match(event);
    hits_ += hits.size();
    if (last == Stage::kMatch) return;
    correlator_.Push(event, hits, matches_);
    matches_.clear();
  }

  const Corpus& corpus_;
  SourceNames names_;
  std::vector<std::unique_ptr<decode::Decoder>> decoders_;
  event::Event event_;
  event::HostTable hosts_;
  enrich::Enricher enricher_;
  event::Event again_;
  rules::Matcher matcher_;
  correlate::Correlator correlator_;
  Engine engine_;
  std::vector<correlate::Match> matches_;
  uint64_t hits_ = 0;
  uint64_t alerts_ = 0;
};

struct RuleChoice {
  const char* name;
  std::unique_ptr<const Site> site;
};

void Print(const RuleChoice& rules, const std::vector<double> (&ns)[kStages],
           const std::vector<double> (&units)[kStages], const double (&allocated)[kStages],
           double hits) {
  double before_ns = 0, before_units = 0, before_allocated = 0;
  for (size_t stage = 0; stage < kStages; ++stage) {
    const double total = Median(ns[stage]), total_units = Median(units[stage]);
    std::printf("%-30s  %-20s %8.0f  %6.3f  %8.2f\n", stage == 0 ? rules.name : "",
                kStageNames[stage], total - before_ns, total_units - before_units,
                allocated[stage] - before_allocated);
    before_ns = total;
    before_units = total_units;
    before_allocated = allocated[stage];
  }
  std::printf("%-30s  %-20s %8.0f  %6.3f\n", "", "all after decoding", before_ns - Median(ns[0]),
              before_units - Median(units[0]));
  std::printf("%-30s  %-20s %8.0f  %6.3f   %.2f million records/s a core, %.3f hits a record\n", "",
              "whole", before_ns, before_units, 1e3 / before_ns, hits);
}

void Measure(const RuleChoice& rules, const Corpus& corpus, const bench::Lines& mix, int rounds) {
  std::vector<double> ns[kStages], units[kStages];
  double allocated[kStages] = {};
  double hits = 0;
  bench::Yardstick yardstick;
  for (int round = 0; round < rounds; ++round) {
    for (size_t stage = 0; stage < kStages; ++stage) {
      const double unit = yardstick.Measure(mix);
      Path path(*rules.site, corpus);
      const Cost cost = path.Run(static_cast<Stage>(stage));
      const double unit_after = yardstick.Measure(mix);
      ns[stage].push_back(cost.ns);
      units[stage].push_back(cost.ns / ((unit + unit_after) / 2));
      allocated[stage] = cost.allocations;
      if (stage == static_cast<size_t>(Stage::kCorrelate)) {
        hits = static_cast<double>(path.hits()) / static_cast<double>(corpus.records.size());
      }
    }
  }
  Print(rules, ns, units, allocated, hits);
}

// Seconds of a clock: of the CPU time of all threads, or of the wall.
double Seconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// What `sequitur replay` does, reading and merging the files included. Of the wall
// only an idle machine says something.
void MeasureReplay(const Site& site, const std::string& folder, const bench::Lines& mix, int rounds,
                   int threads) {
  std::vector<double> cpu, units, wall, wall_units;
  uint64_t alerts = 0, records = 0;
  bench::Yardstick yardstick;
  InputList inputs = ListInputs({folder});
  std::erase_if(inputs.inputs, [](const Input& i) { return i.path.find("truth") != i.path.npos; });
  ReplayOptions options;
  options.threads = threads;
  for (int round = 0; round < rounds; ++round) {
    SourceNames names;
    alerts = 0;
    const double unit = yardstick.Measure(mix);
    const double start = Seconds(CLOCK_PROCESS_CPUTIME_ID), wall_start = Seconds(CLOCK_MONOTONIC);
    records = Replay(
                  site, inputs.inputs, options, [&](const alert::Alert&) { ++alerts; }, {}, names)
                  .records;
    const double ns = 1e9 / static_cast<double>(records);
    cpu.push_back((Seconds(CLOCK_PROCESS_CPUTIME_ID) - start) * ns);
    wall.push_back((Seconds(CLOCK_MONOTONIC) - wall_start) * ns);
    units.push_back(cpu.back() / unit);
    wall_units.push_back(wall.back() / unit);
  }
  std::printf("%-30s  %-20s %8.0f  %6.3f\n", "replay of files, shipped rules",
              threads == 1 ? "CPU, one thread" : "CPU, two threads", Median(cpu), Median(units));
  std::printf("%-30s  %-20s %8.0f  %6.3f   %.2f million records/s, %llu alerts of %llu\n", "",
              "wall", Median(wall), Median(wall_units), 1e3 / Median(wall),
              static_cast<unsigned long long>(alerts), static_cast<unsigned long long>(records));
}

int Main(const std::string& folder, int rounds, int only_rules, int only_stage) {
  const std::string two_step = bench::TwoStepRulesOfAllFamilies();
  RuleChoice choices[] = {
      {"shipped rules", bench::SiteWith("")},
      {"and 100 of two steps", bench::SiteWith(two_step)},
      {"and 1,000 that match nothing", bench::SiteWith(two_step + bench::UnmatchedRules(1000))}};
  const bench::Lines mix = bench::Mix(bench::LoadLines(folder), 10'000);
  const Corpus corpus = LoadCorpus(folder, *choices[0].site);
  if (only_rules >= 0) {
    for (int round = 0; round < rounds; ++round) {
      Path path(*choices[only_rules].site, corpus);
      std::printf("%.0f ns\n", path.Run(static_cast<Stage>(only_stage)).ns);
    }
    return 0;
  }
  bench::Yardstick yardstick;
  std::printf("U = %.0f ns; %zu records\n\n", yardstick.Measure(mix), corpus.records.size());
  std::printf("%-30s  %-20s %8s  %6s  %8s\n", "rules", "stage", "ns/event", "U", "new/event");
  for (const RuleChoice& rules : choices) Measure(rules, corpus, mix, rounds);
  for (const int threads : {1, 2}) {
    MeasureReplay(*choices[0].site, folder, mix, rounds, threads);
  }
  return 0;
}

}  // namespace
}  // namespace sequitur::pipeline

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: path_bench FOLDER [ROUNDS [RULES [STAGE]]]\n");
    return 2;
  }
  const auto number = [&](int i, int otherwise) {
    return argc > i ? std::atoi(argv[i]) : otherwise;
  };
  return sequitur::pipeline::Main(argv[1], number(2, 5), number(3, -1), number(4, 5));
}
