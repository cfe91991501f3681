#include "alert/alert_json.h"

#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "alert/attribution.h"
#include "alert/phrase.h"
#include "alert/printable.h"
#include "rapidjson/stringbuffer.h"
#include "rapidjson/writer.h"

namespace sequitur::alert {
namespace {

using event::Value;
using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void Key(Writer& writer, absl::string_view key) {
  writer.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
}

void String(Writer& writer, absl::string_view text) {
  const std::string valid = ValidUtf8(text);
  writer.String(valid.data(), static_cast<rapidjson::SizeType>(valid.size()));
}

void KeyString(Writer& writer, absl::string_view key, absl::string_view text) {
  Key(writer, key);
  String(writer, text);
}

template <typename Strings>
void KeyStrings(Writer& writer, absl::string_view key, const Strings& strings) {
  Key(writer, key);
  writer.StartArray();
  for (const auto& text : strings) String(writer, text);
  writer.EndArray();
}

void WriteValue(Writer& writer, const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull:
      writer.Null();
      return;
    case Value::Kind::kBool:
      writer.Bool(value.bool_value());
      return;
    case Value::Kind::kInt:
      writer.Int64(value.int_value());
      return;
    case Value::Kind::kDouble:
      writer.Double(value.double_value());
      return;
    case Value::Kind::kString:
      String(writer, value.string_value());
      return;
    case Value::Kind::kList:
      writer.StartArray();
      for (const Value& element : value.list_value()) WriteValue(writer, element);
      writer.EndArray();
      return;
  }
}

// Fields by dotted path, written as nested objects. Where a path is both a
// value and a parent, what lies below keeps its dotted name.
class NestedFields {
 public:
  void Add(absl::string_view path, const Value& value) { fields_.emplace(path, value); }

  void Write(Writer& writer) const {
    writer.StartObject();
    WriteBelow(writer, "");
    writer.EndObject();
  }

 private:
  // Members of the object at `prefix` ("" or "a.b."). Depth is that of an ECS
  // path, which FieldTable holds and a rule wrote.
  void WriteBelow(Writer& writer, const std::string& prefix) const {
    auto it = fields_.lower_bound(prefix);
    while (it != fields_.end() && absl::StartsWith(it->first, prefix)) {
      const absl::string_view rest = absl::string_view(it->first).substr(prefix.size());
      const size_t dot = rest.find('.');
      const std::string name(rest.substr(0, dot));
      if (dot == rest.npos || fields_.contains(prefix + name)) {
        Key(writer, rest);
        WriteValue(writer, it->second);
        ++it;
        continue;
      }
      const std::string below = absl::StrCat(prefix, name, ".");
      Key(writer, name);
      writer.StartObject();
      WriteBelow(writer, below);
      writer.EndObject();
      // '/' follows '.': the first path that is not below.
      it = fields_.lower_bound(absl::StrCat(prefix, name, "/"));
    }
  }

