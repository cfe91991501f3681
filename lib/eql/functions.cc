#include "eql/functions.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/diagnostic.h"
#include "eql/case_fold.h"
#include "eql/errors.h"
#include "eql/scalar.h"
#include "eql/utf8.h"

namespace sequitur::eql {
namespace {

using event::Value;

constexpr size_t kNoLimit = std::numeric_limits<size_t>::max();
constexpr size_t kNotFound = absl::string_view::npos;

constexpr FunctionSpec kFunctions[] = {
    {"add", Function::kAdd, false, 2, 2, Type::kNumber, "n"},
    {"subtract", Function::kSubtract, false, 2, 2, Type::kNumber, "n"},
    {"multiply", Function::kMultiply, false, 2, 2, Type::kNumber, "n"},
    {"divide", Function::kDivide, false, 2, 2, Type::kNumber, "n"},
    {"modulo", Function::kModulo, false, 2, 2, Type::kNumber, "n"},
    {"between", Function::kBetween, true, 3, 4, Type::kString, "sssb"},
    {"cidrMatch", Function::kCidrMatch, false, 2, kNoLimit, Type::kBoolean, "sc"},
    {"concat", Function::kConcat, false, 1, kNoLimit, Type::kString, "v"},
    {"endsWith", Function::kEndsWith, true, 2, kNoLimit, Type::kBoolean, "s"},
    {"indexOf", Function::kIndexOf, true, 2, 3, Type::kNumber, "ssn"},
    {"length", Function::kLength, false, 1, 1, Type::kNumber, "s"},
    {"number", Function::kNumber, false, 1, 2, Type::kNumber, "vn"},
    {"startsWith", Function::kStartsWith, true, 2, kNoLimit, Type::kBoolean, "s"},
    {"string", Function::kString, false, 1, 1, Type::kString, "v"},
    {"stringContains", Function::kStringContains, true, 2, 2, Type::kBoolean, "s"},
    {"substring", Function::kSubstring, false, 2, 3, Type::kString, "snn"},
};

// Endgame's functions that Elasticsearch does not have.
constexpr struct {
  absl::string_view name;
  absl::string_view hint;
} kForeign[] = {
    {"arrayContains", "a condition on a list holds if it holds for any element: use 'in~' or ':'"},
    {"arraySearch", "a condition on a list holds if it holds for any element"},
    {"arrayCount", "there is nothing that counts elements"},
    {"match", "use 'regex'"},
    {"matchLite", "use 'regex'"},
    {"wildcard", "use ':' or 'like~'"},
    {"safe", "leave it out: a missing field is never an error"},
};

size_t Find(absl::string_view text, size_t from, absl::string_view what) {
  if (what.empty()) return from;
  const void* found = memmem(text.data() + from, text.size() - from, what.data(), what.size());
  return found == nullptr ? kNotFound : static_cast<const char*>(found) - text.data();
}

// A text to search in, with or without case, that says where in the text as it
// was written something begins or ends.
class Haystack {
 public:
  Haystack(absl::string_view text, bool fold, Arena& arena)
      : text_(text), folded_(fold ? FoldCase(text, arena) : text), fold_(fold), arena_(arena) {}

  absl::string_view Needle(absl::string_view what) const {
    return fold_ ? FoldCase(what, arena_) : what;
  }
  absl::string_view folded() const { return folded_; }
  // From an offset in folded() to the offset of the same character in the text.
  size_t Unfold(size_t offset) const {
    if (folded_.data() == text_.data()) return offset;
    return ByteOffset(text_, CountCharacters(folded_.substr(0, offset)));
  }

