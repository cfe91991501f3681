// What correlation costs a hit: how many are live, on how many hosts, under how
// many keys; what a held one weighs; the longest single Push.
//
//   correlate_bench FOLDER [ROUNDS]
//
// FOLDER, as `loadgen --output` writes it, is only read for U. Events are made of
// a dozen fields; time runs so that as many sequences expire as begin.

#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <new>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "correlate/correlator.h"
#include "pipeline/yardstick.h"
#include "rules/query_rules.h"

namespace {
int64_t held_bytes = 0;  // of the heap, as the allocator gave them
uint64_t allocations = 0;
}  // namespace

void* operator new(size_t size) {
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  held_bytes += static_cast<int64_t>(malloc_usable_size(memory));
  ++allocations;
  return memory;
}
// The compiler sees only one half of the pair.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
void operator delete(void* memory) noexcept {
  held_bytes -= static_cast<int64_t>(malloc_usable_size(memory));
  std::free(memory);
}
void operator delete(void* memory, size_t) noexcept { operator delete(memory); }

namespace sequitur::correlate {
namespace {

namespace field = event::field;
using bench::Median;
using bench::ThreadSeconds;
using event::Value;

constexpr TimeNs kStart = TimeNs{1'795'507'200} * event::kSecond;

struct Load {
  int64_t live = 400'000;  // sequences at any time
  int hosts = 40;
  double hit_share = 1;  // of the events
  // Of the hits: go on with a sequence that is live.
  double second_share = 0.01;
};

constexpr TimeNs kMaxspan = 60 * event::kSecond;
constexpr TimeNs kLateness = 40 * event::kSecond;
constexpr char kTwoSteps[] = R"(sequence by host.id, source.ip with maxspan=60s
    [web where event.type == "access"] [web where event.type == "error"])";

// Requests from ever new clients, in order of time, as many at a time as the load
// says. Each is fed to one correlator.
class Feed {
 public:
  explicit Feed(const Load& load)
      : load_(load),
        rules_({kTwoSteps}),
        correlator_(rules_.rules(), FeedOptions()),
        event_(rules_.rules()->projection()),
        step_((kMaxspan + kLateness) / load.live) {}

  void FeedOne() {
    const bool hits = share_(random_) < load_.hit_share;
    if (hits) time_ += step_;
    const bool second = hits && share_(random_) < load_.second_share && next_key_ > 1000;
    const int64_t key = second ? next_key_ - 1 - static_cast<int64_t>(random_() % 1000) : next_key_;
    if (hits && !second) ++next_key_;
    Fill(key, second);
    const rules::Hit hit{0, static_cast<uint16_t>(second ? 1 : 0)};
    correlator_.Push(event_, hits ? absl::MakeSpan(&hit, 1) : absl::Span<const rules::Hit>(),
                     matches_);
    hits_ += hits ? 1 : 0;
    matches_found_ += matches_.size();
    matches_.clear();
  }

  // Thread CPU nanoseconds for one of `count` events, less what making them costs.
  double Measure(int64_t count) {
    const double start = ThreadSeconds();
    for (int64_t i = 0; i < count; ++i) FeedOne();
    const double fed = ThreadSeconds();
    for (int64_t i = 0; i < count; ++i) {
      share_(random_);
      Fill(next_key_ + i, false);
    }
    return ((fed - start) - (ThreadSeconds() - fed)) * 1e9 / static_cast<double>(count);
  }

  void FillUp() {
    while (hits_ < load_.live + load_.live / 4) FeedOne();
  }

  event::SnapshotRef Snapshot(int64_t key) {
    Fill(key, false);
    return event::Snapshot::Of(event_);
  }
  const Stats& stats() { return correlator_.stats(); }
  uint64_t matches() const { return matches_found_; }

 private:
  static Options FeedOptions() {
    Options options;
    options.lateness = kLateness;
    options.limits.memory = int64_t{8} << 30;
    options.limits.host_share = 1;
    return options;
  }

  void Fill(int64_t key, bool second) {
    event_.Reset();
    event_.time = time_;
    event_.record_time = time_;
    event_.position = {0, 0, ++offset_, 0};
    event_.host = static_cast<event::HostId>(1 + key % load_.hosts);
    char address[32];
    const int size =
        std::snprintf(address, sizeof(address), "10.%d.%d.%d", static_cast<int>(key >> 16 & 255),
                      static_cast<int>(key >> 8 & 255), static_cast<int>(key & 255));
    event_.SetString(field::kEventCategory, "web");
    event_.SetString(field::kEventType, second ? "error" : "access");
    event_.SetString(field::kEventAction, "access");
    event_.SetString(field::kSourceIp, event_.arena().Copy({address, static_cast<size_t>(size)}));
    event_.SetString(field::kUrlOriginal, "/products/list.php?category=tables&page=12&sort=price");
    event_.SetString(field::kUserAgentOriginal,
                     "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0");
    event_.SetString(field::kHostName, "web-17.shop.example");
    event_.SetString(field::kHostId, "B18884CD-25AD-4814-8968-9FB6F93C0096");
    event_.SetString(field::kHttpRequestMethod, "GET");
    event_.SetInt(field::kDestinationPort, 443);
  }

