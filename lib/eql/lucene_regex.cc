#include "eql/lucene_regex.h"

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "eql/utf8.h"

namespace sequitur::eql {
namespace {

constexpr absl::string_view kNothing = "[^\\x{0}-\\x{10FFFF}]";
// Values that <n-m> is spelt out to.
constexpr int64_t kMaxInterval = 1000;
constexpr size_t kMaxGroups = 200;

class Translator {
 public:
  explicit Translator(absl::string_view pattern) : in_(pattern) {}

  absl::StatusOr<std::string> Run() {
    while (at_ < in_.size()) RETURN_IF_ERROR(Step());
    if (!groups_.empty()) return Error("expected ')'");
    FinishAtom();
    return std::move(out_);
  }

 private:
  absl::Status Error(absl::string_view what) const {
    return absl::InvalidArgumentError(
        absl::StrCat("regex, character ", CountCharacters(in_.substr(0, at_)) + 1, ": ", what));
  }
  char Peek(size_t ahead = 0) const { return at_ + ahead < in_.size() ? in_[at_ + ahead] : '\0'; }

  absl::Status Step();
  absl::Status Quantifier(char c);
  absl::Status Repetition();
  absl::Status Escape();
  absl::Status Class();
  absl::Status ClassCharacter();
  absl::Status QuotedText();
  absl::Status Interval();
  absl::Status OpenGroup();
  absl::Status CloseGroup();
  void Bar();
  void Literal();
  void AppendLiteral(absl::string_view character);

  // What the next quantifier would repeat begins here.
  void StartAtom() {
    FinishAtom();
    atom_ = out_.size();
    has_atom_ = true;
  }
  // Writes the atom's pending quantifier. Stacked ones are one quantifier in
  // the end: a+? is a* in Lucene, where it is a lazy a+ elsewhere.
  void FinishAtom() {
    if (may_be_absent_ && may_repeat_) out_ += '*';
    if (may_be_absent_ && !may_repeat_) out_ += '?';
    if (!may_be_absent_ && may_repeat_) out_ += '+';
    may_be_absent_ = may_repeat_ = false;
  }

