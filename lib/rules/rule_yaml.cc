#include "rules/rule_yaml.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "yaml/document.h"
#include "yaml/scalar.h"

namespace sequitur::rules {
namespace {

constexpr size_t kWidth = 100;

// What `key: value` says to the reader of rule files; unset when it is no YAML.
std::optional<std::string> ReadsBackAs(absl::string_view value) {
  yaml::Document document = yaml::Document::Parse(absl::StrCat("- key:", value), "rule.yaml");
  if (document.HasErrors()) return std::nullopt;
  const auto elements = document.root().Elements();
  if (elements.size() != 1) return std::nullopt;
  const auto entries = elements[0].Entries();
  if (entries.size() != 1 || !entries[0].value.is_scalar()) return std::nullopt;
  return std::string(entries[0].value.text());
}

std::string Block(absl::string_view text, int indent) {
  const bool ends_line = absl::EndsWith(text, "\n");
  const bool ends_blank = absl::EndsWith(text, "\n\n") || text == "\n";
  // Without it a reader takes the first line's blanks for the indentation.
  const bool told = absl::StartsWith(text, " ") || absl::StartsWith(text, "\n");
  std::string out = absl::StrCat(" |", told ? "2" : "",
                                 !ends_line   ? "-"
                                 : ends_blank ? "+"
                                              : "",
                                 "\n");
  const std::string blanks(indent + 2, ' ');
  if (ends_line) text.remove_suffix(1);
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    absl::StrAppend(&out, line.empty() ? "" : blanks, line, "\n");
  }
  return out;
}

// Text with its blanks folded, broken at kWidth.
std::string Folded(absl::string_view text, int indent) {
  const std::string blanks(indent + 2, ' ');
  std::string out = " >-";
  size_t width = kWidth;
  for (absl::string_view word : absl::StrSplit(text, ' ')) {
    if (width + 1 + word.size() > kWidth) {
      absl::StrAppend(&out, "\n", blanks, word);
      width = blanks.size() + word.size();
    } else {
      absl::StrAppend(&out, " ", word);
      width += 1 + word.size();
    }
  }
  return out + "\n";
}

std::string FoldBlanks(absl::string_view text) {
  return absl::StrJoin(absl::StrSplit(text, absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty()), " ");
}

// On one line if it fits, else folded over several, else in quotes.
std::string Prose(absl::string_view text, int indent) {
  const std::string folded = FoldBlanks(text);
  if (folded.size() + static_cast<size_t>(indent) + 16 <= kWidth) {
    return absl::StrCat(" ", PlainOrQuoted(folded), "\n");
  }
  std::string block = Folded(folded, indent);
  if (ReadsBackAs(block) == folded) return block;
  return absl::StrCat(" ", InQuotes(folded), "\n");
}

std::string FlowList(const std::vector<std::string>& texts) {
  return absl::StrCat(
      "[",
      absl::StrJoin(texts, ", ",
                    [](std::string* out, const auto& text) {
                      // Commas and brackets end an element.
                      const bool safe =
                          !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
                            return absl::ascii_isalnum(c) || absl::StrContains("._-@", c);
                          });
                      absl::StrAppend(out, safe ? PlainOrQuoted(text) : InQuotes(text));
                    }),
      "]");
}

std::string DurationText(absl::Duration duration) {
  const int64_t seconds = absl::ToInt64Seconds(duration);
  if (seconds % 86400 == 0) return absl::StrCat(seconds / 86400, "d");
  if (seconds % 3600 == 0) return absl::StrCat(seconds / 3600, "h");
  if (seconds % 60 == 0) return absl::StrCat(seconds / 60, "m");
  return absl::StrCat(seconds, "s");
}

}  // namespace

std::string InQuotes(absl::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      absl::StrAppend(&out, "\\", absl::string_view(&c, 1));
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      absl::StrAppend(&out, "\\x", absl::Hex(byte, absl::kZeroPad2));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string BlockOrQuoted(absl::string_view text, int indent) {
  const bool printable = std::none_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_iscntrl(c) && c != '\n' && c != '\t';
  });
  // Read back one level deep: deeper blocks differ in blanks only.
  if (printable && ReadsBackAs(Block(text, 2)) == text) return Block(text, indent);
  return absl::StrCat(" ", InQuotes(text), "\n");
}

std::string PlainOrQuoted(absl::string_view text) {
  const bool looks_other = text.empty() || yaml::ParseBool(text) || yaml::ParseNumber(text) ||
                           text == "null" || text == "~" || absl::StrContains(text, " #");
  if (!looks_other && ReadsBackAs(absl::StrCat(" ", text)) == text &&
      !absl::StrContains("\"'|>&*!%@`[{", text.front())) {
    return std::string(text);
  }
  return InQuotes(text);
}

std::string ToYaml(const Rule& rule, const SuppressSpec& suppress) {
  constexpr int kIndent = 2;
  std::string out = absl::StrCat("- id: ", rule.id, "\n  name:", Prose(rule.name, kIndent));
  if (!rule.description.empty()) {
    absl::StrAppend(&out, "  description:", Prose(rule.description, kIndent));
  }
  absl::StrAppend(&out, "  severity: ", SeverityName(rule.severity),
                  "\n  risk_score: ", rule.risk_score, "\n");
  if (rule.mode == Mode::kShadow) out += "  mode: shadow\n";
  if (!rule.attack.empty()) absl::StrAppend(&out, "  attack: ", FlowList(rule.attack), "\n");
  if (!rule.references.empty()) {
    out += "  references:\n";
    for (const std::string& text : rule.references) {
      absl::StrAppend(&out, "    - ", PlainOrQuoted(text), "\n");
    }
  }
  if (suppress.window > absl::ZeroDuration()) {
    absl::StrAppend(&out, "  suppress: {by: ", FlowList(suppress.by),
                    ", for: ", DurationText(suppress.window), "}\n");
  }
  absl::StrAppend(&out, "  query:", BlockOrQuoted(rule.query, kIndent));
  return out;
}

}  // namespace sequitur::rules
