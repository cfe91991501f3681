#include "loadgen/json_text.h"

namespace sequitur::loadgen {
namespace {

bool NeedsEscape(unsigned char c, Slashes slashes) {
  return c < 0x20 || c == '"' || c == '\\' || (c == '/' && slashes == Slashes::kEscaped);
}

void AppendEscape(unsigned char c, std::string& out) {
  constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '\n':
      out += "\\n";
      break;
    case '\t':
      out += "\\t";
      break;
    case '\r':
      out += "\\r";
      break;
    case '"':
    case '\\':
    case '/':
      out += '\\';
      out += static_cast<char>(c);
      break;
    default:
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
  }
}

}  // namespace

void AppendEscaped(absl::string_view text, Slashes slashes, std::string& out) {
  size_t copied = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (!NeedsEscape(c, slashes)) continue;
    out.append(text.data() + copied, i - copied);
    AppendEscape(c, out);
    copied = i + 1;
  }
  out.append(text.data() + copied, text.size() - copied);
}

JsonText& JsonText::Key(absl::string_view key) {
  Comma();
  out_.push_back('"');
  out_.append(key.data(), key.size());
  out_.append("\":");
  return *this;
}

JsonText& JsonText::Item(absl::string_view value) {
  Comma();
  out_.push_back('"');
  AppendEscaped(value, slashes_, out_);
  out_.push_back('"');
  return *this;
}

}  // namespace sequitur::loadgen
