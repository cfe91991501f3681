#include "rules/elastic_toml.h"

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 1
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 8
// toml++ 3.3 asserts (and with NDEBUG lets the compiler assume) what damaged input
// does not hold to, though the code behind copes with it: neither, please.
#define TOML_ASSERT(expr) static_assert(true)
#pragma push_macro("NDEBUG")
#undef NDEBUG
#include "toml++/toml.h"
#pragma pop_macro("NDEBUG")

namespace sequitur::rules {
namespace {

// What is read, and what changes nothing here and needs no word.
constexpr absl::string_view kRead[] = {
    "name",     "description", "rule_id",    "severity",          "risk_score",        "type",
    "language", "query",       "references", "false_positives",   "alert_suppression", "threat",
    "author",   "license",     "version",    "timestamp_override"};

// Line `line` (1-based) of the text.
absl::string_view LineOf(absl::string_view text, int line) {
  for (int i = 1; i < line; ++i) {
    const size_t end = text.find('\n');
    if (end == absl::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

// Byte offset of a 1-based column in characters.
size_t OffsetOf(absl::string_view line, int column) {
  size_t at = 0;
  for (int i = 1; i < column && at < line.size(); ++i) {
    do ++at;
    while (at < line.size() && (static_cast<unsigned char>(line[at]) & 0xc0) == 0x80);
  }
  return at;
}

class Reader {
 public:
  Reader(absl::string_view text, absl::string_view file, Diagnostics& diagnostics)
      : text_(text), file_(file), diagnostics_(diagnostics) {}

  std::optional<ElasticRule> Read() {
    if (!WithinBounds()) return std::nullopt;
    toml::table root;
    try {
      root = toml::parse(std::string_view(text_.data(), text_.size()), std::string_view());
    } catch (const toml::parse_error& error) {
      const std::string_view what = error.description();
      Report(error.source().begin, absl::string_view(what.data(), what.size()));
      return std::nullopt;
    }
    const toml::table* rule = root["rule"].as_table();
    if (rule == nullptr) {
      Report({}, "no [rule]: this is not a detection rule");
      return std::nullopt;
    }
    rule_.line = static_cast<int>(rule->source().begin.line);
    rule_.maturity = root["metadata"]["maturity"].value_or(std::string());
    ReadTexts(*rule);
    ReadQuery(*rule);
    ReadSuppression(*rule);
    ReadThreats(*rule);
    CollectUnused(*rule);
    return std::move(rule_);
  }

 private:
  bool WithinBounds() {
    if (text_.size() > ElasticRule::kMaxBytes) {
      Report({}, absl::StrCat("larger than ", ElasticRule::kMaxBytes, " bytes"));
      return false;
    }
    toml::source_position place{0, 1};
    for (absl::string_view line : absl::StrSplit(text_, '\n')) {
      ++place.line;
      if (std::count(line.begin(), line.end(), '.') <=
          static_cast<ptrdiff_t>(ElasticRule::kMaxLineDots)) {
        continue;
      }
      Report(place,
             absl::StrCat("more than ", ElasticRule::kMaxLineDots, " dots in a line; break it"));
      return false;
    }
    return true;
  }

  void Report(toml::source_position place, absl::string_view message) {
    Diagnostic problem;
    problem.file = std::string(file_);
    problem.line = static_cast<int>(place.line);
    problem.column = static_cast<int>(place.column);
    problem.message = std::string(message);
    if (problem.line > 0) problem.source_line = std::string(LineOf(text_, problem.line));
    diagnostics_.push_back(std::move(problem));
  }

  std::string String(const toml::table& table, std::string_view key) {
    const toml::node* node = table.get(key);
    if (node == nullptr) return {};
    if (const auto* value = node->as_string()) return value->get();
    Report(node->source().begin, absl::StrCat(std::string(key), " is not a string"));
    return {};
  }

  std::vector<std::string> Strings(const toml::table& table, std::string_view key) {
    std::vector<std::string> strings;
    const toml::array* array = table[key].as_array();
    if (array == nullptr) return strings;
    for (const toml::node& node : *array) {
      if (const auto* value = node.as_string()) strings.push_back(value->get());
    }
    return strings;
  }

  void ReadTexts(const toml::table& rule) {
    rule_.name = String(rule, "name");
    rule_.description = String(rule, "description");
    rule_.rule_id = String(rule, "rule_id");
    rule_.severity = String(rule, "severity");
    rule_.type = String(rule, "type");
    rule_.language = String(rule, "language");
    rule_.risk_score = rule["risk_score"].value<int64_t>();
    rule_.references = Strings(rule, "references");
    rule_.false_positives = Strings(rule, "false_positives");
  }

  void ReadQuery(const toml::table& rule) {
    rule_.query = String(rule, "query");
    const toml::node* node = rule.get("query");
    if (node == nullptr) return;
    const toml::source_position begin = node->source().begin;
    rule_.query_line = static_cast<int>(begin.line);
    PlaceText(begin);
  }

  // The text stands in the file as it is when it is found right behind the
  // opening quotes.
  void PlaceText(toml::source_position begin) {
    const absl::string_view line = LineOf(text_, static_cast<int>(begin.line));
    const auto column = static_cast<int>(begin.column);
    absl::string_view rest = text_.substr(line.data() - text_.data() + OffsetOf(line, column));
    int quotes = 1;
    for (absl::string_view three : {"'''", "\"\"\""}) {
      if (absl::StartsWith(rest, three)) quotes = 3;
    }
    rest.remove_prefix(std::min<size_t>(quotes, rest.size()));
    int text_line = static_cast<int>(begin.line);
    int text_column = column + quotes;
    // A line break behind the three quotes belongs to them.
    const size_t skipped = absl::StartsWith(rest, "\r\n") ? 2
                           : absl::StartsWith(rest, "\n") ? 1
                                                          : 0;
    if (quotes == 3 && skipped > 0) {
      rest.remove_prefix(skipped);
      ++text_line;
      text_column = 1;
    }
    if (!absl::StartsWith(rest, rule_.query)) return;
    rule_.text_line = text_line;
    rule_.text_column = text_column;
  }

  void ReadSuppression(const toml::table& rule) {
    const toml::table* suppression = rule["alert_suppression"].as_table();
    if (suppression == nullptr) return;
    rule_.suppress_by = Strings(*suppression, "group_by");
    const auto value = (*suppression)["duration"]["value"].value<int64_t>();
    const std::string unit = (*suppression)["duration"]["unit"].value_or(std::string("m"));
    if (!value || *value <= 0) return;
    // Beyond a century it is for ever.
    const int64_t count = std::min<int64_t>(*value, 100 * 365 * 24);
    rule_.suppress_for = unit == "s"   ? absl::Seconds(count)
                         : unit == "h" ? absl::Hours(count)
                                       : absl::Minutes(count);
  }

  void AddTechnique(const toml::node& node) {
    const toml::table* technique = node.as_table();
    if (technique == nullptr) return;
    std::string id = (*technique)["id"].value_or(std::string());
    if (id.empty() || !seen_techniques_.insert(id).second) return;
    rule_.techniques.push_back(std::move(id));
  }

  void ReadThreats(const toml::table& rule) {
    const toml::array* threats = rule["threat"].as_array();
    if (threats == nullptr) return;
    for (const toml::node& threat : *threats) {
      const toml::table* table = threat.as_table();
      const toml::array* techniques = table == nullptr ? nullptr : (*table)["technique"].as_array();
      if (techniques == nullptr) continue;
      for (const toml::node& technique : *techniques) {
        AddTechnique(technique);
        const toml::table* parent = technique.as_table();
        const toml::array* below =
            parent == nullptr ? nullptr : (*parent)["subtechnique"].as_array();
        if (below == nullptr) continue;
        for (const toml::node& subtechnique : *below) AddTechnique(subtechnique);
      }
    }
  }

  void CollectUnused(const toml::table& rule) {
    for (const auto& [key, node] : rule) {
      const absl::string_view name(key.str().data(), key.str().size());
      if (std::find(std::begin(kRead), std::end(kRead), name) != std::end(kRead)) continue;
      rule_.unused.push_back({std::string(name), static_cast<int>(key.source().begin.line)});
    }
    std::sort(rule_.unused.begin(), rule_.unused.end(),
              [](const auto& a, const auto& b) { return a.line < b.line; });
  }

  const absl::string_view text_;
  const absl::string_view file_;
  Diagnostics& diagnostics_;
  ElasticRule rule_;
  std::set<std::string> seen_techniques_;
};

}  // namespace

std::optional<ElasticRule> ParseElasticRule(absl::string_view text, absl::string_view file,
                                            Diagnostics& diagnostics) {
  return Reader(text, file, diagnostics).Read();
}

}  // namespace sequitur::rules
