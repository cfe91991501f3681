#include "decode/json_scan.h"

#include <charconv>
#include <cstring>
#include <optional>

#include "decode/json_bytes.h"
#include "decode/json_captures.h"

namespace sequitur::decode {
namespace {

using event::Value;

constexpr int kMaxDigits = 18;  // of an integer that fits int64 for sure

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Appends the character in UTF-8; returns behind it.
char* PutUtf8(uint32_t c, char* out) {
  if (c < 0x80) {
    *out++ = static_cast<char>(c);
  } else if (c < 0x800) {
    *out++ = static_cast<char>(0xc0 | c >> 6);
    *out++ = static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    *out++ = static_cast<char>(0xe0 | c >> 12);
    *out++ = static_cast<char>(0x80 | (c >> 6 & 0x3f));
    *out++ = static_cast<char>(0x80 | (c & 0x3f));
  } else {
    *out++ = static_cast<char>(0xf0 | c >> 18);
    *out++ = static_cast<char>(0x80 | (c >> 12 & 0x3f));
    *out++ = static_cast<char>(0x80 | (c >> 6 & 0x3f));
    *out++ = static_cast<char>(0x80 | (c & 0x3f));
  }
  return out;
}

// What a backslash and this letter stand for; 0: not plain.
char Unescaped(char letter) {
  switch (letter) {
    case '"':
    case '\\':
    case '/':
      return letter;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

class Scanner {
 public:
  Scanner(const JsonPaths& paths, absl::string_view json, CaptureWriter& writer, Arena& arena)
      : paths_(paths),
        writer_(writer),
        arena_(arena),
        p_(json.data()),
        end_(json.data() + json.size()) {}

  bool Run() {
    SkipBlanks();
    if (!Take('{')) return false;
    levels_[0].array = false;
    Open(JsonPaths::kRoot, /*array=*/false);
    while (depth_ > 0) {
      if (!(levels_[depth_].array ? NextElement() : NextMember())) return false;
    }
    SkipBlanks();
    return p_ == end_;
  }
  bool has_skipped() const { return has_skipped_; }

 private:
  struct Level {
    uint32_t node;
    const char* start;
    bool array;
    bool begun;  // holds something already: a comma comes first
  };

  void SkipBlanks() {
    while (p_ < end_ && (*p_ == ' ' || *p_ == '\n' || *p_ == '\r' || *p_ == '\t')) ++p_;
  }
  bool Take(char c) {
    if (p_ == end_ || *p_ != c) return false;
    ++p_;
    return true;
  }
  bool TakeWord(absl::string_view word) {
    if (absl::string_view(p_, static_cast<size_t>(end_ - p_)).substr(0, word.size()) != word) {
      return false;
    }
    p_ += word.size();
    return true;
  }

  // Its bracket is taken.
  void Open(uint32_t node, bool array) { levels_[++depth_] = {node, p_ - 1, array, false}; }
  // Its last bracket is taken.
  void Close() {
    const Level& level = levels_[depth_--];
    const int id = paths_.raw_at(level.node);
    // Within an array, the array itself is the raw value and not each element.
    if (id >= 0 && !levels_[depth_].array) {
      writer_.Add(id, Value::String({level.start, static_cast<size_t>(p_ - level.start)}));
    }
  }

  // The comma between two, or the end; false: neither.
  enum class Next { kValue, kClosed, kOdd };
  Next Separate(char close) {
    Level& level = levels_[depth_];
    SkipBlanks();
    if (Take(close)) {
      Close();
      return Next::kClosed;
    }
    if (level.begun) {
      if (!Take(',')) return Next::kOdd;
      SkipBlanks();
    }
    level.begun = true;
    return Next::kValue;
  }

  bool NextMember() {
    const uint32_t parent = levels_[depth_].node;
    const Next next = Separate('}');
    if (next != Next::kValue) return next == Next::kClosed;
    if (!Take('"')) return false;
    const char* const key = p_;
    p_ = FindStringEnd(p_, end_);
    if (p_ == end_ || *p_ != '"') return false;
    const absl::string_view name(key, static_cast<size_t>(p_ - key));
    ++p_;
    SkipBlanks();
    if (!Take(':')) return false;
    SkipBlanks();
    return ReadValue(parent == JsonPaths::kNone ? parent : paths_.Find(parent, name));
  }

  bool NextElement() {
    const Next next = Separate(']');
    if (next != Next::kValue) return next == Next::kClosed;
    // Elements of an array belong where the array does.
    return ReadValue(levels_[depth_].node);
  }

  bool ReadValue(uint32_t node) {
    if (p_ == end_) return false;
    if (node == JsonPaths::kNone) return Skip();
    if (*p_ == '{' || *p_ == '[') {
      if (depth_ == kMaxJsonDepth) return false;
      const bool array = *p_++ == '[';
      Open(node, array);
      return true;
    }
    const int id = paths_.value_at(node);
    if (id < 0) return Skip();
    const std::optional<Value> value = ReadScalar();
    if (!value.has_value()) return false;
    if (!value->is_null()) writer_.Add(id, *value);
    return true;
  }

  std::optional<Value> ReadScalar() {
    switch (*p_) {
      case '"':
        return ReadString();
      case 't':
        return TakeWord("true") ? std::optional(Value::Bool(true)) : std::nullopt;
      case 'f':
        return TakeWord("false") ? std::optional(Value::Bool(false)) : std::nullopt;
      case 'n':
        return TakeWord("null") ? std::optional(Value::Null()) : std::nullopt;
      default:
        return ReadNumber();
    }
  }

  std::optional<Value> ReadString() {
    const char* const start = ++p_;
    p_ = FindStringEnd(p_, end_);
    if (p_ == end_) return std::nullopt;
    if (*p_ == '"') return Value::String({start, static_cast<size_t>(p_++ - start)});
    return *p_ == '\\' ? ReadEscaped(start) : std::nullopt;
  }

  // The string that began at `start`, its first escape at p_. Unescaped it is no
  // longer than it stands there.
  std::optional<Value> ReadEscaped(const char* start) {
    const char* const close = FindClosingQuote(p_, end_);
    if (close == nullptr) return std::nullopt;
    char* const text = arena_.Allocate<char>(static_cast<size_t>(close - start));
    char* out = text;
    const char* from = start;
    while (true) {
      std::memcpy(out, from, static_cast<size_t>(p_ - from));
      out += p_ - from;
      if (p_ == close) break;
      if (*p_ != '\\') return std::nullopt;  // a control character
      out = PutEscape(out);
      if (out == nullptr) return std::nullopt;
      from = p_;
      p_ = FindStringEnd(p_, close);
    }
    ++p_;
    return Value::String({text, static_cast<size_t>(out - text)});
  }

  // Where the string ends that goes on at p; null when it does not.
  static const char* FindClosingQuote(const char* p, const char* end) {
    while (true) {
      p = FindStringEnd(p, end);
      if (p == end) return nullptr;
      if (*p == '"') return p;
      p += *p == '\\' ? 2 : 1;
      if (p > end) return nullptr;
    }
  }

  // The escape at p_; null when it is not plain.
  char* PutEscape(char* out) {
    const char letter = p_[1];  // there is one: the closing quote comes later
    if (letter != 'u') {
      p_ += 2;
      *out = Unescaped(letter);
      return *out == 0 ? nullptr : out + 1;
    }
    p_ += 2;
    int unit = ReadHex();
    if (unit < 0 || (unit >= 0xdc00 && unit < 0xe000)) return nullptr;
    auto c = static_cast<uint32_t>(unit);
    if (unit >= 0xd800 && unit < 0xdc00) {
      if (end_ - p_ < 2 || p_[0] != '\\' || p_[1] != 'u') return nullptr;
      p_ += 2;
      const int low = ReadHex();
      if (low < 0xdc00 || low >= 0xe000) return nullptr;
      c = 0x10000 + ((c - 0xd800) << 10) + static_cast<uint32_t>(low - 0xdc00);
    }
    return PutUtf8(c, out);
  }

  // Four hexadecimal digits; -1 when they are not.
  int ReadHex() {
    if (end_ - p_ < 4) return -1;
    int value = 0;
    for (int i = 0; i < 4; ++i) {
      const int digit = HexDigit(*p_++);
      if (digit < 0) return -1;
      value = value * 16 + digit;
    }
    return value;
  }

  std::optional<Value> ReadNumber() {
    const char* const start = p_;
    const bool negative = Take('-');
    const char* const digits = p_;
    int64_t value = 0;
    while (p_ < end_ && IsDigit(*p_) && p_ - digits < kMaxDigits) value = value * 10 + *p_++ - '0';
    const auto count = p_ - digits;
    if (count == 0 || (count > 1 && *digits == '0')) return std::nullopt;
    if (p_ < end_ && IsDigit(*p_)) return std::nullopt;
    if (p_ < end_ && *p_ == '.') return ReadFraction(start);
    if (p_ < end_ && (*p_ == 'e' || *p_ == 'E')) return std::nullopt;
    return Value::Int(negative ? -value : value);
  }

  // The number from `start` on, its point at p_.
  std::optional<Value> ReadFraction(const char* start) {
    const char* const digits = ++p_;
    while (p_ < end_ && IsDigit(*p_)) ++p_;
    if (p_ == digits || p_ - start > kMaxDigits) return std::nullopt;
    if (p_ < end_ && (*p_ == 'e' || *p_ == 'E')) return std::nullopt;
    double value = 0;
    const auto parsed = std::from_chars(start, p_, value);
    if (parsed.ec != std::errc() || parsed.ptr != p_) return std::nullopt;
    return Value::Double(value);
  }

  // Over a value that nobody reads.
  bool Skip() {
    if (*p_ == '"') return SkipString();
    if (*p_ == '{' || *p_ == '[') return SkipNested();
    return ReadScalar().has_value();
  }

  // p_ is at its opening quote. Escapes are stepped over as they are.
  bool SkipString() {
    ++p_;
    while (true) {
      p_ = FindStringEnd(p_, end_);
      if (p_ == end_) return false;
      if (*p_ == '"') break;
      if (*p_ != '\\' || end_ - p_ < 2) return false;
      has_skipped_ = true;
      p_ += 2;
    }
    ++p_;
    return true;
  }

  // p_ is at its opening bracket.
  bool SkipNested() {
    has_skipped_ = true;
    uint64_t arrays = 0;  // a bit for each open bracket: whether it is [
    int depth = 0;
    while (true) {
      p_ = FindStructure(p_, end_);
      if (p_ == end_) return false;
      switch (*p_) {
        case '"':
          if (!SkipString()) return false;
          continue;
        case '{':
        case '[':
          if (depth_ + ++depth > kMaxJsonDepth) return false;
          arrays = arrays << 1 | (*p_ == '[' ? 1 : 0);
          break;
        default:
          if ((*p_ == ']') != ((arrays & 1) != 0)) return false;
          arrays >>= 1;
          if (--depth == 0) {
            ++p_;
            return true;
          }
      }
      ++p_;
    }
  }

  const JsonPaths& paths_;
  CaptureWriter& writer_;
  Arena& arena_;
  const char* p_;
  const char* const end_;
  Level levels_[kMaxJsonDepth + 1];
  int depth_ = 0;
  bool has_skipped_ = false;
};

}  // namespace

Scanned ScanJson(const JsonPaths& paths, absl::string_view json, Arena& arena,
                 JsonCaptures& captures) {
  CaptureWriter writer(captures, arena, paths.size());
  Scanner scanner(paths, json, writer, arena);
  if (!scanner.Run()) return Scanned::kNotPlain;
  return scanner.has_skipped() ? Scanned::kInPart : Scanned::kInFull;
}

}  // namespace sequitur::decode
