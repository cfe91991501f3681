#include "pipeline/suggest.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "alert/alert_json.h"
#include "alert/printable.h"
#include "eql/program.h"
#include "rules/rule_yaml.h"

namespace sequitur::pipeline {
namespace {

namespace field = event::field;

using event::FieldId;

// What narrows an event, by what kind of fact it is; kinds in order of how much
// they tell. Texts that hold numbers of the day may differ in them.
struct Telling {
  absl::string_view category;
  std::vector<FieldId> fields;
};

const std::vector<Telling>& TellingFields() {
  static const auto* const kTelling = new std::vector<Telling>{
      {"process",
       {field::kProcessExecutable, field::kProcessCommandLine, field::kProcessParentExecutable,
        field::kSequiturLineageService, field::kUserName}},
      {"file",
       {field::kFilePath, field::kProcessExecutable, field::kSequiturLineageService,
        field::kUserName}},
      {"network",
       {field::kDestinationIp, field::kDestinationPort, field::kProcessExecutable,
        field::kSequiturLineageService}},
      {"web", {field::kHttpRequestMethod, field::kUrlPath, field::kSourceIp}},
  };
  return *kTelling;
}

bool MayVary(FieldId id) {
  return id == field::kProcessCommandLine || id == field::kFilePath || id == field::kUrlPath;
}

// Runs of letters and digits, and what is between them, alternately.
std::vector<absl::string_view> Words(absl::string_view text) {
  std::vector<absl::string_view> words;
  size_t begin = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    const bool ends =
        i == text.size() || absl::ascii_isalnum(text[i]) != absl::ascii_isalnum(text[begin]);
    if (!ends || i == begin) continue;
    words.push_back(text.substr(begin, i - begin));
    begin = i;
  }
  return words;
}

// The text without what differs from time to time: words that hold a digit.
std::string ShapeOf(absl::string_view text) {
  std::string shape;
  for (absl::string_view word : Words(text)) {
    const bool varies = std::any_of(word.begin(), word.end(), absl::ascii_isdigit);
    absl::StrAppend(&shape, varies ? "*" : word);
  }
  return shape;
}

size_t CommonPrefix(absl::string_view a, absl::string_view b) {
  return static_cast<size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first -
                             a.begin());
}

// What texts of one shape have in common, `*` for the rest; unset when one of
// them holds a wildcard of its own.
std::optional<std::string> PatternOf(const std::set<std::string>& texts) {
  const std::vector<absl::string_view> first = Words(*texts.begin());
  std::vector<std::string> prefixes(first.begin(), first.end());
  std::vector<bool> differs(first.size(), false);
  for (const std::string& text : texts) {
    if (absl::StrContains(text, "*") || absl::StrContains(text, "?")) return std::nullopt;
    const std::vector<absl::string_view> words = Words(text);
    if (words.size() != first.size()) return std::nullopt;
    for (size_t i = 0; i < words.size(); ++i) {
      differs[i] = differs[i] || words[i] != first[i];
      prefixes[i].resize(CommonPrefix(prefixes[i], words[i]));
    }
  }
  std::string pattern;
  for (size_t i = 0; i < first.size(); ++i) {
    absl::StrAppend(&pattern, prefixes[i], differs[i] ? "*" : "");
  }
  return pattern;
}

