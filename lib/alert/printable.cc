#include "alert/printable.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace sequitur::alert {
namespace {

// One decoded character: `size` bytes; 1 byte and valid = false for damage.
struct Character {
  uint32_t code = 0;
  size_t size = 1;
  bool valid = false;
};

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
Character DecodeFirst(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  const size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return {};
  uint32_t code = lead & (0x7F >> size);
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3F);
  }
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kSmallest[size] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {};
  return {code, size, true};
}

// Controls, zero-width and direction marks, line and paragraph separators.
bool IsHidden(uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0xAD ||
         (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
         (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF;
}

}  // namespace

std::string ValidUtf8(absl::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character c = DecodeFirst(text);
    absl::StrAppend(&out, c.valid ? text.substr(0, c.size) : "\xEF\xBF\xBD");
    text.remove_prefix(c.size);
  }
  return out;
}

std::string Printable(absl::string_view text, size_t max_chars) {
  std::string out;
  for (size_t chars = 0; !text.empty(); ++chars) {
    if (chars == max_chars) return out + "…";
    const Character c = DecodeFirst(text);
    if (!c.valid) {
      absl::StrAppendFormat(&out, "\\x%02X", static_cast<uint8_t>(text[0]));
    } else if (IsHidden(c.code)) {
      absl::StrAppendFormat(&out, c.code < 0x80 ? "\\x%02X" : "\\u{%04X}", c.code);
    } else {
      absl::StrAppend(&out, text.substr(0, c.size));
    }
    text.remove_prefix(c.size);
  }
  return out;
}

}  // namespace sequitur::alert
