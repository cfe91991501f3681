#include "enrich/pattern_set.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "re2/re2.h"

namespace sequitur::enrich {
namespace {

using Dialect = PatternSet::Dialect;

// What a shell acts on, and blanks; the rest of a word is anything.
constexpr absl::string_view kWordChar = R"re([^\s;|&`$()<>{}!"'\\\x00])re";
// A word's first character: no option either.
constexpr absl::string_view kWordStart = R"re([^\s;|&`$()<>{}!"'\\\x00-])re";

RE2::Options Options() {
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);
  options.set_case_sensitive(false);
  options.set_dot_nl(true);
  options.set_log_errors(false);
  options.set_max_mem(16 << 20);
  return options;
}

// What the star at `at` stands for; `stars` is 1 or 2.
std::string Star(absl::string_view pattern, size_t at, int stars, Dialect dialect) {
  if (dialect == Dialect::kPath || dialect == Dialect::kProgram) {
    return stars == 2 ? ".*" : "[^/]*";
  }
  if (dialect != Dialect::kArgument) return ".*";
  const bool word_begins = at == 0 || pattern[at - 1] == ' ';
  const std::string word =
      word_begins ? absl::StrCat("(?:", kWordStart, kWordChar, "*)") : absl::StrCat(kWordChar, "*");
  if (stars == 1) return word;
  return absl::StrCat("(?:", word, "(?: +", kWordStart, kWordChar, "*)*)");
}

std::string Suffix(absl::string_view pattern, Dialect dialect) {
  if (dialect == Dialect::kPath) return "(?:/.*)?";
  if (dialect == Dialect::kName) return absl::EndsWith(pattern, "*") ? "" : "(?:-?[0-9][0-9.]*)?";
  return "";
}

}  // namespace

std::string PatternToRegex(absl::string_view pattern, Dialect dialect) {
  std::string out = "^";
  const bool path = dialect == Dialect::kPath || dialect == Dialect::kProgram;
  if (path) pattern = FoldPath(pattern);
  if (path && absl::ConsumePrefix(&pattern, "~/")) {
    out += "(?:/users/[^/]+|/home/[^/]+|/root|/var/root)/";
  }
  if (path && pattern.size() > 1) absl::ConsumeSuffix(&pattern, "/");
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '*') {
      const bool two = i + 1 < pattern.size() && pattern[i + 1] == '*';
      out += Star(pattern, i, two ? 2 : 1, dialect);
      i += two ? 1 : 0;
    } else if (pattern[i] == '?') {
      out += path ? "[^/]" : ".";
    } else {
      out += RE2::QuoteMeta({pattern.data() + i, 1});
    }
  }
  return absl::StrCat(out, Suffix(pattern, dialect), "$");
}

PatternSet::PatternSet(Dialect dialect) : dialect_(dialect), set_(Options(), RE2::UNANCHORED) {}

int PatternSet::Add(absl::string_view pattern) {
  ++count_;
  return set_.Add(PatternToRegex(pattern, dialect_), nullptr);
}

void PatternSet::Compile() { set_.Compile(); }

void PatternSet::Match(absl::string_view text, std::vector<int>& matches) const {
  matches.clear();
  if (count_ == 0 || !set_.Match({text.data(), text.size()}, &matches)) matches.clear();
  std::sort(matches.begin(), matches.end());
}

bool PatternSet::Matches(absl::string_view text) const {
  return count_ > 0 && set_.Match({text.data(), text.size()}, nullptr);
}

absl::string_view FoldPath(absl::string_view path) {
  absl::string_view rest = path;
  constexpr absl::string_view kData = "/system/volumes/data";
  if (absl::StartsWithIgnoreCase(rest, kData) && rest.size() > kData.size() &&
      rest[kData.size()] == '/') {
    rest.remove_prefix(kData.size());
  }
  constexpr absl::string_view kPrivate = "/private";
  if (!absl::StartsWithIgnoreCase(rest, kPrivate)) return rest;
  const absl::string_view inner = rest.substr(kPrivate.size());
  for (absl::string_view folded : {"/etc", "/tmp", "/var"}) {
    if (!absl::StartsWithIgnoreCase(inner, folded)) continue;
    if (inner.size() == folded.size() || inner[folded.size()] == '/') return inner;
  }
  return rest;
}

}  // namespace sequitur::enrich