// As EQL writes a string; unset for bytes that are no text.
std::optional<std::string> InEqlQuotes(absl::string_view text) {
  if (alert::ValidUtf8(text) != text) return std::nullopt;
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      absl::StrAppend(&out, "\\", absl::string_view(&c, 1));
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (absl::ascii_iscntrl(c)) {
      absl::StrAppend(&out, "\\u{", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2), "}");
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// Of an alert, the step that tells most.
struct Step {
  size_t stage = 0;
  const Telling* telling = nullptr;
  const event::Snapshot* event = nullptr;
};

const Telling* TellingOf(const event::Snapshot& event) {
  for (const Telling& telling : TellingFields()) {
    for (const event::Value& category : event.Get(field::kEventCategory).elements()) {
      if (category.text() != telling.category) continue;
      // A crash or an exit is a process event that tells little.
      if (telling.category == "process" && event.Get(field::kProcessCommandLine).is_null())
        continue;
      return &telling;
    }
  }
  return nullptr;
}

std::optional<Step> TellingStep(const alert::Alert& alert) {
  std::vector<size_t> stages;
  for (size_t i = 0; i < alert.rule->stages.size(); ++i) {
    const eql::Term& term = alert.rule->stages[i].term;
    stages.insert(stages.end(), term.missing ? 1 : static_cast<size_t>(term.runs), i);
  }
  std::optional<Step> best;
  for (size_t i = 0; i < alert.match.evidence.size() && i < stages.size(); ++i) {
    const event::SnapshotRef& event = alert.match.evidence[i];
    const Telling* telling = event ? TellingOf(*event) : nullptr;
    if (telling == nullptr || (best && best->telling < telling)) continue;
    best = Step{stages[i], telling, event.get()};
  }
  return best;
}

// Alerts of one rule whose telling step looks the same.
struct Group {
  std::string rule;
  size_t stage = 0;
  std::map<FieldId, std::set<std::string>> values;
  std::vector<FieldId> order;
  std::set<std::string> hosts;
  uint64_t alerts = 0;
  event::TimeNs first = event::kEndOfTime, last = event::kNoTime;
  std::string example;
  std::vector<event::SnapshotRef> samples;  // for proving the condition
};

class Grouping {
 public:
  static constexpr size_t kMaxSamples = 20;
  static constexpr size_t kMaxValues = 200;  // of one field of one group

  void Add(const alert::Alert& alert, const event::Projection& projection) {
    ++alerts_of_[alert.rule->id];
    const auto step = TellingStep(alert);
    if (!step) return;
    std::string key = absl::StrCat(alert.rule->id, "\n", step->stage);
    for (FieldId id : step->telling->fields) {
      const std::string text = step->event->Get(id).ToString();
      absl::StrAppend(&key, "\n", id, "=", MayVary(id) ? ShapeOf(text) : text);
    }
    Group& group = groups_[key];
    if (group.alerts++ == 0) Start(group, alert, *step);
    for (FieldId id : step->telling->fields) {
      const event::Value value = step->event->Get(id).first();
      if (value.is_null() || group.values[id].size() >= kMaxValues) continue;
      group.values[id].insert(value.ToString());
    }
    group.hosts.insert(alert.host_name);
    group.first = std::min(group.first, alert.start);
    group.last = std::max(group.last, alert.end);
    Keep(group, *step->event, projection);
  }

  const std::map<std::string, Group>& groups() const { return groups_; }
  const std::map<std::string, uint64_t>& alerts_of() const { return alerts_of_; }

 private:
  static void Start(Group& group, const alert::Alert& alert, const Step& step) {
    group.rule = alert.rule->id;
    group.stage = step.stage;
    group.order = step.telling->fields;
    group.example = alert::Headline(alert);
  }

  // A copy of its own: the alert's is charged to the engine.
  static void Keep(Group& group, const event::Snapshot& snapshot,
                   const event::Projection& projection) {
    if (group.samples.size() >= kMaxSamples) return;
    event::Event event(projection);
    snapshot.Restore(event);
    group.samples.push_back(event::Snapshot::Of(event));
  }

  std::map<std::string, Group> groups_;
  std::map<std::string, uint64_t> alerts_of_;
};

std::string ConditionOf(const Group& group, const event::FieldTable& fields) {
  std::vector<std::string> parts;
  for (FieldId id : group.order) {
    const auto found = group.values.find(id);
    if (found == group.values.end() || found->second.empty()) continue;
    const std::set<std::string>& values = found->second;
    const bool one = values.size() == 1;
    const auto text = one ? std::optional(*values.begin()) : PatternOf(values);
    if (!text) continue;
    const bool number = id == field::kDestinationPort;
    const auto quoted = number ? text : InEqlQuotes(*text);
    if (quoted) parts.push_back(absl::StrCat(fields.path(id), one ? " == " : " like ", *quoted));
  }
  return absl::StrJoin(parts, " and\n");
}

// Whether the condition compiles and holds for what it was made from. The fields
// it names are known ones, which have the same numbers in every table.
bool HoldsForAll(const std::string& condition, const Group& group, const Site& site) {
  event::FieldTable fields;
  eql::Program program(fields);
  const auto compiled = program.CompileCondition(
      condition, [](absl::string_view) -> const std::vector<std::string>* { return nullptr; });
  if (!compiled.condition || !compiled.errors.empty()) return false;
  eql::Evaluator evaluator(program);
  event::Event event(site.projection());
  return std::all_of(group.samples.begin(), group.samples.end(), [&](const auto& sample) {
    sample->Restore(event);
    evaluator.Begin(event);
    return evaluator.Matches(*compiled.condition);
  });
}

// One entry for a rule and its variants, where all say the same.
void MergeVariants(std::vector<Suggestion>& entries) {
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return std::tie(a.where, a.rule) < std::tie(b.where, b.rule);
  });
  std::vector<Suggestion> merged;
  for (Suggestion& entry : entries) {
    if (!merged.empty() && merged.back().where == entry.where &&
        absl::StartsWith(entry.rule, absl::StrCat(merged.back().rule, "-"))) {
      Suggestion& base = merged.back();
      base.step.reset();
      base.alerts += entry.alerts;
      base.of += entry.of;
      base.hosts = std::max(base.hosts, entry.hosts);
      base.first = std::min(base.first, entry.first);
      base.last = std::max(base.last, entry.last);
    } else {
      merged.push_back(std::move(entry));
    }
  }
  entries = std::move(merged);
}

