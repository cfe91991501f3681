#include "alert/hash128.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "xxhash.h"

namespace sequitur::alert {

Hash128 HashOf(absl::string_view text) {
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return {hash.high64, hash.low64};
}

std::string HexHash(absl::string_view text) {
  const auto [high, low] = HashOf(text);
  return absl::StrFormat("%016x%016x", high, low);
}

void AppendPart(absl::string_view part, std::string& to) {
  absl::StrAppend(&to, part.size(), ":", part);
}

}  // namespace sequitur::alert