  const Load load_;
  bench::QueryRules rules_;
  Correlator correlator_;
  event::Event event_;
  const TimeNs step_;
  TimeNs time_ = kStart;
  int64_t next_key_ = 0;
  int64_t offset_ = 0;
  int64_t hits_ = 0;
  uint64_t matches_found_ = 0;
  std::mt19937_64 random_{1};
  std::uniform_real_distribution<double> share_{0, 1};
  std::vector<Match> matches_;
};

void MeasureRate(const char* name, const Load& load, const bench::Lines& mix, int rounds) {
  bench::Yardstick yardstick;
  Feed feed(load);
  feed.FillUp();
  std::vector<double> ns, units;
  uint64_t allocated = 0;
  const int64_t count = std::min<int64_t>(load.live, 200'000);
  for (int round = 0; round < rounds; ++round) {
    const double unit = yardstick.Measure(mix);
    const uint64_t before = allocations;
    ns.push_back(feed.Measure(count));
    allocated += allocations - before;
    units.push_back(ns.back() / unit);
  }
  const double events = static_cast<double>(count) * rounds;
  std::printf("%-34s %9llu %6d %7.2f %8.0f %7.3f %8.2f %9.2f\n", name,
              static_cast<unsigned long long>(feed.stats().keys), load.hosts, load.hit_share,
              Median(ns), Median(units), 1e3 / Median(ns), static_cast<double>(allocated) / events);
}

void MeasureBytes(int64_t live) {
  Load load;
  load.live = live;
  load.second_share = 0;
  const int64_t before = held_bytes;
  auto feed = std::make_unique<Feed>(load);
  feed->FillUp();
  const Stats& stats = feed->stats();
  const double hits = static_cast<double>(stats.rules[0].held.hits);
  const auto held = static_cast<double>(held_bytes - before);
  const int64_t before_one = held_bytes;
  const event::SnapshotRef snapshot = feed->Snapshot(live);  // an address as long as most
  const auto evidence = static_cast<double>(held_bytes - before_one);
  std::printf(
      "bytes a held hit: %.0f counted, %.0f of the heap, of which %.0f (%zu counted) "
      "are evidence: %.0f beside it\n",
      static_cast<double>(stats.bytes) / hits, held / hits, evidence, snapshot->bytes(),
      held / hits - evidence);
}

// Growing from nothing: every Push by itself.
void MeasureLongestPush(int64_t live, int hosts) {
  Load load;
  load.live = live;
  load.hosts = hosts;
  Feed feed(load);
  std::vector<double> longest;
  for (int64_t i = 0; i < live + live / 4; ++i) {
    const double start = ThreadSeconds();
    feed.FeedOne();
    longest.push_back(ThreadSeconds() - start);
  }
  std::partial_sort(longest.begin(), longest.begin() + 10, longest.end(), std::greater<>());
  std::printf(
      "longest Push growing to %lld live on %d hosts: %.2f ms, then %.2f, %.2f; tenth %.2f\n",
      static_cast<long long>(live), hosts, longest[0] * 1e3, longest[1] * 1e3, longest[2] * 1e3,
      longest[9] * 1e3);
}

// All that is live ends at once: a host's clock jumps.
void MeasureExpiry(int64_t live) {
  Load load;
  load.live = live;
  load.hosts = 1;
  load.second_share = 0;
  auto feed = std::make_unique<Feed>(load);
  feed->FillUp();
  const auto keys = static_cast<double>(feed->stats().keys);
  const double start = ThreadSeconds();
  feed.reset();
  std::printf("freeing %.0f live sequences: %.0f ns each\n", keys,
              (ThreadSeconds() - start) * 1e9 / keys);
}

int Main(const std::string& folder, int rounds) {
  const bench::Lines mix = bench::Mix(bench::LoadLines(folder), 5'000);
  std::printf("%-34s %9s %6s %7s %8s %7s %8s %9s\n", "load", "live", "hosts", "hits", "ns/event",
              "U", "M/s", "new/event");
  const auto rate = [&](const char* name, const Load& load) {
    MeasureRate(name, load, mix, rounds);
  };
  rate("selective: 1 of 20 hits", {20'000, 40, 0.05, 0.01});
  rate("broad: every request a candidate", {400'000, 40, 1, 0.01});
  rate("one in ten, 1M live", {1'000'000, 40, 0.1, 0.01});
  for (const int64_t live : {1'000, 10'000, 100'000, 400'000, 1'000'000}) {
    rate("live sequences", {live, 40, 1, 0.01});
  }
  for (const int hosts : {1, 10, 100, 1'000, 10'000}) {
    rate("live hosts", {100'000, hosts, 1, 0.01});
  }
  std::printf("\n");
  MeasureBytes(400'000);
  for (const int hosts : {1, 40}) MeasureLongestPush(1'000'000, hosts);
  MeasureExpiry(400'000);
  return 0;
}

}  // namespace
}  // namespace sequitur::correlate

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: correlate_bench FOLDER [ROUNDS]\n");
    return 2;
  }
  return sequitur::correlate::Main(argv[1], argc > 2 ? std::atoi(argv[2]) : 5);
}
