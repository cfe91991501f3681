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

// Each step takes the place where it begins and returns the one behind it; null
// when what is there is not plain.
class Scanner {
 public:
  Scanner(JsonKeys& keys, absl::string_view json, CaptureWriter& writer, Arena& arena)
      : keys_(keys), writer_(writer), arena_(arena), end_(json.data() + json.size()) {
    const size_t size = std::min<size_t>(json.size(), kKeyAhead);
    std::copy(end_ - size, end_, last_ + kKeyAhead - size);
  }

  bool Run(const char* p) {
    p = SkipBlanks(p);
    if (p == end_ || *p != '{') return false;
    levels_[0].array = false;
    // What none's key names is the document itself.
    Open(keys_.paths().TargetOf(JsonPaths::kRoot), p, &keys_.at(0).first);
    while (level_ != levels_) {
      p = level_->array ? ReadElements(p) : ReadMembers(p);
      if (p == nullptr) return false;
    }
    return SkipBlanks(p) == end_;
  }
  bool has_skipped() const { return has_skipped_; }

 private:
  using Target = JsonPaths::Target;
  using Key = JsonKeys::Key;
  using Guess = JsonKeys::Guess;

  struct Level {
    Target target;
    const char* start;
    Guess* guess;  // where to remember the next key, and what it was
    // What stands before the next value: its own bracket first, then a comma.
    char before;
    bool array;
  };
  static constexpr char kComma = ',';

  // How many bytes a key is compared by, and whether a number is all there.
  static constexpr ptrdiff_t kKeyAhead = JsonKeys::kMaxText;
  // As many from `p` on, with zeros behind the end; no key has one.
  const char* KeyBytes(const char* p) const {
    const ptrdiff_t rest = end_ - p;
    return rest >= kKeyAhead ? p : last_ + (kKeyAhead - rest);
  }
  bool HasNumberAhead(const char* p) const { return end_ - p > 16; }

  int depth() const { return static_cast<int>(level_ - levels_); }

  const char* SkipBlanks(const char* p) const {
    while (p < end_ && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) ++p;
    return p;
  }
  const char* TakeWord(const char* p, absl::string_view word) const {
    const absl::string_view rest(p, static_cast<size_t>(end_ - p));
    return rest.substr(0, word.size()) == word ? p + word.size() : nullptr;
  }

  // Its bracket is at `p`. `first`: the key in it that comes first.
  void Open(const Target& target, const char* p, Guess* first) {
    *++level_ = {target, p, first, *p, *p == '['};
  }
  // Its last bracket is before `p`.
  void Close(const char* p) {
    const Level& level = *level_--;
    AddRaw(level.target.raw, level.start, p);
  }
  // The value from `start` to `p`, as its bytes. Within an array, the array itself
  // is the raw value and not each element.
  void AddRaw(int raw, const char* start, const char* p) {
    if (raw < 0 || level_->array) return;
    writer_.Add(raw, Value::String({start, static_cast<size_t>(p - start)}));
  }

  // Members of the innermost object, and of objects in it, until an array begins or
  // goes on, or the document ends. `p` is at the object's bracket or behind a
  // value.
  const char* ReadMembers(const char* p) {
    Level* level = level_;
    while (true) {
      if (p == end_) return nullptr;
      if (*p == '}') {
        Close(++p);
        level = level_;
        if (level == levels_ || level->array) return p;
        continue;
      }
      Key* key = &keys_.at(level->guess->latest);
      if (*p == level->before && key->IsBehind(KeyBytes(p), level->target.node)) {
        p += key->size;
        level->guess = &key->next;
        level->before = kComma;
        if (p < end_ && *p <= ' ') p = SkipBlanks(p);
      } else {
        p = ReadKey(p, *level, key);
        if (p == nullptr) return nullptr;
        if (key == nullptr) continue;
      }
      p = ReadValue(p, key->target, &key->first);
      if (p == nullptr) return nullptr;
      if (level_ == level) continue;
      level = level_;
      if (level->array) return p;
    }
  }

  // The key that comes next when it is not the one guessed, or blanks stand about
  // it; up to its value. No key: the object ends behind blanks.
  [[gnu::noinline]] const char* ReadKey(const char* p, Level& level, Key*& key) {
    if (level.before != kComma) ++p;
    p = SkipBlanks(p);
    if (p == end_) return nullptr;
    if (*p == '}') {
      level.before = kComma;
      key = nullptr;
      return p;
    }
    if (level.before == kComma) {
      if (*p != kComma) return nullptr;
      p = SkipBlanks(p + 1);
    }
    level.before = kComma;
    if (p == end_ || *p != '"') return nullptr;
    key = GuessedKey(p, level);
    if (key != nullptr) {
      level.guess = &key->next;
      return SkipBlanks(p + key->size - 1);
    }
    const char* const start = p;
    const char* const close = FindStringEnd(p + 1, end_);
    if (close == end_ || *close != '"') return nullptr;
    p = SkipBlanks(close + 1);
    if (p == end_ || *p != ':') return nullptr;
    ++p;
    const uint32_t node = level.target.node;
    const absl::string_view text(start, static_cast<size_t>(p - start));
    if (text.size() < JsonKeys::kMaxText && p - close == 2) {
      level.guess->Remember(keys_.Find(node, text));
      key = &keys_.at(level.guess->latest);
      level.guess = &key->next;
    } else {
      key = &unkept_;
      key->target = keys_.TargetOf(node, {start + 1, static_cast<size_t>(close - start - 1)});
    }
    return SkipBlanks(p);
  }

