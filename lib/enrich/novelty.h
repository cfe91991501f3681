#pragma once

// Novelty: baselines of what is normal. A baseline is a tuple of fields, such
// as (host.name, sequitur.lineage.service, destination.ip); the first event
// with a tuple not seen before names the baseline in sequitur.novel. While a
// baseline learns it is silent.
//
// An event older than or as old as a tuple's first is novel too: the same
// event again, or one that came late, must not lose the name it would have had.
//
// Bounds:   `cap` tuples per baseline, the one longest unseen goes first; a
//           tuple's text is cut at kMaxTuple.
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
  uint64_t seen = 0;   // how often, by this process
};
struct BaselineState {
  std::string name;
  event::TimeNs learning_since = event::kNoTime;
  std::vector<BaselineTuple> tuples;  // longest unseen first
};

class Novelty {
 public:
  static constexpr size_t kMaxTuple = 4096;
  static constexpr event::TimeNs kRefresh = 86400 * event::kSecond;

  struct Stats {
    std::string name;
    uint64_t tuples = 0;
    uint64_t novel = 0;
    uint64_t learnt = 0;      // silently, while learning
    uint64_t incomplete = 0;  // a field of the tuple was missing
    uint64_t evicted = 0;
    bool learning = true;
  };

  explicit Novelty(std::vector<BaselineOptions> baselines);
  ~Novelty();

  static void AddFields(const std::vector<BaselineOptions>& baselines,
                        event::Projection& projection);
  void Enrich(event::Event& event);

  std::vector<BaselineState> Export() const;
  // The tuples that are new or different since the last call, for whoever keeps
  // them elsewhere; one that was merely seen again counts once in kRefresh.
  std::vector<BaselineState> TakeChanged();
  // States of baselines that are not configured are passed over. What is known
  // already is known for as long as either says.
  void Import(const std::vector<BaselineState>& states);
  std::vector<Stats> stats() const;

 private:
  struct Tuple {
    std::string key;
    event::TimeNs first_seen;
    event::TimeNs last_seen;
    bool learnt;
    event::TimeNs told_seen = event::kNoTime;  // last_seen when last taken; kNoTime: never
    uint64_t seen = 1;
  };
  struct Baseline {
    BaselineOptions options;
    event::TimeNs learning_since = event::kNoTime;
    std::list<Tuple> tuples;  // longest unseen first
    absl::flat_hash_map<absl::string_view, std::list<Tuple>::iterator> by_key;
    absl::flat_hash_set<absl::string_view> changed;  // keys of tuples, for TakeChanged
    Stats stats;
  };

  bool IsNovel(Baseline& baseline, const event::Event& event);
  bool ReadKey(const Baseline& baseline, const event::Event& event);
  bool Learns(Baseline& baseline, event::TimeNs time) const;
  Tuple* Insert(Baseline& baseline, Tuple tuple);

  std::vector<std::unique_ptr<Baseline>> baselines_;
  std::string key_;  // scratch: the event's tuple, each value ended by a NUL
};

}  // namespace sequitur::enrich
