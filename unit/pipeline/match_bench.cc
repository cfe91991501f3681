// What matching costs an event as rules are added, over decoded and enriched
// events, in U.
//
//   match_bench FOLDER [ROUNDS]
//
// The events are restored into one Event, as a worker has it; what that costs is
// measured by itself and taken off.

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "decode/decoder.h"
#include "enrich/enricher.h"
#include "pipeline/bench_site.h"
#include "pipeline/yardstick.h"
#include "rules/rule_set.h"

namespace sequitur::pipeline {
namespace {

using bench::Lines;
using bench::Median;
using bench::ThreadSeconds;

// The site's rules and every event of the lines as they see it.
class Matching {
 public:
  Matching(std::string name, const std::string& rules, const std::map<std::string, Lines>& sources)
      : name_(std::move(name)),
        site_(bench::SiteWith(rules)),
        matcher_(*site_->rules()),
        event_(site_->projection()) {
    enrich::Enricher enricher(site_->projection(), site_->EnrichOptions());
    for (const auto& [source, lines] : sources) {
      const auto decoder = *decode::Decoder::Create(site_->projection(), {});
      decode::RawRecord raw;
      raw.path = source;
      for (size_t i = 0; i < lines.size() && i < kMaxOfSource; ++i) {
        raw.bytes = lines[i];
        decoder->Decode(raw, event_, [&](event::Event& event) {
          enricher.Enrich(event);
          events_[Family(event)].push_back(event::Snapshot::Of(event));
        });
      }
    }
  }

  // A round over one family's events: nanoseconds of matching for one.
  double Measure(const std::string& family) {
    const auto& events = events_[family];
    Nanoseconds(events, true);  // into the caches
    const double restoring = Nanoseconds(events, false);
    const double matching = Nanoseconds(events, true);
    return matching - (restoring + Nanoseconds(events, false)) / 2;
  }

  const std::string& name() const { return name_; }
  const std::map<std::string, std::vector<event::SnapshotRef>>& events() const { return events_; }
  const Site& site() const { return *site_; }
  double HitsPerEvent(const std::string& family) {
    hits_ = 0;
    Nanoseconds(events_[family], true);
    return static_cast<double>(hits_) / static_cast<double>(events_[family].size());
  }

 private:
  static constexpr size_t kMaxOfSource = 4000;

  static std::string Family(const event::Event& event) {
    return std::string(event.Get(event::field::kEventCategory).first().text());
  }

  double Nanoseconds(const std::vector<event::SnapshotRef>& events, bool match) {
    const double start = ThreadSeconds();
    for (const event::SnapshotRef& snapshot : events) {
      snapshot->Restore(event_);
      if (match) hits_ += matcher_.Match(event_).size();
    }
    return (ThreadSeconds() - start) * 1e9 / static_cast<double>(events.size());
  }

  std::string name_;
  std::unique_ptr<const Site> site_;
  rules::Matcher matcher_;
  event::Event event_;
  std::map<std::string, std::vector<event::SnapshotRef>> events_;  // by family
  uint64_t hits_ = 0;
};

int Main(const std::string& folder, int rounds) {
  const auto sources = bench::LoadLines(folder);
  const Lines mix = bench::Mix(sources, 5'000);
  const std::string two_step = bench::TwoStepRulesOfAllFamilies();
  std::vector<std::unique_ptr<Matching>> all;
  const auto add = [&](const std::string& name, const std::string& rules) {
    all.push_back(std::make_unique<Matching>(name, rules, sources));
  };
  add("shipped", "");
  add("and 100 of two steps", two_step);
  for (const int more : {100, 300, 1000, 3000}) {
    add(absl::StrCat("and ", more, " more"), two_step + bench::UnmatchedRules(more));
  }
  add("shipped and 1000 more", bench::UnmatchedRules(1000));

  bench::Yardstick yardstick;
  std::printf("%-10s %-24s %7s %9s  %6s  %6s  %6s\n", "events", "rules", "count", "ns/event", "U",
              "ratio", "hits");
  for (const auto& [family, events] : all[0]->events()) {
    std::vector<std::vector<double>> ns(all.size()), units(all.size()), ratios(all.size());
    for (int round = 0; round < rounds; ++round) {
      const double unit = yardstick.Measure(mix);
      for (size_t i = 0; i < all.size(); ++i) {
        ns[i].push_back(all[i]->Measure(family));
        units[i].push_back(ns[i].back() / unit);
        ratios[i].push_back(ns[i].back() / ns[0].back());
      }
    }
    for (size_t i = 0; i < all.size(); ++i) {
      std::printf("%-10s %-24s %7zu %9.0f  %6.3f  %6.2f  %6.3f\n", family.c_str(),
                  all[i]->name().c_str(), all[i]->site().rules()->rules().size(), Median(ns[i]),
                  Median(units[i]), Median(ratios[i]), all[i]->HitsPerEvent(family));
    }
  }
  return 0;
}

}  // namespace
}  // namespace sequitur::pipeline

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: match_bench FOLDER [ROUNDS]\n");
    return 2;
  }
  return sequitur::pipeline::Main(argv[1], argc > 2 ? std::atoi(argv[2]) : 9);
}
