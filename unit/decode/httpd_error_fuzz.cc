#include <cstddef>
#include <cstdint>

#include "decode/httpd_error.h"
#include "decode/text_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using sequitur::decode::HttpdError;
  static const HttpdError decoder = *HttpdError::Create("");
  const absl::string_view line(reinterpret_cast<const char*>(data), size);
  sequitur::decode::CheckDecoding(decoder, line);
  return 0;
}
