#pragma once

// NearMisses: chains that a rule nearly found, and what each lacked. Beside the
// real Correlator it runs others that answer "what if": the same rules with a
// longer maxspan, with more order_slack, without the allowlist. A chain that only
// one of those finds, and that shares no hit with a real match, is a near miss:
// what it needed is read off its events.
//
//   NearMisses misses(rules, options);
//   misses.Push(event, matcher.Match(event), matcher.allowed());
//   misses.Found(matches);                                     // of the Correlator
//   misses.Finish();
//
// For analysis, not for the daemon's path: it costs each event three
// correlations more.
//
// Bounds:   three Correlators with twice the memory budget each,
//           kMaxUndecided chains, kMaxMarks hits of matches and as many of the
//           allowlist. Past these the oldest chain is decided early and the
//           oldest hit forgotten.
// Threads:  none.
// Lifetime: holds the RuleSet; keeps no event once it is decided.

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/types/span.h"
#include "correlate/correlator.h"
#include "correlate/match.h"
#include "event/event.h"
#include "rules/rule_set.h"

namespace sequitur::correlate {

enum class MissCause : uint8_t {
  kWindow,       // the chain was longer than maxspan
  kOrder,        // a step came before the one it must follow by more than order_slack
  kAllowlisted,  // an allowlist entry held an event of it back
  kEvicted,      // it fits as it is: its beginning had been given up
  kKeyless,      // hits only: a field of the join key was missing, so nothing could be joined
};
absl::string_view MissCauseName(MissCause cause);

// Lengths of time by the rung of a ladder that people set windows to: 1 s, 2 s,
// 3 s, 5 s ... 30 d. Longer ones stand on the last rung.
class Ladder {
 public:
  // The first rung that is not below `length`.
  static TimeNs RungFor(TimeNs length);

  void Add(TimeNs length) { ++counts_[RungFor(length)]; }
  const std::map<TimeNs, uint64_t>& counts() const { return counts_; }

 private:
  std::map<TimeNs, uint64_t> counts_;
};

// Misses of one rule at one step for one reason.
struct MissRow {
  int step = 1;  // 1-based stage, as allowlists count
  MissCause cause = MissCause::kWindow;
  // kAllowlisted: index into RuleSet::allowlist(). kKeyless: the FieldId.
  uint32_t what = 0;
  uint64_t count = 0;  // chains; hits for kKeyless
  // kWindow, kOrder: what was lacking at least and at most.
  TimeNs least = event::kEndOfTime;
  TimeNs most = 0;
};

struct RuleMisses {
  uint64_t found = 0;
  uint64_t missed = 0;  // chains
  std::vector<MissRow> rows;
  Ladder maxspan_needed;     // by chains missed for kWindow
  Ladder slack_needed;       // by chains missed for kOrder
  std::vector<Ladder> gaps;  // of found chains: from each step shown to the next
};

class NearMisses {
 public:
  static constexpr int kMaxspanFactor = 8;
  static constexpr TimeNs kMoreSlack = 60 * event::kSecond;
  static constexpr size_t kMaxUndecided = 1 << 16;
  static constexpr size_t kMaxMarks = 1 << 20;

  NearMisses(std::shared_ptr<const rules::RuleSet> rules, const Options& options);
  ~NearMisses();

  // The same calls as the Correlator gets; `allowed` are the hits that the
  // allowlist took away.
  void Push(const event::Event& event, absl::Span<const rules::Hit> hits,
            absl::Span<const rules::AllowedHit> allowed);
  void MergeHosts(event::HostId from, event::HostId into);
  void ForgetHost(event::HostId host);
  // What the Correlator has matched.
  void Found(absl::Span<const Match> matches);
  // End of input: decides what is undecided.
  void Finish();

  // By index into RuleSet::rules(). Complete after Finish.
  std::vector<RuleMisses> Report() const;

 private:
  // A correlator that finds what the real one does not, for this cause.
  struct Question {
    MissCause cause;
    std::unique_ptr<Correlator> correlator;
  };
  // A chain of a what-if correlator, before it is known whether the real one
  // found it as well.
  struct Undecided {
    uint32_t rule = 0;
    MissRow row;
    TimeNs needed = 0;             // maxspan or order_slack
    std::vector<uint64_t> events;  // a hash of each event and its place
  };
  using RowKey = std::tuple<int, MissCause, uint32_t>;

  template <typename Call>
  void Ask(Call call);
  void Take(MissCause cause);
  void NoteAllowed(const rules::AllowedHit& taken, const Position& position);
  void NoteFound(uint64_t mark);
  // What the chain lacks under the rule as it is; false when nothing that this
  // what-if changes.
  bool Explain(MissCause cause, const Match& match, Undecided& chain) const;
  bool ExplainWindow(const Match& match, Undecided& chain) const;
  bool ExplainOrder(const Match& match, Undecided& chain) const;
  bool ExplainAllowlist(const Match& match, Undecided& chain) const;
  void Decide(const Undecided& chain);
  void CountKeyless(const event::Event& event, const rules::Hit& hit);
  MissRow& RowOf(uint32_t rule, int step, MissCause cause, uint32_t what);

  const std::shared_ptr<const rules::RuleSet> rules_;
  std::array<Question, 3> questions_;
  std::vector<std::vector<int>> steps_;  // by rule: the step of each entry of Match::evidence
  std::vector<RuleMisses> misses_;       // rows still in rows_
  std::vector<std::map<RowKey, MissRow>> rows_;
  std::deque<Undecided> undecided_;
  // Marks, oldest first for the bound: hits of real matches, and allowlisted
  // hits with their entry.
  absl::flat_hash_set<uint64_t> found_;
  std::deque<uint64_t> found_order_;
  absl::flat_hash_map<uint64_t, uint32_t> allowed_;
  std::deque<uint64_t> allowed_order_;
  std::vector<rules::Hit> unfiltered_;  // scratch
  std::vector<Match> matches_;
};

}  // namespace sequitur::correlate
