#include "enrich/indicators.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "enrich/process_record.h"
#include "re2/re2.h"
#include "re2/set.h"

namespace sequitur::enrich {

namespace field = event::field;
using event::Event;
using event::Value;

namespace {

RE2::Options PatternOptions() {
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);
  options.set_case_sensitive(false);
  options.set_log_errors(false);
  options.set_max_mem(IndicatorSet::kAutomatonBytes);
  return options;
}

bool Lists(const std::vector<std::string>& words, absl::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// The target within `request: "GET /x HTTP/1.1"` of an error record.
absl::string_view TargetInMessage(absl::string_view message) {
  constexpr absl::string_view kMark = "request: \"";
  const size_t at = message.find(kMark);
  if (at == message.npos) return {};
  absl::string_view request = message.substr(at + kMark.size());
  request = request.substr(0, request.find('"'));
  const size_t blank = request.find(' ');
  return blank == request.npos ? request : request.substr(blank + 1);
}

}  // namespace

struct IndicatorSet::Entry {
  size_t name = 0;
  std::vector<std::string> methods;
  std::vector<std::string> methods_except;
  int64_t target_longer_than = 0;
  bool binary = false;
  bool empty_user_agent = false;
  bool always = false;
};

struct IndicatorSet::Automaton {
  Automaton() : set(PatternOptions(), RE2::UNANCHORED) {}
  RE2::Set set;
  std::vector<size_t> entries;  // by pattern
};

IndicatorSet::IndicatorSet(const std::vector<IndicatorSpec>& specs) {
  for (const IndicatorSpec& spec : specs) names_.push_back(spec.name);
  std::sort(names_.begin(), names_.end());
  names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
  for (auto& automaton : automata_) automaton = std::make_unique<Automaton>();
  for (const IndicatorSpec& spec : specs) {
    const auto name = std::lower_bound(names_.begin(), names_.end(), spec.name) - names_.begin();
    const std::vector<std::string>* patterns[kSubjects] = {&spec.target, &spec.user_agent,
                                                           &spec.referrer, &spec.message};
    for (int subject = 0; subject < kSubjects; ++subject) {
      for (const std::string& pattern : *patterns[subject]) {
        if (automata_[subject]->set.Add(pattern, nullptr) < 0) continue;
        automata_[subject]->entries.push_back(entries_.size());
      }
    }
    if (!spec.methods_except.empty() || spec.target_longer_than > 0 || spec.binary ||
        spec.empty_user_agent || spec.always) {
      plain_.push_back(entries_.size());
    }
    entries_.push_back({static_cast<size_t>(name), spec.methods, spec.methods_except,
                        spec.target_longer_than, spec.binary, spec.empty_user_agent, spec.always});
  }
  for (auto& automaton : automata_) automaton->set.Compile();
}

IndicatorSet::~IndicatorSet() = default;

Indicators::Indicators(const IndicatorSet& set) : set_(set) {}

void Indicators::AddFields(event::Projection& projection) {
  if (!projection.Has(field::kSequiturIndicators)) return;
  for (const event::FieldId id :
       {field::kEventCategory, field::kEventType, field::kHttpRequestMethod, field::kUrlOriginal,
        field::kUrlPath, field::kUrlQuery, field::kUserAgentOriginal, field::kHttpRequestReferrer,
        field::kMessage}) {
    projection.Add(id);
  }
}

void Indicators::Enrich(Event& event) {
  if (!event.Wants(field::kSequiturIndicators)) return;
  if (!HasWord(event.Get(field::kEventCategory), "web")) return;
  ++stats_.requests;
  const Request request = Read(event);
  hits_.clear();
  MatchSubject(IndicatorSet::kTarget, request.target);
  MatchSubject(IndicatorSet::kUserAgent, request.user_agent.text());
  MatchSubject(IndicatorSet::kReferrer, request.referrer);
  MatchSubject(IndicatorSet::kMessage, request.message);
  MatchPlain(request);
  Publish(request.method, event);
}

Indicators::Request Indicators::Read(const Event& event) {
  Request out;
  out.method = event.Text(field::kHttpRequestMethod);
  out.target = event.Text(field::kUrlOriginal);
  out.user_agent = event.Get(field::kUserAgentOriginal).first();
  out.referrer = event.Text(field::kHttpRequestReferrer);
  if (!HasWord(event.Get(field::kEventType), "access")) {
    out.message = event.Text(field::kMessage).substr(0, RequestForms::kMaxTarget);
    if (out.target.empty()) out.target = TargetInMessage(out.message);
  }
  if (out.target.empty() && event.Has(field::kUrlPath)) {
    joined_.assign(event.Text(field::kUrlPath).data(), event.Text(field::kUrlPath).size());
    const absl::string_view query = event.Text(field::kUrlQuery);
    if (!query.empty()) absl::StrAppend(&joined_, "?", query);
    out.target = joined_;
  }
  return out;
}

void Indicators::MatchSubject(IndicatorSet::Subject subject, absl::string_view text) {
  const auto& automaton = *set_.automata_[subject];
  if (text.empty() || automaton.entries.empty()) return;
  if (const auto* known = memos_[subject].Find(text)) {
    hits_.insert(hits_.end(), known->begin(), known->end());
    return;
  }
  absl::string_view searched = text;
  if (subject == IndicatorSet::kTarget) {
    forms_.Set(text);
    searched = forms_.text();
  }
  RE2::Set::ErrorInfo error{RE2::Set::kNoError};
  matches_.clear();
  if (!automaton.set.Match({searched.data(), searched.size()}, &matches_, &error) &&
      error.kind == RE2::Set::kOutOfMemory) {
    ++stats_.over_budget;
    return;
  }
  const size_t before = hits_.size();
  for (const int pattern : matches_) hits_.push_back(automaton.entries[pattern]);
  memos_[subject].Keep(text, {hits_.begin() + before, hits_.end()});
}

// What is not a pattern.
void Indicators::MatchPlain(const Request& request) {
  const bool binary = IsBinary(request.target) || IsBinary(request.method);
  const bool empty_agent = request.user_agent.is_string() &&
                           (request.user_agent.text().empty() || request.user_agent.text() == "-");
  for (const size_t i : set_.plain_) {
    const IndicatorSet::Entry& entry = set_.entries_[i];
    const bool unusual = !entry.methods_except.empty() && !request.method.empty() &&
                         !Lists(entry.methods_except, request.method);
    const bool is_long = entry.target_longer_than > 0 &&
                         static_cast<int64_t>(request.target.size()) > entry.target_longer_than;
    if (unusual || is_long || entry.always || (entry.binary && binary) ||
        (entry.empty_user_agent && empty_agent)) {
      hits_.push_back(i);
    }
  }
}

// The names of the hits that the method allows.
void Indicators::Publish(absl::string_view method, Event& event) {
  event.Set(field::kSequiturIndicators, Value());
  if (hits_.empty()) return;
  name_hit_.assign(set_.names_.size(), 0);
  size_t count = 0;
  for (const size_t i : hits_) {
    const IndicatorSet::Entry& entry = set_.entries_[i];
    if (!entry.methods.empty() && !Lists(entry.methods, method)) continue;
    uint8_t& hit = name_hit_[entry.name];
    count += hit == 0 ? 1 : 0;
    hit = 1;
  }
  if (count == 0) return;
  ++stats_.suspicious;
  Value* list = event.arena().Allocate<Value>(count);
  size_t at = 0;
  // The set outlives the event.
  for (size_t i = 0; i < name_hit_.size(); ++i) {
    if (name_hit_[i] != 0) list[at++] = Value::String(set_.names_[i]);
  }
  event.Set(field::kSequiturIndicators, Value::List({list, count}));
}

}  // namespace sequitur::enrich
