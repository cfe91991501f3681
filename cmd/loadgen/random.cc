#include "loadgen/random.h"

namespace sequitur::loadgen {

std::string Random::Digits(size_t count, absl::string_view alphabet) {
  std::string text(count, '0');
  for (char& c : text) c = alphabet[Next() % alphabet.size()];
  return text;
}

std::string Random::Uuid() {
  std::string text = UpperHex(32);
  text[12] = '4';
  text[16] = "89AB"[Next() % 4];
  for (size_t at : {8, 13, 18, 23}) text.insert(at, "-");
  return text;
}

}  // namespace sequitur::loadgen
