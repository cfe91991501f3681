#pragma once

// UTF-8 as EQL counts it: a character is one code point, and each byte that is
// not part of valid UTF-8 is a character of its own, so that no byte of a
// hostile value can hide its neighbours.
//
// Threads:  free functions.

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "base/arena.h"

namespace sequitur::eql {

// A decoded character; `valid` is false for a stray byte, and `code` is the byte.
struct Character {
  uint32_t code = 0;
  uint8_t size = 1;
  bool valid = true;
};

// REQUIRES: at < text.size().
Character CharacterAt(absl::string_view text, size_t at);
inline size_t CharacterSize(absl::string_view text, size_t at) {
  return static_cast<unsigned char>(text[at]) < 0x80 ? 1 : CharacterAt(text, at).size;
}
// Bytes of the character that ends just before `end`. REQUIRES: 0 < end <= text.size().
size_t CharacterSizeBefore(absl::string_view text, size_t end);

size_t CountCharacters(absl::string_view text);
// Byte offset of character number `index`, or text.size() when there are fewer.
size_t ByteOffset(absl::string_view text, size_t index);

bool IsAscii(absl::string_view text);
bool IsValidUtf8(absl::string_view text);

// Each stray byte becomes U+FFFD; the text itself when there is none.
absl::string_view ReplaceInvalidUtf8(absl::string_view text, Arena& arena);

// Writes `code` to `out`, which must have room for four bytes; returns the size.
size_t EncodeUtf8(uint32_t code, char* out);
void AppendUtf8(uint32_t code, std::string* out);

}  // namespace sequitur::eql
