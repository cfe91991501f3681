#include "decode/byte_search.h"

#include <string>

#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

TEST(FindByte, FindsWhatStringViewFinds) {
  for (size_t size = 0; size < 50; ++size) {
    std::string text(size + 1, 'x');
    text[size] = '|';  // beyond the text: not to be found
    for (size_t first = 0; first <= size; ++first) {
      if (first < size) text[first] = '|';
      const absl::string_view searched(text.data(), size);
      for (size_t at = 0; at <= size + 1; ++at) {
        ASSERT_EQ(FindByte(searched, '|', at), searched.find('|', at))
            << size << ' ' << first << ' ' << at;
      }
      if (first < size) text[first] = 'x';
    }
  }
}

}  // namespace
}  // namespace sequitur::decode
