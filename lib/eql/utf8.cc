#include "eql/utf8.h"

#include <algorithm>
#include <cstring>

namespace sequitur::eql {
namespace {

bool IsContinuation(absl::string_view text, size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}

uint32_t Bits(absl::string_view text, size_t at) {
  return static_cast<unsigned char>(text[at]) & 0x3F;
}

constexpr Character Valid(uint32_t code, uint8_t size) { return {code, size, true}; }

}  // namespace

Character CharacterAt(absl::string_view text, size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0x80) return Valid(lead, 1);
  const Character stray = {lead, 1, false};
  if (lead < 0xC2 || lead > 0xF4 || !IsContinuation(text, at + 1)) return stray;
  if (lead < 0xE0) return Valid((lead & 0x1Fu) << 6 | Bits(text, at + 1), 2);
  if (!IsContinuation(text, at + 2)) return stray;
  if (lead < 0xF0) {
    const uint32_t code = (lead & 0x0Fu) << 12 | Bits(text, at + 1) << 6 | Bits(text, at + 2);
    const bool surrogate = code >= 0xD800 && code < 0xE000;
    return code < 0x800 || surrogate ? stray : Valid(code, 3);
  }
  if (!IsContinuation(text, at + 3)) return stray;
  const uint32_t code = (lead & 0x07u) << 18 | Bits(text, at + 1) << 12 | Bits(text, at + 2) << 6 |
                        Bits(text, at + 3);
  return code < 0x10000 || code > 0x10FFFF ? stray : Valid(code, 4);
}

size_t CharacterSizeBefore(absl::string_view text, size_t end) {
  // A lead byte or an ASCII byte always starts a character, so looking back to
  // the nearest one is enough to agree with reading from the front.
  for (size_t size = 2; size <= std::min<size_t>(4, end); ++size) {
    if (!IsContinuation(text, end - size + 1)) break;
    if (!IsContinuation(text, end - size)) {
      return CharacterAt(text, end - size).size == size ? size : 1;
    }
  }
  return 1;
}

size_t CountCharacters(absl::string_view text) {
  size_t count = 0;
  for (size_t at = 0; at < text.size(); at += CharacterSize(text, at)) ++count;
  return count;
}

size_t ByteOffset(absl::string_view text, size_t index) {
  size_t at = 0;
  for (; at < text.size() && index > 0; --index) at += CharacterSize(text, at);
  return at;
}

bool IsAscii(absl::string_view text) {
  // By words, the last of which overlaps the one before.
  const auto word_at = [&](size_t at) {
    uint64_t word;
    std::memcpy(&word, text.data() + at, sizeof(word));
    return word;
  };
  uint64_t all = 0;
  if (text.size() < sizeof(all)) {
    for (const char c : text) all |= static_cast<unsigned char>(c);
  } else {
    all = word_at(text.size() - sizeof(all));
    for (size_t at = 0; at + sizeof(all) < text.size(); at += sizeof(all)) all |= word_at(at);
  }
  return (all & 0x8080808080808080) == 0;
}

bool IsValidUtf8(absl::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const Character c = CharacterAt(text, at);
    if (!c.valid) return false;
    at += c.size;
  }
  return true;
}

absl::string_view ReplaceInvalidUtf8(absl::string_view text, Arena& arena) {
  if (IsValidUtf8(text)) return text;
  constexpr uint32_t kReplacement = 0xFFFD;
  char* out = arena.Allocate<char>(3 * text.size());
  char* end = out;
  for (size_t at = 0; at < text.size();) {
    const Character c = CharacterAt(text, at);
    end += EncodeUtf8(c.valid ? c.code : kReplacement, end);
    at += c.size;
  }
  return {out, static_cast<size_t>(end - out)};
}

size_t EncodeUtf8(uint32_t code, char* out) {
  if (code < 0x80) {
    out[0] = static_cast<char>(code);
    return 1;
  }
  if (code < 0x800) {
    out[0] = static_cast<char>(0xC0 | code >> 6);
    out[1] = static_cast<char>(0x80 | (code & 0x3F));
    return 2;
  }
  if (code < 0x10000) {
    out[0] = static_cast<char>(0xE0 | code >> 12);
    out[1] = static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out[2] = static_cast<char>(0x80 | (code & 0x3F));
    return 3;
  }
  out[0] = static_cast<char>(0xF0 | code >> 18);
  out[1] = static_cast<char>(0x80 | (code >> 12 & 0x3F));
  out[2] = static_cast<char>(0x80 | (code >> 6 & 0x3F));
  out[3] = static_cast<char>(0x80 | (code & 0x3F));
  return 4;
}

void AppendUtf8(uint32_t code, std::string* out) {
  char buffer[4];
  out->append(buffer, EncodeUtf8(code, buffer));
}

}  // namespace sequitur::eql