  std::map<std::string, Value> fields_;
};

void WritePosition(Writer& writer, const Position& at, const SourceNames& sources) {
  writer.StartObject();
  const bool file = at.partition == Position::kFile;
  KeyString(writer, file ? "file" : "topic", sources.name(at.source));
  if (!file) {
    Key(writer, "partition");
    writer.Int(at.partition);
  }
  Key(writer, file ? "line" : "offset");
  writer.Int64(at.offset);
  if (at.row > 0) {
    Key(writer, "row");
    writer.Uint(at.row);
  }
  writer.EndObject();
}

void WriteSnapshot(Writer& writer, const event::Snapshot& event, const event::FieldTable& fields,
                   const SourceNames& sources) {
  Key(writer, "position");
  WritePosition(writer, event.position(), sources);
  Key(writer, "event");
  NestedFields nested;
  const std::string time = event::FormatIso8601(event.time());
  for (size_t i = 0; i < event.fields().size(); ++i) {
    nested.Add(fields.path(event.fields()[i]), event.values()[i]);
  }
  nested.Add("@timestamp", Value::String(time));
  nested.Write(writer);
}

// Steps are numbered as people count, and as `links:` does.
void WriteLinks(Writer& writer, const Alert& alert) {
  if (alert.rule->links.empty()) return;
  Key(writer, "links");
  writer.StartArray();
  for (const HeldLink& held : LinksOf(alert)) {
    writer.StartObject();
    Key(writer, "steps");
    writer.StartArray();
    writer.Uint(held.link->earlier + 1);
    writer.Uint(held.link->later + 1);
    writer.EndArray();
    Key(writer, "by");
    held.tie == nullptr ? void(writer.Null()) : String(writer, held.tie->text);
    writer.EndObject();
  }
  writer.EndArray();
}

// Which events could have begun the chain, where there are several.
void WriteCandidates(Writer& writer, const Alert& alert, const event::FieldTable& fields,
                     const SourceNames& sources) {
  const auto& candidates = alert.match.candidates;
  if (candidates.size() < 2) return;
  Key(writer, "candidates");
  writer.StartArray();
  for (const correlate::Candidate& candidate : candidates) {
    writer.StartObject();
    KeyStrings(writer, "by", TiesOf(alert, *candidate.event));
    WriteSnapshot(writer, *candidate.event, fields, sources);
    writer.EndObject();
  }
  writer.EndArray();
  Key(writer, "other_candidates");
  writer.Uint64(alert.match.other_candidates);
}

void WriteEvidence(Writer& writer, const Alert& alert, const event::FieldTable& fields,
                   const SourceNames& sources) {
  Key(writer, "evidence");
  writer.StartArray();
  for (size_t stage = 0; stage < alert.match.evidence.size(); ++stage) {
    const event::SnapshotRef& event = alert.match.evidence[stage];
    if (!event) {
      writer.Null();
      continue;
    }
    writer.StartObject();
    Key(writer, "stage");
    writer.Uint64(stage);
    WriteSnapshot(writer, *event, fields, sources);
    writer.EndObject();
  }
  writer.EndArray();
}

void WriteRelated(Writer& writer, const Alert& alert) {
  std::set<std::string> addresses, users;
  for (const event::SnapshotRef& event : alert.match.evidence) {
    if (!event) continue;
    for (event::FieldId id : {event::field::kSourceIp, event::field::kDestinationIp}) {
      for (const Value& v : event->Get(id).elements()) addresses.insert(v.ToString());
    }
    for (const Value& v : event->Get(event::field::kUserName).elements())
      users.insert(v.ToString());
  }
  Key(writer, "related");
  writer.StartObject();
  KeyStrings(writer, "ip", addresses);
  KeyStrings(writer, "user", users);
  writer.EndObject();
}

void WriteEvent(Writer& writer, const Alert& alert) {
  Key(writer, "event");
  writer.StartObject();
  KeyString(writer, "kind", "alert");
  KeyStrings(writer, "category", std::initializer_list<absl::string_view>{"intrusion_detection"});
  KeyString(writer, "id", alert.id);
  KeyString(writer, "start", event::FormatIso8601(alert.start));
  KeyString(writer, "end", event::FormatIso8601(alert.end));
  KeyString(writer, "created", event::FormatIso8601(alert.created));
  Key(writer, "severity");
  writer.Int(alert.rule->risk_score);
  writer.EndObject();
}

void WriteRule(Writer& writer, const rules::Rule& rule) {
  Key(writer, "rule");
  writer.StartObject();
  KeyString(writer, "id", rule.id);
  KeyString(writer, "name", rule.name);
  if (!rule.description.empty()) KeyString(writer, "description", rule.description);
  KeyString(writer, "version", rule.version);
  KeyStrings(writer, "reference", rule.references);
  writer.EndObject();
  Key(writer, "threat");
  writer.StartObject();
  KeyString(writer, "framework", "MITRE ATT&CK");
  Key(writer, "technique");
  writer.StartArray();
  for (const std::string& technique : rule.attack) {
    writer.StartObject();
    KeyString(writer, "id", technique);
    writer.EndObject();
  }
  writer.EndArray();
  writer.EndObject();
}

void WriteHost(Writer& writer, const Alert& alert) {
  Key(writer, "host");
  writer.StartObject();
  if (!alert.host_id.empty()) KeyString(writer, "id", alert.host_id);
  KeyString(writer, "name", alert.host_name);
  writer.EndObject();
}

void WriteSequitur(Writer& writer, const Alert& alert, const event::FieldTable& fields,
                   const SourceNames& sources) {
  Key(writer, "sequitur");
  writer.StartObject();
  KeyString(writer, "mode", alert.canary ? "canary" : rules::ModeName(alert.rule->mode));
  KeyString(writer, "severity", rules::SeverityName(alert.rule->severity));
  if (!alert.rule->note.empty()) KeyString(writer, "note", alert.rule->note);
  Key(writer, "key");
  writer.StartObject();
  for (const Alert::KeyPart& part : alert.key) {
    Key(writer, part.field);
    part.value.has_value() ? String(writer, *part.value) : void(writer.Null());
  }
  writer.EndObject();
  Key(writer, "span_ms");
  writer.Int64((alert.end - alert.start) / event::kMillisecond);
  if (alert.detect.has_value()) {
    Key(writer, "detect_ms");
    writer.Int64(*alert.detect / event::kMillisecond);
  }
  if (!alert.suppression_key.empty()) {
    KeyString(writer, "suppression_key", alert.suppression_key);
  }
  KeyString(writer, "coverage", alert.coverage_gaps.empty() ? "complete" : "degraded");
  if (!alert.coverage_gaps.empty()) KeyStrings(writer, "coverage_gaps", alert.coverage_gaps);
  Key(writer, "suppressed");
  writer.Uint64(alert.suppressed);
  WriteLinks(writer, alert);
  WriteCandidates(writer, alert, fields, sources);
  WriteEvidence(writer, alert, fields, sources);
  writer.EndObject();
}

std::string Span(event::TimeNs span) {
  if (span < event::kSecond) return absl::StrCat(span / event::kMillisecond, " ms");
  const double seconds = static_cast<double>(span) / 1e9;
  if (seconds < 120) return absl::StrFormat("%.1f s", seconds);
  return absl::StrFormat("%.1f min", seconds / 60);
}

}  // namespace

