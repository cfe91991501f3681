#include "yaml/json.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "yaml/scalar.h"

namespace sequitur::yaml {
namespace {

size_t CountDigits(absl::string_view text) {
  size_t n = 0;
  while (n < text.size() && absl::ascii_isdigit(text[n])) ++n;
  return n;
}

// -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?: then it is kept digit by digit,
// however large.
bool IsJsonNumber(absl::string_view text) {
  if (!text.empty() && text[0] == '-') text.remove_prefix(1);
  const size_t whole = CountDigits(text);
  if (whole == 0 || (whole > 1 && text[0] == '0')) return false;
  text.remove_prefix(whole);
  if (!text.empty() && text[0] == '.') {
    const size_t fraction = CountDigits(text.substr(1));
    if (fraction == 0) return false;
    text.remove_prefix(1 + fraction);
  }
  if (text.empty() || absl::ascii_tolower(text[0]) != 'e') return text.empty();
  text.remove_prefix(1);
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
  return !text.empty() && CountDigits(text) == text.size();
}

std::string ScalarToJson(const Node& node) {
  const absl::string_view text = node.text();
  if (!node.is_plain()) return JsonString(text);
  if (IsJsonNumber(text)) return std::string(text);
  if (const auto truth = ParseBool(text)) return *truth ? "true" : "false";
  if (const auto whole = ParseInt(text)) return absl::StrCat(*whole);
  if (const auto number = ParseNumber(text)) return absl::StrFormat("%.17g", *number);
  return JsonString(text);
}

// What is still to be written, last first: a node, or text as it is.
struct Pending {
  std::optional<Node> node;
  std::string text;
};

void PushContainer(const Node& node, std::vector<Pending>& todo) {
  std::vector<Pending> parts;
  if (node.is_sequence()) {
    parts.push_back({std::nullopt, "["});
    for (const Node& element : node.Elements()) {
      if (parts.size() > 1) parts.push_back({std::nullopt, ","});
      parts.push_back({element, ""});
    }
    parts.push_back({std::nullopt, "]"});
  } else {
    parts.push_back({std::nullopt, "{"});
    for (const Node::Entry& entry : node.Entries()) {
      parts.push_back({std::nullopt, absl::StrCat(parts.size() > 1 ? "," : "",
                                                  JsonString(entry.key.text()), ":")});
      parts.push_back({entry.value, ""});
    }
    parts.push_back({std::nullopt, "}"});
  }
  todo.insert(todo.end(), parts.rbegin(), parts.rend());
}

}  // namespace

std::string JsonString(absl::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(&out, "\\u%04x", c);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
  return out;
}

std::string ToJson(const Node& node) {
  std::string out;
  std::vector<Pending> todo = {{node, ""}};
  while (!todo.empty()) {
    const Pending next = std::move(todo.back());
    todo.pop_back();
    if (!next.node) {
      out += next.text;
    } else if (next.node->is_null()) {
      out += "null";
    } else if (next.node->is_scalar()) {
      out += ScalarToJson(*next.node);
    } else {
      PushContainer(*next.node, todo);
    }
  }
  return out;
}

}  // namespace sequitur::yaml
