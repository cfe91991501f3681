#pragma once

// Indicators: names for what is suspicious about a web request, from
// config/indicators.yaml, into sequitur.indicators (sorted). An indicator is a
// hint, weak or strong; rules choose which count.
//
// All patterns over one subject are one automaton: a request costs one pass per
// subject, however many indicators there are.
//
// Bounds:   linear time in the request; RequestForms::kMaxTarget bytes of it.
//           kAutomatonBytes of memory for each automaton: beyond it (no shipped
//           pattern comes near) the request counts in Stats::over_budget. What
//           came lately is remembered, in a TextMemo for each subject.
// Threads:  IndicatorSet is const and shared; Indicators belongs to one worker.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/diagnostic.h"
#include "enrich/request_forms.h"
#include "enrich/text_memo.h"
#include "event/event.h"

namespace sequitur::enrich {

// One entry of indicators.yaml. Several may share a name: any of them gives it.
struct IndicatorSpec {
  std::string name;
  // Only requests with one of these methods; empty: any.
  std::vector<std::string> methods;
  // Any of what follows gives the name. Patterns are RE2, without case,
  // unanchored.
  std::vector<std::string> target;  // raw, decoded once, decoded twice
  std::vector<std::string> user_agent;
  std::vector<std::string> referrer;
  std::vector<std::string> message;  // of records that are no access line
  std::vector<std::string> methods_except;
  int64_t target_longer_than = 0;  // bytes; 0: no limit
  bool binary = false;             // bytes that no request line has
  bool empty_user_agent = false;   // present, and empty or "-"
  bool always = false;             // the methods alone say it
};

std::optional<std::vector<IndicatorSpec>> ParseIndicators(absl::string_view yaml,
                                                          absl::string_view file_name,
                                                          Diagnostics& diagnostics);

class IndicatorSet {
 public:
  static constexpr int64_t kAutomatonBytes = 64 << 20;

  // REQUIRES: patterns that ParseIndicators accepted.
  explicit IndicatorSet(const std::vector<IndicatorSpec>& specs);
  ~IndicatorSet();

  // In order of their bits in a match; sorted, each once.
  const std::vector<std::string>& names() const { return names_; }

 private:
  friend class Indicators;
  enum Subject { kTarget, kUserAgent, kReferrer, kMessage, kSubjects };
  struct Entry;
  struct Automaton;

  std::vector<std::string> names_;
  std::vector<Entry> entries_;
  std::vector<size_t> plain_;  // those that something else than a pattern gives
  std::unique_ptr<Automaton> automata_[kSubjects];
};

class Indicators {
 public:
  struct Stats {
    uint64_t requests = 0;
    uint64_t suspicious = 0;
    uint64_t over_budget = 0;
  };

  explicit Indicators(const IndicatorSet& set);

  static void AddFields(event::Projection& projection);
  void Enrich(event::Event& event);
  const Stats& stats() const { return stats_; }

 private:
  // What is looked at: views into the event or `joined_`.
  struct Request {
    absl::string_view method;
    absl::string_view target;
    event::Value user_agent;
    absl::string_view referrer;
    absl::string_view message;
  };

  Request Read(const event::Event& event);
  void MatchSubject(IndicatorSet::Subject subject, absl::string_view text);
  void MatchPlain(const Request& request);
  void Publish(absl::string_view method, event::Event& event);

  const IndicatorSet& set_;
  TextMemo<std::vector<size_t>> memos_[IndicatorSet::kSubjects];  // of entries
  RequestForms forms_;
  std::string joined_;
  std::vector<int> matches_;
  std::vector<size_t> hits_;  // entries of the request at hand, some more than once
  std::vector<uint8_t> name_hit_;
  Stats stats_;
};

}  // namespace sequitur::enrich
