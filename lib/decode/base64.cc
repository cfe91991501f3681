#include "decode/base64.h"

#include <array>
#include <cstdint>

#include "absl/strings/strip.h"

namespace sequitur::decode {
namespace {

constexpr std::array<int8_t, 256> MakeDigits() {
  std::array<int8_t, 256> digits{};
  digits.fill(-1);
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (int i = 0; i < 64; ++i) digits[static_cast<unsigned char>(kAlphabet[i])] = i;
  return digits;
}
constexpr std::array<int8_t, 256> kDigits = MakeDigits();

}  // namespace

std::optional<absl::string_view> DecodeBase64(absl::string_view text, Arena& arena) {
  if (absl::ConsumeSuffix(&text, "=")) absl::ConsumeSuffix(&text, "=");
  if (text.size() % 4 == 1) return std::nullopt;
  char* out = arena.Allocate<char>(text.size() / 4 * 3 + 3);
  size_t size = 0;
  uint32_t bits = 0;
  int pending = 0;
  for (char c : text) {
    const int digit = kDigits[static_cast<unsigned char>(c)];
    if (digit < 0) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    pending += 6;
    if (pending < 8) continue;
    pending -= 8;
    out[size++] = static_cast<char>(bits >> pending & 0xff);
  }
  return absl::string_view(out, size);
}

}  // namespace sequitur::decode
