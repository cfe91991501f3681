#include "alert/published_alerts.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "alert/printable.h"
#include "base/position.h"
#include "rapidjson/document.h"

namespace sequitur::alert {
namespace {

using Json = rapidjson::Value;

// A hit as a document spells it: texts are valid UTF-8.
struct HitName {
  absl::string_view rule;
  uint64_t stage = 0;
  absl::string_view source;
  int32_t partition = Position::kFile;
  int64_t offset = 0;
  uint32_t row = 0;
};

Hash128 MarkOf(const HitName& hit) {
  std::string text;
  AppendPart(hit.rule, text);
  AppendPart(hit.source, text);
  absl::StrAppend(&text, hit.stage, ",", hit.partition, ",", hit.offset, ",", hit.row);
  return HashOf(text);
}

bool IsHexHash(absl::string_view text) {
  return text.size() == 32 && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isdigit(static_cast<unsigned char>(c)) || (c >= 'a' && c <= 'f');
         });
}

// Whether brackets nest further than we write them, up to the first place where
// the text is not JSON. Keeps the parser's stack small whatever is sent.
bool TooDeep(absl::string_view json) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (depth > PublishedAlerts::kMaxDepth) return true;
  }
  return false;
}

// Members of an object; null, "" or nothing where they are not what is asked for.
const Json* Member(const Json* object, const char* name) {
  if (object == nullptr || !object->IsObject()) return nullptr;
  const auto it = object->FindMember(name);
  return it == object->MemberEnd() ? nullptr : &it->value;
}

absl::string_view Text(const Json* object, const char* name) {
  const Json* value = Member(object, name);
  if (value == nullptr || !value->IsString()) return {};
  return {value->GetString(), value->GetStringLength()};
}

// An integer within [least, most].
std::optional<int64_t> Integer(const Json* object, const char* name, int64_t least, int64_t most) {
  const Json* value = Member(object, name);
  if (value == nullptr || !value->IsInt64()) return std::nullopt;
  const int64_t i = value->GetInt64();
  return i < least || i > most ? std::nullopt : std::optional<int64_t>(i);
}

// One element of sequitur.evidence.
std::optional<HitName> ReadHit(absl::string_view rule, const Json& evidence) {
  const auto stage = Integer(&evidence, "stage", 0, UINT32_MAX);
  const Json* position = Member(&evidence, "position");
  const bool file = Member(position, "file") != nullptr;
  HitName hit;
  hit.rule = rule;
  hit.source = Text(position, file ? "file" : "topic");
  const auto partition = file ? Position::kFile : Integer(position, "partition", 0, INT32_MAX);
  const auto offset = Integer(position, file ? "line" : "offset", 0, INT64_MAX);
  const bool has_row = Member(position, "row") != nullptr;
  const auto row = has_row ? Integer(position, "row", 0, UINT32_MAX) : 0;
  if (!stage || hit.source.empty() || !partition || !offset || !row) return std::nullopt;
  hit.stage = static_cast<uint64_t>(*stage);
  hit.partition = static_cast<int32_t>(*partition);
  hit.offset = *offset;
  hit.row = static_cast<uint32_t>(*row);
  return hit;
}

struct Document {
  absl::string_view id;
  event::TimeNs end = 0;
  absl::string_view suppression_key;  // empty: none
  int gravity = 0;
  std::vector<Hash128> hits;
};

// The least where a document does not say it.
int ReadGravity(const Json* event, const Json* own) {
  const auto severity = rules::ParseSeverity(Text(own, "severity"));
  const auto risk_score = Integer(event, "severity", 0, 100);
  return GravityOf(severity.value_or(rules::Severity::kLow),
                   static_cast<int>(risk_score.value_or(0)));
}

// Views are into `json`.
std::optional<Document> ReadDocument(const Json& json) {
  const Json* event = Member(&json, "event");
  const Json* own = Member(&json, "sequitur");
  const Json* evidence = Member(own, "evidence");
  const absl::string_view rule = Text(Member(&json, "rule"), "id");
  const auto end = event::ParseIso8601(Text(event, "end"));
  Document document;
  document.id = Text(event, "id");
  document.suppression_key = Text(own, "suppression_key");
  document.gravity = ReadGravity(event, own);
  const bool ours =
      Text(event, "kind") == "alert" && IsHexHash(document.id) && !rule.empty() &&
      end.has_value() && evidence != nullptr && evidence->IsArray() &&
      (Member(own, "suppression_key") == nullptr || IsHexHash(document.suppression_key));
  if (!ours) return std::nullopt;
  document.end = *end;
  for (const Json& element : evidence->GetArray()) {
    if (element.IsNull()) continue;  // what was looked for and did not come
    const auto hit = ReadHit(rule, element);
    if (!hit.has_value()) return std::nullopt;
    document.hits.push_back(MarkOf(*hit));
  }
  return document;
}

}  // namespace

bool PublishedAlerts::Add(absl::string_view json) {
  rapidjson::Document parsed;
  std::optional<Document> document;
  if (json.size() <= kMaxDocument && !TooDeep(json)) {
    parsed.Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
    if (!parsed.HasParseError()) document = ReadDocument(parsed);
  }
  if (!document.has_value()) {
    ++unreadable_;
    return false;
  }
  ids_.insert(HashOf(document->id));
  hits_.insert(document->hits.begin(), document->hits.end());
  if (!document->suppression_key.empty()) {
    const auto [it, added] = last_.try_emplace(
        {std::string(document->suppression_key), document->gravity}, document->end);
    it->second = std::max(it->second, document->end);
  }
  return true;
}

bool PublishedAlerts::Contains(absl::string_view alert_id) const {
  return ids_.contains(HashOf(alert_id));
}

bool PublishedAlerts::Uses(absl::string_view rule_id, const correlate::Match& match,
                           const SourceNames& sources) const {
  if (hits_.empty()) return false;
  const std::string rule = ValidUtf8(rule_id);
  for (size_t stage = 0; stage < match.evidence.size(); ++stage) {
    if (!match.evidence[stage]) continue;
    const Position& at = match.evidence[stage]->position();
    const std::string source = ValidUtf8(sources.name(at.source));
    const HitName hit = {rule, stage, source, at.partition, at.offset, at.row};
    if (hits_.contains(MarkOf(hit))) return true;
  }
  return false;
}

void PublishedAlerts::RestoreTo(Suppressor& suppressor) const {
  std::vector<std::tuple<event::TimeNs, absl::string_view, int>> by_time;
  by_time.reserve(last_.size());
  for (const auto& [said, end] : last_) by_time.emplace_back(end, said.first, said.second);
  std::sort(by_time.begin(), by_time.end());  // what it cannot hold is the oldest
  for (const auto& [end, key, gravity] : by_time) suppressor.Restore(key, gravity, end);
}

}  // namespace sequitur::alert
