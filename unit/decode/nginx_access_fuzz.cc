#include <cstddef>
#include <cstdint>

#include "decode/nginx_access.h"
#include "decode/text_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using sequitur::decode::NginxAccess;
  static const NginxAccess decoder = *NginxAccess::Create("");
  const absl::string_view line(reinterpret_cast<const char*>(data), size);
  sequitur::decode::CheckDecoding(decoder, line);
  return 0;
}