  // The key at `p`, a quote, if it is one of those seen here last.
  Key* GuessedKey(const char* p, Level& level) {
    const char* const bytes = KeyBytes(p - 1);
    Key& latest = keys_.at(level.guess->latest);
    if (latest.IsBehind(bytes, level.target.node)) return &latest;
    Key& before = keys_.at(level.guess->before);
    if (!before.IsBehind(bytes, level.target.node)) return nullptr;
    level.guess->Remember(level.guess->before);
    return &before;
  }

  // Elements of the innermost array, until something begins in it or it ends.
  const char* ReadElements(const char* p) {
    Level& level = *level_;
    while (level_ == &level) {
      if (level.before != kComma) ++p;
      p = SkipBlanks(p);
      if (p == end_) return nullptr;
      if (*p == ']') {
        Close(p + 1);
        return p + 1;
      }
      if (level.before == kComma) {
        if (*p != kComma) return nullptr;
        p = SkipBlanks(p + 1);
      }
      level.before = kComma;
      // Elements of an array belong where the array does.
      p = ReadValue(p, level.target, level.guess);
      if (p == nullptr) return nullptr;
    }
    return p;
  }

  // The value at `p`; of a wanted object or array, its beginning.
  [[gnu::always_inline]] inline const char* ReadValue(const char* p, const Target& target,
                                                      Guess* first) {
    if (p == end_) return nullptr;
    if (*p == '"') return target.value >= 0 ? ReadString(p, target.value) : SkipString(p);
    if (*p == '{' || *p == '[') return ReadNested(p, target, first);
    if (HasNumberAhead(p)) {
      // Mostly it is a small number.
      const int digits = CountDigits(p);
      if (digits > 0 && IsInteger(p, digits)) {
        if (target.value >= 0) writer_.Add(target.value, Value::Int(DigitsToInt(p, digits)));
        return p + digits;
      }
    }
    Value value;
    p = ReadPlain(p, value);
    if (target.value >= 0 && p != nullptr && !value.is_null()) writer_.Add(target.value, value);
    return p;
  }

  const char* ReadNested(const char* p, const Target& target, Guess* first) {
    if (target.node == JsonPaths::kNone || (*p == '{' && !target.has_children)) {
      const char* const behind = SkipNested(p);
      if (behind != nullptr) AddRaw(target.raw, p, behind);
      return behind;
    }
    if (depth() == kMaxJsonDepth) return nullptr;
    Open(target, p, first);
    return p;
  }

  [[gnu::noinline]] const char* ReadPlain(const char* p, Value& value) {
    switch (*p) {
      case 't':
        value = Value::Bool(true);
        return TakeWord(p, "true");
      case 'f':
        value = Value::Bool(false);
        return TakeWord(p, "false");
      case 'n':
        return TakeWord(p, "null");
      default:
        return ReadNumber(p, value);
    }
  }

  const char* ReadString(const char* p, int id) {
    const char* const start = ++p;
    p = FindStringEnd(p, end_);
    if (p == end_) return nullptr;
    if (*p == '"') {
      writer_.Add(id, Value::String({start, static_cast<size_t>(p - start)}));
      return p + 1;
    }
    return ReadEscaped(start, p, id);
  }

  // The string that began at `start`, its first escape at `p`. Unescaped, all
  // strings of a document together are shorter than it: one piece of the arena
  // holds them.
  [[gnu::noinline]] const char* ReadEscaped(const char* start, const char* p, int id) {
    if (out_ == nullptr) {
      out_ = arena_.Allocate<char>(static_cast<size_t>(end_ - start) + kStringBlock);
    }
    char* const text = out_;
    std::memcpy(text, start, static_cast<size_t>(p - start));
    char* out = text + (p - start);
    while (true) {
      p = CopyToStringEnd(p, end_, out);
      if (p == end_) return nullptr;
      if (*p == '"') break;
      if (*p != '\\' || end_ - p < 2) return nullptr;  // or a control character
      p = PutEscape(p, out);
      if (p == nullptr) return nullptr;
    }
    out_ = out;
    writer_.Add(id, Value::String({text, static_cast<size_t>(out - text)}));
    return p + 1;
  }