  absl::string_view in_;
  size_t at_ = 0;
  std::string out_;
  std::vector<size_t> groups_;  // where each open group begins in out_
  size_t atom_ = 0;
  bool has_atom_ = false;
  bool may_be_absent_ = false;
  bool may_repeat_ = false;
  int repetitions_ = 0;  // {..} on one atom
};

absl::Status Translator::Step() {
  const char c = Peek();
  switch (c) {
    case '?':
    case '*':
    case '+':
      return Quantifier(c);
    case '{':
      return Repetition();
    case '\\':
      return Escape();
    case '[':
      return Class();
    case '"':
      return QuotedText();
    case '<':
      return Interval();
    case '(':
      return OpenGroup();
    case ')':
      return CloseGroup();
    case '|':
      Bar();
      return absl::OkStatus();
    case '~':
      return Error("the complement '~' is not supported; write \\~ for the character");
    case '&':
      return Error("the intersection '&' is not supported; write \\& for the character");
    case '.':
    case '@':
    case '#':
      StartAtom();
      ++at_;
      absl::StrAppend(&out_, c == '.' ? "." : c == '@' ? "(?:.*)" : kNothing);
      repetitions_ = 0;
      return absl::OkStatus();
    default:
      Literal();
      return absl::OkStatus();
  }
}

absl::Status Translator::Quantifier(char c) {
  if (!has_atom_) return Error(absl::StrCat("nothing to repeat before '", std::string(1, c), "'"));
  may_be_absent_ = may_be_absent_ || c != '+';
  may_repeat_ = may_repeat_ || c != '?';
  ++at_;
  return absl::OkStatus();
}

// {n}, {n,} or {n,m}
absl::Status Translator::Repetition() {
  if (!has_atom_) return Error("nothing to repeat before '{'");
  const size_t close = in_.find('}', at_);
  const absl::string_view inner =
      in_.substr(at_ + 1, close == absl::string_view::npos ? 0 : close - at_ - 1);
  const absl::string_view low = inner.substr(0, inner.find(','));
  const bool has_high = low.size() < inner.size();
  const absl::string_view high = has_high ? inner.substr(low.size() + 1) : low;
  int from = 0, to = 0;
  if (!absl::SimpleAtoi(low, &from) || !absl::ascii_isdigit(low[0]) ||
      (!high.empty() && (!absl::SimpleAtoi(high, &to) || !absl::ascii_isdigit(high[0])))) {
    return Error("expected {n}, {n,} or {n,m}; write \\{ for the character");
  }
  if (!high.empty() && to < from) return Error("expected n <= m in {n,m}");
  if (++repetitions_ > 3) return Error("too many repetitions in a row");
  const bool stacked = may_be_absent_ || may_repeat_ || repetitions_ > 1;
  FinishAtom();
  if (stacked) {
    out_.insert(atom_, "(?:");
    out_ += ')';
  }
  absl::StrAppend(&out_, "{", from, has_high ? "," : "", has_high ? high : "", "}");
  // A later quantifier repeats all of this.
  out_.insert(atom_, "(?:");
  out_ += ')';
  at_ = close + 1;
  return absl::OkStatus();
}

absl::Status Translator::Escape() {
  if (at_ + 1 >= in_.size()) return Error("a '\\' at the end escapes nothing");
  const char c = Peek(1);
  ++at_;
  if (absl::string_view("dDsSwW").find(c) != absl::string_view::npos) {
    StartAtom();
    repetitions_ = 0;
    absl::StrAppend(&out_, "\\", std::string(1, c));
    ++at_;
    return absl::OkStatus();
  }
  Literal();
  return absl::OkStatus();
}

void Translator::Literal() {
  StartAtom();
  repetitions_ = 0;
  const size_t size = CharacterSize(in_, at_);
  AppendLiteral(in_.substr(at_, size));
  at_ += size;
}

void Translator::AppendLiteral(absl::string_view character) {
  if (character.size() == 1 && static_cast<unsigned char>(character[0]) >= 0x80) {
    // A stray byte is compared as the replacement character, like the value's.
    absl::StrAppend(&out_, "\\x{FFFD}");
    return;
  }
  if (character.size() == 1 && (absl::ascii_ispunct(character[0]))) out_ += '\\';
  if (character.size() == 1 && absl::ascii_iscntrl(character[0])) {
    absl::StrAppend(&out_, "\\x{", absl::Hex(character[0]), "}");
    return;
  }
  absl::StrAppend(&out_, character);
}

absl::Status Translator::Class() {
  StartAtom();
  repetitions_ = 0;
  out_ += '[';
  ++at_;
  if (Peek() == '^') {
    out_ += '^';
    ++at_;
  }
  if (Peek() == ']') return Error("expected a character in [...]; write \\] for the bracket");
  while (at_ < in_.size() && Peek() != ']') {
    RETURN_IF_ERROR(ClassCharacter());
    if (Peek() != '-') continue;
    ++at_;
    if (at_ >= in_.size()) break;
    // A '-' before the end stands for itself.
    if (Peek() == ']') {
      out_ += "\\-";
      break;
    }
    out_ += '-';
    RETURN_IF_ERROR(ClassCharacter());
  }
  if (Peek() != ']') return Error("expected ']'");
  ++at_;
  out_ += ']';
  return absl::OkStatus();
}

absl::Status Translator::ClassCharacter() {
  if (Peek() == '\\') {
    ++at_;
    if (at_ >= in_.size()) return Error("expected ']'");
    if (absl::string_view("dDsSwW").find(Peek()) != absl::string_view::npos) {
      absl::StrAppend(&out_, "\\", std::string(1, Peek()));
      ++at_;
      return absl::OkStatus();
    }
  }
  const size_t size = CharacterSize(in_, at_);
  AppendLiteral(in_.substr(at_, size));
  at_ += size;
  return absl::OkStatus();
}

absl::Status Translator::QuotedText() {
  const size_t close = in_.find('"', at_ + 1);
  if (close == absl::string_view::npos) {
    return Error("expected a closing '\"'; write \\\" for the character");
  }
  StartAtom();
  repetitions_ = 0;
  out_ += "(?:";
  for (++at_; at_ < close;) {
    const size_t size = CharacterSize(in_, at_);
    AppendLiteral(in_.substr(at_, size));
    at_ += size;
  }
  out_ += ')';
  ++at_;
  return absl::OkStatus();
}

// <n-m>: of one width when both ends are as wide, else leading zeros are free.
absl::Status Translator::Interval() {
  const size_t close = in_.find('>', at_);
  const absl::string_view inner =
      in_.substr(at_ + 1, close == absl::string_view::npos ? 0 : close - at_ - 1);
  const absl::string_view low = inner.substr(0, inner.find('-'));
  const absl::string_view high = inner.substr(std::min(low.size() + 1, inner.size()));
  int64_t from = 0, to = 0;
  if (low.size() > 9 || high.size() > 9 || !absl::SimpleAtoi(low, &from) ||
      !absl::SimpleAtoi(high, &to) || !absl::ascii_isdigit(low[0]) ||
      !absl::ascii_isdigit(high[0])) {
    return Error("expected an interval like <1-9>; write \\< for the character");
  }
  if (from > to) std::swap(from, to);
  if (to - from >= kMaxInterval) return Error("the interval is wider than 1000 numbers");
  StartAtom();
  repetitions_ = 0;
  const size_t width = low.size() == high.size() ? low.size() : 0;
  absl::StrAppend(&out_, width == 0 ? "(?:0*(?:" : "(?:(?:");
  for (int64_t i = from; i <= to; ++i) {
    const std::string digits = absl::StrCat(i);
    const size_t zeros = width > digits.size() ? width - digits.size() : 0;
    absl::StrAppend(&out_, i > from ? "|" : "", std::string(zeros, '0'), digits);
  }
  out_ += "))";
  at_ = close + 1;
  return absl::OkStatus();
}

absl::Status Translator::OpenGroup() {
  if (groups_.size() >= kMaxGroups) return Error("groups are nested too deeply");
  FinishAtom();
  groups_.push_back(out_.size());
  out_ += "(?:";
  has_atom_ = false;
  ++at_;
  return absl::OkStatus();
}

absl::Status Translator::CloseGroup() {
  if (groups_.empty()) return Error("unexpected ')'; write \\) for the character");
  FinishAtom();
  out_ += ')';
  atom_ = groups_.back();
  groups_.pop_back();
  has_atom_ = true;
  repetitions_ = 0;
  ++at_;
  return absl::OkStatus();
}

void Translator::Bar() {
  FinishAtom();
  out_ += '|';
  has_atom_ = false;
  ++at_;
}

}  // namespace

absl::StatusOr<std::string> TranslateLuceneRegex(absl::string_view pattern) {
  if (pattern.size() > kMaxRegex) return absl::InvalidArgumentError("regex: longer than 32 KiB");
  return Translator(pattern).Run();
}

}  // namespace sequitur::eql
