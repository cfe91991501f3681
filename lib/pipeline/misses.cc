#include "pipeline/misses.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "rapidjson/stringbuffer.h"
#include "rapidjson/writer.h"

namespace sequitur::pipeline {
namespace {

using correlate::MissCause;
using correlate::MissRow;
using correlate::RuleMisses;
using event::TimeNs;
using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

std::string Duration(TimeNs ns) {
  // Milliseconds are exact enough for people.
  return absl::FormatDuration(absl::Ceil(absl::Nanoseconds(ns), ns < event::kSecond
                                                                    ? absl::Milliseconds(1)
                                                                    : absl::Milliseconds(100)));
}

std::string Range(const MissRow& row) {
  if (row.least == row.most) return Duration(row.most);
  return absl::StrCat(Duration(row.least), " to ", Duration(row.most));
}

std::string Why(const rules::RuleSet& rules, const rules::Rule& rule,
                const event::FieldTable& fields, const MissRow& row) {
  switch (row.cause) {
    case MissCause::kWindow:
      return absl::StrCat("later than maxspan ", Duration(rule.maxspan.value_or(0)), " by ",
                          Range(row));
    case MissCause::kOrder:
      return absl::StrCat("before step ", row.step - 1, ", beyond order_slack ",
                          Duration(rule.order_slack), " by ", Range(row));
    case MissCause::kAllowlisted: {
      const rules::AllowlistEntry& entry = rules.allowlist()[row.what];
      return absl::StrCat("allowlisted by ", entry.file, ":", entry.line, " (", entry.reason, ")");
    }
    case MissCause::kEvicted:
      return "evicted: the beginning had been given up for memory";
    case MissCause::kKeyless:
      return absl::StrCat("hits without ", fields.path(row.what), ", joined to nothing");
  }
  return "";
}

std::string Percent(uint64_t part, uint64_t whole) {
  return absl::StrFormat("%d %%", whole == 0 ? 0 : 100 * part / whole);
}

void AddAdvice(const rules::Rule& rule, const RuleMisses& misses, absl::string_view setting,
               TimeNs now, const correlate::Ladder& needed, std::vector<std::string>& advice) {
  const uint64_t all = misses.found + misses.missed;
  uint64_t more = 0;
  size_t lines = 0;
  for (const auto& [length, count] : needed.counts()) {
    more += count;
    if (length <= now || ++lines > kMaxAdvice) continue;
    advice.push_back(
        absl::StrFormat("tuning: {%s: {%s: %s}}   # %d more %s than %s: %s -> %s", rule.id, setting,
                        Duration(length), more, more == 1 ? "chain" : "chains", Duration(now),
                        Percent(misses.found, all), Percent(misses.found + more, all)));
  }
}

void WriteString(Writer& writer, absl::string_view text) {
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void WriteLadder(Writer& writer, const correlate::Ladder& ladder) {
  writer.StartArray();
  for (const auto& [length, count] : ladder.counts()) {
    writer.StartObject();
    writer.Key("up_to");
    writer.Double(absl::ToDoubleSeconds(absl::Nanoseconds(length)));
    writer.Key("chains");
    writer.Uint64(count);
    writer.EndObject();
  }
  writer.EndArray();
}

void WriteRow(Writer& writer, const rules::RuleSet& rules, const rules::Rule& rule,
              const event::FieldTable& fields, const MissRow& row) {
  writer.StartObject();
  writer.Key("step");
  writer.Int(row.step);
  writer.Key("cause");
  WriteString(writer, MissCauseName(row.cause));
  writer.Key(row.cause == MissCause::kKeyless ? "hits" : "chains");
  writer.Uint64(row.count);
  if (row.cause == MissCause::kWindow || row.cause == MissCause::kOrder) {
    writer.Key("least");
    writer.Double(absl::ToDoubleSeconds(absl::Nanoseconds(row.least)));
    writer.Key("most");
    writer.Double(absl::ToDoubleSeconds(absl::Nanoseconds(row.most)));
  }
  writer.Key("why");
  WriteString(writer, Why(rules, rule, fields, row));
  writer.EndObject();
}

void WriteRule(Writer& writer, const rules::RuleSet& rules, const rules::Rule& rule,
               const event::FieldTable& fields, const RuleMisses& misses) {
  writer.StartObject();
  writer.Key("rule");
  WriteString(writer, rule.id);
  writer.Key("found");
  writer.Uint64(misses.found);
  writer.Key("missed");
  writer.Uint64(misses.missed);
  writer.Key("misses");
  writer.StartArray();
  for (const MissRow& row : misses.rows) WriteRow(writer, rules, rule, fields, row);
  writer.EndArray();
  writer.Key("maxspan_needed");
  WriteLadder(writer, misses.maxspan_needed);
  writer.Key("order_slack_needed");
  WriteLadder(writer, misses.slack_needed);
  writer.Key("gaps");
  writer.StartArray();
  for (const correlate::Ladder& gap : misses.gaps) WriteLadder(writer, gap);
  writer.EndArray();
  writer.Key("advice");
  writer.StartArray();
  for (const std::string& line : MissAdvice(rule, misses)) WriteString(writer, line);
  writer.EndArray();
  writer.EndObject();
}

// "1s 40, 5s 2": how many took up to so long.
std::string LadderText(const correlate::Ladder& ladder) {
  std::string out;
  for (const auto& [length, count] : ladder.counts()) {
    absl::StrAppend(&out, out.empty() ? "" : ", ", Duration(length), " ", count);
  }
  return out;
}

}  // namespace

std::vector<std::string> MissAdvice(const rules::Rule& rule, const RuleMisses& misses) {
  std::vector<std::string> advice;
  if (rule.maxspan.has_value()) {
    AddAdvice(rule, misses, "maxspan", *rule.maxspan, misses.maxspan_needed, advice);
  }
  AddAdvice(rule, misses, "order_slack", rule.order_slack, misses.slack_needed, advice);
  return advice;
}

std::string MissesText(const rules::RuleSet& rules, const event::FieldTable& fields,
                       absl::Span<const RuleMisses> misses) {
  std::string out;
  for (size_t i = 0; i < misses.size(); ++i) {
    if (misses[i].rows.empty()) continue;
    const rules::Rule& rule = rules.rules()[i];
    absl::StrAppendFormat(&out, "%s: %d found, %d missed\n  step  died  why\n", rule.id,
                          misses[i].found, misses[i].missed);
    for (const MissRow& row : misses[i].rows) {
      absl::StrAppendFormat(&out, "  %4d %5d  %s\n", row.step, row.count,
                            Why(rules, rule, fields, row));
    }
    for (size_t gap = 0; gap < misses[i].gaps.size(); ++gap) {
      const std::string lengths = LadderText(misses[i].gaps[gap]);
      if (!lengths.empty()) absl::StrAppendFormat(&out, "  gap %d: up to %s\n", gap + 1, lengths);
    }
    for (const std::string& line : MissAdvice(rule, misses[i])) {
      absl::StrAppend(&out, "  ", line, "\n");
    }
  }
  return out.empty() ? "no near misses\n" : out;
}

std::string MissesJson(const rules::RuleSet& rules, const event::FieldTable& fields,
                       absl::Span<const RuleMisses> misses) {
  std::string out;
  for (size_t i = 0; i < misses.size(); ++i) {
    rapidjson::StringBuffer buffer;
    Writer writer(buffer);
    WriteRule(writer, rules, rules.rules()[i], fields, misses[i]);
    absl::StrAppend(&out, absl::string_view(buffer.GetString(), buffer.GetSize()), "\n");
  }
  return out;
}

}  // namespace sequitur::pipeline