 private:
  absl::string_view text_;
  absl::string_view folded_;
  bool fold_;
  Arena& arena_;
};

std::optional<int64_t> WholeNumber(const Value& value) {
  const Value number = ScalarNumber(value);
  if (number.is_null()) return std::nullopt;
  if (number.kind() == Value::Kind::kInt) return number.int_value();
  const double d = number.double_value();
  if (d > 9e18 || d < -9e18) {
    return d > 0 ? std::numeric_limits<int64_t>::max() : std::numeric_limits<int64_t>::min();
  }
  return static_cast<int64_t>(d);
}

// The last place of `what` at or behind `from`: a search in the mirror image,
// which keeps it linear.
size_t FindLast(absl::string_view text, size_t from, absl::string_view what, Arena& arena) {
  const auto mirrored = [&arena](absl::string_view t) {
    char* out = arena.Allocate<char>(t.size());
    std::reverse_copy(t.begin(), t.end(), out);
    return absl::string_view(out, t.size());
  };
  const size_t found = Find(mirrored(text.substr(from)), 0, mirrored(what));
  return found == kNotFound ? kNotFound : text.size() - found - what.size();
}

// The text between the first `left` and the nearest `right` behind it, or the
// last one when greedy. Elasticsearch gives the text itself when a part is empty.
Value Between(absl::string_view text, absl::string_view left, absl::string_view right, bool greedy,
              const Haystack& haystack, Arena& arena) {
  if (text.empty() || left.empty() || right.empty()) return Value::String(text);
  left = haystack.Needle(left);
  right = haystack.Needle(right);
  const absl::string_view folded = haystack.folded();
  const size_t found = Find(folded, 0, left);
  if (found == kNotFound) return Value::String("");
  const size_t begin = found + left.size();
  const size_t end = greedy ? FindLast(folded, begin, right, arena) : Find(folded, begin, right);
  if (end == kNotFound) return Value::String("");
  const size_t from = haystack.Unfold(begin);
  return Value::String(text.substr(from, haystack.Unfold(end) - from));
}

Value Concat(absl::Span<const Value> args, Arena& arena) {
  size_t size = 0;
  for (const Value& arg : args) size += ScalarText(arg, arena).size();
  char* out = arena.Allocate<char>(size);
  char* end = out;
  for (const Value& arg : args) {
    const absl::string_view text = ScalarText(arg, arena);
    end = std::copy(text.begin(), text.end(), end);
  }
  return Value::String({out, size});
}

Value IndexOf(const Haystack& haystack, absl::string_view what, int64_t start) {
  const absl::string_view text = haystack.folded();
  start = std::max<int64_t>(start, 0);
  const size_t from = ByteOffset(text, static_cast<size_t>(start));
  const auto skipped = static_cast<int64_t>(CountCharacters(text.substr(0, from)));
  if (skipped < start) return Value();
  const size_t found = Find(text, from, haystack.Needle(what));
  if (found == kNotFound) return Value();
  return Value::Int(skipped +
                    static_cast<int64_t>(CountCharacters(text.substr(from, found - from))));
}

// A negative position counts from the end; both ends are clipped.
Value Substring(absl::string_view text, int64_t start, std::optional<int64_t> end) {
  const auto size = static_cast<int64_t>(CountCharacters(text));
  const auto clip = [size](int64_t at) {
    return std::clamp<int64_t>(at < 0 ? std::max(at, -size) + size : at, 0, size);
  };
  const int64_t from = clip(start);
  const int64_t to = end ? clip(*end) : size;
  if (from >= to) return Value::String("");
  const absl::string_view tail = text.substr(ByteOffset(text, from));
  return Value::String(tail.substr(0, ByteOffset(tail, to - from)));
}

Value ParseInBase(absl::string_view digits, bool negative, int base) {
  int64_t out = 0;
  const std::string text = absl::StrCat(negative ? "-" : "", digits);
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, out, base);
  return result.ec == std::errc() && result.ptr == end ? Value::Int(out) : Value();
}

// A sign, then "0x" for base 16, then digits; in base 10 also a fraction.
Value ParseNumber(absl::string_view text, std::optional<int64_t> base) {
  text = absl::StripAsciiWhitespace(text);
  const bool negative = absl::ConsumePrefix(&text, "-");
  if (!negative) absl::ConsumePrefix(&text, "+");
  if (text.empty() || text.front() == '-' || text.front() == '+') return Value();
  if (base.value_or(16) == 16 && absl::StartsWithIgnoreCase(text, "0x")) {
    return ParseInBase(text.substr(2), negative, 16);
  }
  if (base.value_or(10) != 10) {
    if (*base < 2 || *base > 36) return Value();
    return ParseInBase(text, negative, static_cast<int>(*base));
  }
  const Value number = ScalarNumber(Value::String(text));
  return negative ? Negate(number) : number;
}

Value Number(absl::Span<const Value> args, Arena& arena) {
  std::optional<int64_t> base;
  if (args.size() > 1 && !args[1].is_null()) {
    base = WholeNumber(args[1]);
    if (!base) return Value();
  }
  if (args[0].is_null()) return Value();
  if (args[0].is_number() && !base) return args[0];
  return ParseNumber(ScalarText(args[0], arena), base);
}

// startsWith, endsWith, stringContains: `text` against any of the others.
bool ContainsAny(Function function, bool fold, absl::Span<const absl::string_view> texts,
                 Arena& arena) {
  const auto folded = [&](absl::string_view t) { return fold ? FoldCase(t, arena) : t; };
  const absl::string_view text = folded(texts[0]);
  for (absl::string_view written : texts.subspan(1)) {
    const absl::string_view part = folded(written);
    if (function == Function::kStartsWith && absl::StartsWith(text, part)) return true;
    if (function == Function::kEndsWith && absl::EndsWith(text, part)) return true;
    if (function != Function::kStringContains || part.empty()) continue;
    if (Find(text, 0, part) != kNotFound) return true;
  }
  return false;
}

Value ApplyToTexts(Function function, bool fold, absl::Span<const Value> args, Arena& arena) {
  absl::InlinedVector<absl::string_view, 4> texts;
  for (const Value& arg : args) texts.push_back(ScalarText(arg, arena));
  const Haystack haystack(texts[0], fold, arena);
  switch (function) {
    case Function::kBetween:
      return Between(texts[0], texts[1], texts[2], args.size() > 3 && texts[3] == "true", haystack,
                     arena);
    case Function::kIndexOf: {
      const auto start = args.size() > 2 ? WholeNumber(args[2]) : 0;
      return start ? IndexOf(haystack, texts[1], *start) : Value();
    }
    case Function::kLength:
      return Value::Int(static_cast<int64_t>(CountCharacters(texts[0])));
    case Function::kString:
      return Value::String(texts[0]);
    case Function::kSubstring: {
      const auto start = WholeNumber(args[1]);
      const auto end = args.size() > 2 ? WholeNumber(args[2]) : std::nullopt;
      if (!start || (args.size() > 2 && !end)) return Value();
      return Substring(texts[0], *start, end);
    }
    default:
      return Value::Bool(ContainsAny(function, fold, texts, arena));
  }
}

ArithmeticOp OperatorOf(Function function) {
  return static_cast<ArithmeticOp>(static_cast<int>(function) - static_cast<int>(Function::kAdd));
}
static_assert(static_cast<int>(Function::kModulo) - static_cast<int>(Function::kAdd) ==
              static_cast<int>(ArithmeticOp::kModulo));

}  // namespace