std::string Day(event::TimeNs time) {
  return absl::FormatTime("%Y-%m-%d", absl::FromUnixNanos(time), absl::UTCTimeZone());
}

}  // namespace

Suggestions Suggest(const Site& site, absl::Span<const Input> inputs, const std::string& host,
                    uint64_t at_least) {
  Suggestions out;
  Grouping grouping;
  SourceNames sources;
  ReplayOptions options;
  options.host = host;
  options.suppression = alert::Suppression::kNone;
  out.summary = Replay(
      site, inputs, options,
      [&](const alert::Alert& alert) {
        if (++out.alerts > kMaxAlerts) {
          ++out.beyond;
        } else {
          grouping.Add(alert, site.projection());
        }
      },
      nullptr, sources);
  for (const auto& [key, group] : grouping.groups()) {
    const std::string where = ConditionOf(group, site.fields());
    if (group.alerts < at_least || where.empty() || !HoldsForAll(where, group, site)) continue;
    Suggestion entry;
    entry.rule = group.rule;
    entry.step = static_cast<int>(group.stage) + 1;
    entry.where = where;
    entry.alerts = group.alerts;
    entry.of = grouping.alerts_of().at(group.rule);
    entry.hosts = group.hosts.size();
    entry.first = group.first;
    entry.last = group.last;
    entry.example = group.example;
    out.entries.push_back(std::move(entry));
  }
  MergeVariants(out.entries);
  std::stable_sort(out.entries.begin(), out.entries.end(),
                   [](const auto& a, const auto& b) { return a.alerts > b.alerts; });
  const auto& allowlist = site.rules()->allowlist();
  for (size_t i = 0; i < allowlist.size(); ++i) {
    if (out.summary.allowlist_hits[i] == 0) out.unused.push_back(allowlist[i]);
  }
  return out;
}

std::string ToYaml(const Suggestion& suggestion, absl::CivilDay expires) {
  std::string out =
      absl::StrCat("# ", suggestion.alerts, " of ", suggestion.of, " alerts, on ", suggestion.hosts,
                   suggestion.hosts == 1 ? " host, " : " hosts, ", Day(suggestion.first));
  if (Day(suggestion.last) != Day(suggestion.first)) {
    absl::StrAppend(&out, " to ", Day(suggestion.last));
  }
  absl::StrAppend(&out, ", such as\n#   ", suggestion.example, "\n- rule: ", suggestion.rule, "\n");
  if (suggestion.step) absl::StrAppend(&out, "  step: ", *suggestion.step, "\n");
  absl::StrAppend(&out, "  where:", rules::BlockOrQuoted(suggestion.where, 2),
                  "  owner:   # who answers for it\n  reason:  # why it is fine\n  expires: ",
                  absl::FormatCivilTime(expires), "\n");
  return out;
}

}  // namespace sequitur::pipeline