std::string Headline(const Alert& alert) {
  std::vector<std::string> steps;
  size_t repeated = 0;
  for (const event::SnapshotRef& event : alert.match.evidence) {
    std::string step = event ? Phrase(*event) : "(nothing that was looked for)";
    repeated = !steps.empty() && steps.back() == step ? repeated + 1 : 0;
    if (repeated == 0) steps.push_back(std::move(step));
  }
  std::string out = absl::StrCat(alert.rule->id, " on ", Printable(alert.host_name, 80), ": ",
                                 absl::StrJoin(steps, " → "));
  if (alert.match.evidence.size() > 1) absl::StrAppend(&out, ", ", Span(alert.end - alert.start));
  if (!alert.rule->note.empty()) absl::StrAppend(&out, " (", alert.rule->note, ")");
  return out;
}

std::string ToJson(const Alert& alert, const event::FieldTable& fields,
                   const SourceNames& sources) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  KeyString(writer, "@timestamp", event::FormatIso8601(alert.end));
  KeyString(writer, "message", Headline(alert));
  WriteEvent(writer, alert);
  WriteRule(writer, *alert.rule);
  WriteHost(writer, alert);
  WriteRelated(writer, alert);
  WriteSequitur(writer, alert, fields, sources);
  writer.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize());
}

}  // namespace sequitur::alert