const FunctionSpec* FindFunction(absl::string_view name) {
  for (const FunctionSpec& spec : kFunctions) {
    if (absl::EqualsIgnoreCase(spec.name, name)) return &spec;
  }
  return nullptr;
}

absl::string_view FunctionName(Function function) {
  for (const FunctionSpec& spec : kFunctions) {
    if (spec.function == function) return spec.name;
  }
  return "negate";
}

std::string UnknownFunctionMessage(absl::string_view name) {
  for (const auto& foreign : kForeign) {
    if (absl::EqualsIgnoreCase(foreign.name, name)) {
      return absl::StrCat("Elasticsearch has no function ", foreign.name, ": ", foreign.hint);
    }
  }
  std::vector<absl::string_view> names;
  for (const FunctionSpec& spec : kFunctions) names.push_back(spec.name);
  const absl::string_view near = name.size() > 40 ? absl::string_view() : DidYouMean(name, names);
  return absl::StrCat("unknown function ", Quoted(name),
                      near.empty() ? "" : absl::StrCat("; did you mean '", near, "'?"));
}

Value Apply(Function function, bool fold, absl::Span<const Value> args, Arena& arena) {
  if (function == Function::kNumber) return Number(args, arena);
  if (std::any_of(args.begin(), args.end(), [](const Value& v) { return v.is_null(); })) {
    return Value();
  }
  if (function <= Function::kModulo) return Arithmetic(OperatorOf(function), args[0], args[1]);
  if (function == Function::kNegate) return Negate(args[0]);
  if (function == Function::kConcat) return Concat(args, arena);
  return ApplyToTexts(function, fold, args, arena);
}

}  // namespace sequitur::eql
