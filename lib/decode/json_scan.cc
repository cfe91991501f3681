#include "decode/json_scan.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>

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
  Scanner(JsonKeys& keys, absl::string_view json, CaptureWriter& writer, Arena& arena)
      : keys_(keys),
        writer_(writer),
        arena_(arena),
        p_(json.data()),
        end_(json.data() + json.size()) {}

  bool Run() {
    SkipBlanks();
    if (!Take('{')) return false;
    levels_[0].array = false;
    // What none's key names is the document itself.
    Open(keys_.paths().TargetOf(JsonPaths::kRoot), /*array=*/false, &keys_.at(0).first);
    while (depth_ > 0) {
      if (!(levels_[depth_].array ? NextElement() : NextMember())) return false;
    }
    SkipBlanks();
    return p_ == end_;
  }
  bool has_skipped() const { return has_skipped_; }

 private:
  using Target = JsonPaths::Target;
  using Link = JsonKeys::Link;

  struct Level {
    Target target;
    const char* start;
    Link* guess;  // where to remember the next key, and what it was
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

  // Its bracket is taken. `first`: the key in it that comes first.
  void Open(const Target& target, bool array, Link* first) {
    levels_[++depth_] = {target, p_ - 1, first, array, false};
  }
  // Its last bracket is taken.
  void Close() {
    const Level& level = levels_[depth_--];
    // Within an array, the array itself is the raw value and not each element.
    if (level.target.raw >= 0 && !levels_[depth_].array) {
      writer_.Add(level.target.raw,
                  Value::String({level.start, static_cast<size_t>(p_ - level.start)}));
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
    const Next next = Separate('}');
    if (next != Next::kValue) return next == Next::kClosed;
    Level& level = levels_[depth_];
    JsonKeys::Key* key = &keys_.at(*level.guess);
    if (!key->Is(level.target.node, p_, end_)) return ReadKey(level);
    level.guess = &key->next;
    p_ += key->size;
    SkipBlanks();
    return ReadValue(key->target, &key->first);
  }

  // A member whose key is not the one guessed.
  bool ReadKey(Level& level) {
    const char* const start = p_;
    if (!Take('"')) return false;
    p_ = FindStringEnd(p_, end_);
    if (p_ == end_ || *p_ != '"') return false;
    const char* const close = p_++;
    SkipBlanks();
    if (!Take(':')) return false;
    const absl::string_view text(start, static_cast<size_t>(p_ - start));
    const uint32_t node = level.target.node;
    SkipBlanks();
    if (text.size() > JsonKeys::kMaxText || p_ - close != 2) {
      const auto name = text.substr(1, static_cast<size_t>(close - start - 1));
      return ReadValue(keys_.TargetOf(node, name), level.guess);
    }
    const Link link = keys_.Find(node, text);
    *level.guess = link;
    JsonKeys::Key& key = keys_.at(link);
    level.guess = &key.next;
    return ReadValue(key.target, &key.first);
  }

  bool NextElement() {
    const Next next = Separate(']');
    if (next != Next::kValue) return next == Next::kClosed;
    // Elements of an array belong where the array does.
    const Level& level = levels_[depth_];
    return ReadValue(level.target, level.guess);
  }

  // `first`: see Open. A copy of the target, which the reading may forget.
  bool ReadValue(const Target target, Link* first) {
    if (p_ == end_) return false;
    if (*p_ == '{' || *p_ == '[') {
      if (target.node == JsonPaths::kNone) return SkipNested();
      if (*p_ == '{' && !target.has_children) return SkipObject(target.raw);
      if (depth_ == kMaxJsonDepth) return false;
      const bool array = *p_++ == '[';
      Open(target, array, first);
      return true;
    }
    if (target.value < 0) return Skip();
    Value value;
    if (!ReadScalar(value)) return false;
    if (!value.is_null()) writer_.Add(target.value, value);
    return true;
  }

  bool ReadScalar(Value& value) {
    switch (*p_) {
      case '"':
        return ReadString(value);
      case 't':
        value = Value::Bool(true);
        return TakeWord("true");
      case 'f':
        value = Value::Bool(false);
        return TakeWord("false");
      case 'n':
        return TakeWord("null");
      default:
        return ReadNumber(value);
    }
  }

  bool ReadString(Value& value) {
    const char* const start = ++p_;
    p_ = FindStringEnd(p_, end_);
    if (p_ == end_) return false;
    if (*p_ == '"') {
      value = Value::String({start, static_cast<size_t>(p_++ - start)});
      return true;
    }
    return *p_ == '\\' && ReadEscaped(start, value);
  }

  // The string that began at `start`, its first escape at p_. Unescaped, all
  // strings of a document together are shorter than it: one piece of the arena
  // holds them.
  bool ReadEscaped(const char* start, Value& value) {
    if (out_ == nullptr) {
      out_ = arena_.Allocate<char>(static_cast<size_t>(end_ - start) + kStringBlock);
    }
    char* const text = out_;
    char* out = text;
    std::memcpy(out, start, static_cast<size_t>(p_ - start));
    out += p_ - start;
    while (true) {
      if (p_ == end_) return false;
      if (*p_ == '"') break;
      if (*p_ != '\\') return false;  // a control character
      out = PutEscape(out);
      if (out == nullptr) return false;
      p_ = CopyToStringEnd(p_, end_, out);
    }
    ++p_;
    out_ = out;
    value = Value::String({text, static_cast<size_t>(out - text)});
    return true;
  }

  // The escape at p_; null when it is not plain.
  char* PutEscape(char* out) {
    if (end_ - p_ < 2) return nullptr;
    const char letter = p_[1];
    p_ += 2;
    if (letter != 'u') {
      *out = Unescaped(letter);
      return *out == 0 ? nullptr : out + 1;
    }
    const int unit = ReadHex();
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

  bool ReadNumber(Value& value) {
    const char* const start = p_;
    const bool negative = Take('-');
    const char* const digits = p_;
    int64_t number = 0;
    while (p_ < end_ && IsDigit(*p_) && p_ - digits < kMaxDigits) {
      number = number * 10 + *p_++ - '0';
    }
    const auto count = p_ - digits;
    if (count == 0 || (count > 1 && *digits == '0')) return false;
    if (p_ < end_ && IsDigit(*p_)) return false;
    if (p_ < end_ && *p_ == '.') return ReadFraction(start, value);
    if (p_ < end_ && (*p_ == 'e' || *p_ == 'E')) return false;
    value = Value::Int(negative ? -number : number);
    return true;
  }

  // The number from `start` on, its point at p_.
  bool ReadFraction(const char* start, Value& value) {
    const char* const digits = ++p_;
    while (p_ < end_ && IsDigit(*p_)) ++p_;
    if (p_ == digits || p_ - start > kMaxDigits) return false;
    if (p_ < end_ && (*p_ == 'e' || *p_ == 'E')) return false;
    double number = 0;
    const auto parsed = std::from_chars(start, p_, number);
    if (parsed.ec != std::errc() || parsed.ptr != p_) return false;
    value = Value::Double(number);
    return true;
  }

  // Over a string or other scalar that nobody reads.
  bool Skip() {
    if (*p_ == '"') return SkipString();
    Value unread;
    return SkipInteger() || ReadScalar(unread);
  }

  // Over a short one, if there is.
  bool SkipInteger() {
    if (end_ - p_ < 16) return false;
    const int digits = CountDigits(p_);
    if (digits == 0 || digits == 16 || (*p_ == '0' && digits > 1)) return false;
    const char behind = p_[digits];
    if (behind == '.' || behind == 'e' || behind == 'E') return false;
    p_ += digits;
    return true;
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

  // An object of which only its bytes are wanted, if that.
  bool SkipObject(int raw) {
    const char* const start = p_;
    if (!SkipNested()) return false;
    if (raw >= 0 && !levels_[depth_].array) {
      writer_.Add(raw, Value::String({start, static_cast<size_t>(p_ - start)}));
    }
    return true;
  }

  // How far SkipNested is.
  struct Nesting {
    int depth = 0;
    uint64_t escaped = 0;    // carried from block to block
    uint64_t in_string = 0;  // all ones or none
  };
  static constexpr int kGoesOn = 0;
  static constexpr int kTooDeep = -1;

  // p_ is at its opening bracket. Only that brackets balance is looked at, and
  // that strings end.
  bool SkipNested() {
    has_skipped_ = true;
    Nesting nesting;
    while (end_ - p_ >= JsonBlock::kBytes) {
      const int size = SkipBlock(JsonBlock(p_), nesting);
      if (size == kTooDeep) return false;
      p_ += size == kGoesOn ? JsonBlock::kBytes : size;
      if (size != kGoesOn) return true;
    }
    char last[JsonBlock::kBytes];
    std::memset(last, ' ', sizeof last);
    std::memcpy(last, p_, static_cast<size_t>(end_ - p_));
    const int size = SkipBlock(JsonBlock(last), nesting);
    if (size <= 0) return false;
    p_ += size;
    return true;
  }

  // How much of the block belongs to the value, when it ends there.
  int SkipBlock(const JsonBlock& block, Nesting& nesting) const {
    const uint64_t quotes = block.quotes() & ~EscapedBits(block.backslashes(), nesting.escaped);
    if (!block.has_brackets()) {
      if (__builtin_popcountll(quotes) % 2 != 0) nesting.in_string = ~nesting.in_string;
      return kGoesOn;
    }
    const uint64_t strings = PrefixXor(quotes) ^ nesting.in_string;
    nesting.in_string = strings >> 63 != 0 ? ~uint64_t{0} : 0;
    const uint64_t opening = block.opening() & ~strings;
    uint64_t closing = block.closing() & ~strings;
    const int opened = __builtin_popcountll(opening);
    if (depth_ + nesting.depth + opened > kMaxJsonDepth) return kTooDeep;
    const int closed = __builtin_popcountll(closing);
    if (closed >= nesting.depth) {
      // The end may be here: the closing bracket before which all are closed.
      for (int n = 1; closing != 0; ++n, closing &= closing - 1) {
        const int at = __builtin_ctzll(closing);
        const uint64_t before = (uint64_t{1} << at) - 1;
        if (nesting.depth + __builtin_popcountll(opening & before) == n) return at + 1;
      }
    }
    nesting.depth += opened - closed;
    return kGoesOn;
  }

  JsonKeys& keys_;
  CaptureWriter& writer_;
  Arena& arena_;
  const char* p_;
  const char* const end_;
  Level levels_[kMaxJsonDepth + 1];
  int depth_ = 0;
  char* out_ = nullptr;  // where the next unescaped string goes
  bool has_skipped_ = false;
};

}  // namespace

Scanned ScanJson(JsonKeys& keys, absl::string_view json, Arena& arena, JsonCaptures& captures) {
  keys.Start();
  CaptureWriter writer(captures, arena, keys.paths().size());
  Scanner scanner(keys, json, writer, arena);
  if (!scanner.Run()) return Scanned::kNotPlain;
  return scanner.has_skipped() ? Scanned::kInPart : Scanned::kInFull;
}

}  // namespace sequitur::decode
