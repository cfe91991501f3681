#include "enrich/request_forms.h"

namespace sequitur::enrich {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The byte that %HH or %u00HH stands for, and its length; -1 for neither.
struct Escape {
  int byte = -1;
  size_t size = 0;
};

Escape ReadEscape(absl::string_view text) {
  const bool unicode =
      text.size() >= 6 && (text[1] == 'u' || text[1] == 'U') && text[2] == '0' && text[3] == '0';
  const size_t at = unicode ? 4 : 1;
  if (text.size() < at + 2) return {};
  const int high = HexDigit(text[at]);
  const int low = HexDigit(text[at + 1]);
  if (high < 0 || low < 0) return {};
  return {high * 16 + low, at + 2};
}

// Length of the UTF-8 sequence at the front, 0 when it is none.
size_t Utf8Length(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const size_t size = lead < 0x80                   ? 1
                      : lead >= 0xC2 && lead < 0xE0 ? 2
                      : lead >= 0xE0 && lead < 0xF0 ? 3
                      : lead >= 0xF0 && lead < 0xF5 ? 4
                                                    : 0;
  if (size == 0 || text.size() < size) return 0;
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  return size;
}

}  // namespace

bool PercentDecode(absl::string_view text, std::string& out) {
  out.clear();
  out.reserve(text.size());
  bool changed = false;
  bool in_query = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    in_query = in_query || c == '?';
    const Escape escape = c == '%' ? ReadEscape(text.substr(i)) : Escape();
    if (escape.byte >= 0) {
      out.push_back(static_cast<char>(escape.byte));
      i += escape.size - 1;
    } else {
      out.push_back(c == '+' && in_query ? ' ' : c);
    }
    changed = changed || escape.byte >= 0 || (c == '+' && in_query);
  }
  return changed;
}

void RequestForms::Set(absl::string_view target) {
  target = target.substr(0, kMaxTarget);
  text_.assign(target.data(), target.size());
  text_.push_back(kSeparator);
  text_.push_back('\n');
  if (!PercentDecode(target, once_)) return;
  text_.append(once_).push_back(kSeparator);
  text_.push_back('\n');
  if (!PercentDecode(once_, twice_)) return;
  text_.append(twice_).push_back(kSeparator);
  text_.push_back('\n');
}

bool IsBinary(absl::string_view text) {
  // Nearly every target is printable ASCII: asked of many bytes at once.
  bool other = false;
  for (const char c : text) other |= static_cast<unsigned char>(c - 0x20) >= 0x7f - 0x20;
  if (!other) return false;
  for (size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return true;
    const size_t size = Utf8Length(text.substr(i));
    if (size == 0) return true;
    i += size;
  }
  return false;
}

}  // namespace sequitur::enrich
