#pragma once

// A rule and a stream of small events for tests of the correlator: an event is
// a letter, a second, and a key.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "correlate/correlator.h"
#include "correlate/near_misses.h"
#include "event/field_table.h"
#include "rules/rule_set.h"

namespace sequitur::correlate {

struct TestEvent {
  std::string letter;             // field `s`
  double at = 0;                  // seconds
  std::vector<std::string> keys;  // field `k`: none, one, or a list
  event::HostId host = 1;
  int64_t sequence = event::Event::kNoSequence;
  uint64_t identity = 0;
  std::string l = "", m = "";  // fields `l` and `m`, for links; empty: null
};

// Evidence as indices into the events fed, -1 for a missing one.
using Sequence = std::vector<int>;

// `by` and `prefer` hold fields, l or m, of both events; with a third letter the tie
// holds within that field: "lm" compares the earlier l with the later m, "lml" does
// where the l of both agree.
struct TestLink {
  int earlier = 1, later = 2;
  std::vector<std::string> by = {};
  std::vector<std::string> prefer = {};
};

// Reads fields s and k; category is always "event".
struct TestRule {
  std::string id;
  std::string query;
  event::TimeNs order_slack = 0;
  std::string allowed = "";  // `where` of an allowlist entry for every stage; empty: none
  std::vector<TestLink> links = {};
};

class Stream {
 public:
  explicit Stream(const std::string& query, Options options = {}, event::TimeNs order_slack = 0)
      : Stream({TestRule{"test", query, order_slack, ""}}, options) {}
  Stream(const std::vector<TestRule>& rules, Options options);

  // Feeds one event; `index` is its position. Returns what it completed.
  std::vector<Sequence> Push(const TestEvent& event, int index);
  std::vector<Sequence> Push(const TestEvent& event) { return Push(event, next_++); }
  std::vector<Sequence> Finish();
  // Goes on with other rules; returns what that completed.
  std::vector<Sequence> Adopt(const std::vector<TestRule>& rules);
  const Adoption& adoption() const { return adoption_; }
  // Everything a rule has found so far.
  const std::vector<Sequence>& found(const std::string& rule) { return found_[rule]; }

  // Of the latest match that had any, as indices.
  const std::vector<int>& candidates() const { return candidates_; }
  size_t other_candidates() const { return other_candidates_; }

  event::SnapshotRef Snapshot(const TestEvent& event, int index);
  const rules::Rule& rule() const { return rules_->rules()[0]; }
  const eql::Query& query() const { return query_; }  // of the first rule
  const rules::RuleSet& rules() const { return *rules_; }
  const std::shared_ptr<const rules::RuleSet>& shared_rules() const { return rules_; }
  const Options& options() const { return options_; }
  Correlator& correlator() { return *correlator_; }
  // Shown every event and match from now on; null: nobody.
  void set_near_misses(NearMisses* misses) { near_misses_ = misses; }

 private:
  void Compile(const std::vector<TestRule>& rules);
  std::vector<rules::Tie> Ties(const std::vector<std::string>& letters);
  void Fill(const TestEvent& event, int index);
  std::vector<Sequence> TakeMatches();

  event::FieldTable fields_;
  event::FieldId letter_ = 0;
  event::FieldId key_ = 0;
  eql::Query query_;
  std::shared_ptr<const rules::RuleSet> rules_;
  std::unique_ptr<rules::Matcher> matcher_;
  std::unique_ptr<event::Event> event_;
  std::unique_ptr<Correlator> correlator_;
  Options options_;
  NearMisses* near_misses_ = nullptr;
  Adoption adoption_;
  std::vector<Match> matches_;
  std::map<std::string, std::vector<Sequence>> found_;
  std::vector<int> candidates_;
  size_t other_candidates_ = 0;
  int next_ = 0;
};

}  // namespace sequitur::correlate
