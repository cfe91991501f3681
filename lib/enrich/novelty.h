#pragma once

// Novelty: baselines of what is normal. A baseline is a tuple of fields, such
// as (host.name, sequitur.lineage.service, destination.ip); the first event
// with a tuple not seen before names the baseline in sequitur.novel. While a
// baseline learns it is silent.
//
// An event older than or as old as a tuple's first is novel too: the same
// event again, or one that came late, must not lose the name it would have had.
//
// Whoever keeps the tuples elsewhere takes what is to be written from time to
// time (TakeChanged), and gives it back after a restart (Import). Events that
// are then read once more are not counted twice: nothing as old as what was
// kept counts again.
//
// Bounds:   `cap` tuples per baseline, the one longest unseen goes first; a
//           tuple's text is cut at kMaxTuple. A tuple is told when it is new,
//           when its count has doubled, and once in kRefresh, or in a 16th of
//           its age where that is less. Of those forgotten only the told are
//           remembered until they are taken.
// Threads:  none; one per worker.

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "event/event.h"

namespace sequitur::enrich {

struct BaselineOptions {
  std::string name;
  std::vector<event::FieldId> fields;
  // Which events count, compiled from `when:` by the caller; unset: every one.
  std::function<bool(const event::Event&)> when;
  std::vector<event::FieldId> when_fields;  // what it reads
  // Event time, from the first event that counts; `learning_until` wins.
  event::TimeNs learning_period = 7 * 86400 * event::kSecond;
  std::optional<event::TimeNs> learning_until;
  event::TimeNs age = 90 * 86400 * event::kSecond;  // unseen for so long: forgotten
  size_t cap = 100'000;
};

// What a baseline knows, to be written out and read back.
struct BaselineTuple {
  std::vector<std::string> values;
  event::TimeNs first_seen = event::kNoTime;
  event::TimeNs last_seen = event::kNoTime;
  bool learnt = true;  // was never reported
  uint64_t seen = 0;   // how often, at least
};
struct BaselineState {
  std::string name;
  event::TimeNs learning_since = event::kNoTime;
  std::vector<BaselineTuple> tuples;  // longest unseen first
  // Values of tuples that were told and are not known any more.
  std::vector<std::vector<std::string>> gone = {};
};

class Novelty {
 public:
  static constexpr size_t kMaxTuple = 4096;
  static constexpr event::TimeNs kRefresh = 3600 * event::kSecond;

  struct Stats {
    std::string name;
    uint64_t tuples = 0;
    uint64_t novel = 0;
    uint64_t learnt = 0;      // silently, while learning
    uint64_t incomplete = 0;  // a field of the tuple was missing
    uint64_t evicted = 0;     // beyond `cap`
    uint64_t aged = 0;        // unseen for `age`
    bool learning = true;
  };

  explicit Novelty(std::vector<BaselineOptions> baselines);
  ~Novelty();

  static void AddFields(const std::vector<BaselineOptions>& baselines,
                        event::Projection& projection);
  void Enrich(event::Event& event);

  std::vector<BaselineState> Export() const;
  // What is to be written since the last call, for whoever keeps tuples elsewhere.
  // Before that it forgets those whose age has ended for good.
  std::vector<BaselineState> TakeChanged();
  // States of baselines that are not configured are passed over. What is known
  // already is known for as long, and was seen as often, as either says.
  void Import(const std::vector<BaselineState>& states);
  std::vector<Stats> stats() const;

 private:
  struct Tuple {
    std::string key;
    event::TimeNs first_seen;
    event::TimeNs last_seen;
    bool learnt;
    uint64_t seen = 1;
    event::TimeNs told_last = event::kNoTime;  // last_seen when last taken; kNoTime: never
    uint64_t told_seen = 0;
    event::TimeNs counted_until = event::kNoTime;  // nothing as old is counted
    // The baseline's `latest` when this came last, which may be an event of long ago.
    event::TimeNs touched = event::kNoTime;
  };
  struct Baseline {
    BaselineOptions options;
    event::TimeNs learning_since = event::kNoTime;
    event::TimeNs latest = event::kNoTime;  // event time
    std::list<Tuple> tuples;                // longest untouched first
    absl::flat_hash_map<absl::string_view, std::list<Tuple>::iterator> by_key;
    // For TakeChanged: keys of tuples, and of what was told and is no more.
    absl::flat_hash_set<absl::string_view> changed;
    absl::flat_hash_set<std::string> gone;
    Stats stats;
  };

  bool IsNovel(Baseline& baseline, const event::Event& event);
  bool ReadKey(const Baseline& baseline, const event::Event& event);
  bool Learns(Baseline& baseline, event::TimeNs time) const;
  static bool IsToBeTold(const Baseline& baseline, const Tuple& tuple);
  static bool MergeInto(Baseline& baseline, absl::string_view key, const BaselineTuple& tuple);
  static Tuple& Insert(Baseline& baseline, Tuple tuple);
  static void ForgetOldest(Baseline& baseline);
  static void Age(Baseline& baseline);

  std::vector<std::unique_ptr<Baseline>> baselines_;
  std::string key_;  // scratch: the event's tuple, each value ended by a NUL
};

}  // namespace sequitur::enrich