  // The escape at `p`, of two bytes at least.
  const char* PutEscape(const char* p, char*& out) const {
    const char letter = p[1];
    p += 2;
    if (letter != 'u') {
      *out = Unescaped(letter);
      return *out++ == 0 ? nullptr : p;
    }
    const int unit = HexUnit(p);
    if (unit < 0 || (unit >= 0xdc00 && unit < 0xe000)) return nullptr;
    p += 4;
    auto c = static_cast<uint32_t>(unit);
    if (unit >= 0xd800 && unit < 0xdc00) {
      if (end_ - p < 2 || p[0] != '\\' || p[1] != 'u') return nullptr;
      p += 2;
      const int low = HexUnit(p);
      if (low < 0xdc00 || low >= 0xe000) return nullptr;
      p += 4;
      c = 0x10000 + ((c - 0xd800) << 10) + static_cast<uint32_t>(low - 0xdc00);
    }
    out = PutUtf8(c, out);
    return p;
  }

  // Of four hexadecimal digits; -1 when they are not.
  int HexUnit(const char* p) const {
    if (end_ - p < 4) return -1;
    int value = 0;
    for (int i = 0; i < 4; ++i) {
      const int digit = HexDigit(p[i]);
      if (digit < 0) return -1;
      value = value * 16 + digit;
    }
    return value;
  }

  // Whether so many digits, and not all sixteen that were looked at, are a number.
  static bool IsInteger(const char* p, int digits) {
    if (digits == 16 || (*p == '0' && digits > 1)) return false;
    const char behind = p[digits];
    return behind != '.' && behind != 'e' && behind != 'E';
  }

  const char* ReadNumber(const char* p, Value& value) const {
    const char* const start = p;
    const bool negative = *p == '-';
    if (negative) ++p;
    if (HasNumberAhead(p)) {
      const int digits = CountDigits(p);
      if (digits > 0 && IsInteger(p, digits)) {
        const int64_t number = DigitsToInt(p, digits);
        value = Value::Int(negative ? -number : number);
        return p + digits;
      }
    }
    const char* const digits = p;
    int64_t number = 0;
    while (p < end_ && IsDigit(*p) && p - digits < kMaxDigits) number = number * 10 + *p++ - '0';
    const auto count = p - digits;
    if (count == 0 || (count > 1 && *digits == '0')) return nullptr;
    if (p < end_ && IsDigit(*p)) return nullptr;
    if (p < end_ && *p == '.') return ReadFraction(start, p + 1, value);
    if (p < end_ && (*p == 'e' || *p == 'E')) return nullptr;
    value = Value::Int(negative ? -number : number);
    return p;
  }

  // The number from `start` on; `p` is behind its point.
  const char* ReadFraction(const char* start, const char* p, Value& value) const {
    const char* const digits = p;
    while (p < end_ && IsDigit(*p)) ++p;
    if (p == digits || p - start > kMaxDigits) return nullptr;
    if (p < end_ && (*p == 'e' || *p == 'E')) return nullptr;
    double number = 0;
    const auto parsed = std::from_chars(start, p, number);
    if (parsed.ec != std::errc() || parsed.ptr != p) return nullptr;
    value = Value::Double(number);
    return p;
  }

  // Escapes are stepped over as they are.
  const char* SkipString(const char* p) {
    ++p;
    while (true) {
      p = FindStringEnd(p, end_);
      if (p == end_) return nullptr;
      if (*p == '"') return p + 1;
      if (*p != '\\' || end_ - p < 2) return nullptr;
      has_skipped_ = true;
      p += 2;
    }
  }

  // How far SkipNested is.
  struct Nesting {
    int depth = 0;
    uint64_t escaped = 0;    // carried from block to block
    uint64_t in_string = 0;  // all ones or none
  };
  static constexpr int kGoesOn = 0;
  static constexpr int kTooDeep = -1;

  // Only that brackets balance is looked at, and that strings end.
  [[gnu::noinline]] const char* SkipNested(const char* p) {
    has_skipped_ = true;
    Nesting nesting;
    while (end_ - p >= JsonBlock::kBytes) {
      const int size = SkipBlock(JsonBlock(p), nesting);
      if (size == kTooDeep) return nullptr;
      if (size != kGoesOn) return p + size;
      p += JsonBlock::kBytes;
    }
    char last[JsonBlock::kBytes];
    std::memset(last, ' ', sizeof last);
    std::memcpy(last, p, static_cast<size_t>(end_ - p));
    const int size = SkipBlock(JsonBlock(last), nesting);
    return size > 0 ? p + size : nullptr;
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
    if (depth() + nesting.depth + opened > kMaxJsonDepth) return kTooDeep;
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
  const char* const end_;
  Level levels_[kMaxJsonDepth + 1];  // the first is what the document stands in
  Level* level_ = levels_;
  Key unkept_;                     // one that is too long to remember
  char last_[2 * kKeyAhead] = {};  // the document's last bytes, and zeros
  char* out_ = nullptr;            // where the next unescaped string goes
  bool has_skipped_ = false;
};

}  // namespace

Scanned ScanJson(JsonKeys& keys, absl::string_view json, Arena& arena, JsonCaptures& captures) {
  keys.Start();
  CaptureWriter writer(captures, arena, keys.paths().size());
  Scanner scanner(keys, json, writer, arena);
  if (!scanner.Run(json.data())) return Scanned::kNotPlain;
  return scanner.has_skipped() ? Scanned::kInPart : Scanned::kInFull;
}

}  // namespace sequitur::decode
