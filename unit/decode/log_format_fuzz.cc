#include <cstddef>
#include <cstdint>

#include "decode/error_log_format.h"
#include "decode/httpd_access.h"
#include "decode/httpd_error.h"
#include "decode/log_format.h"
#include "decode/nginx_access.h"
#include "decode/text_fuzz.h"

namespace {

template <typename Decoder>
void Check(absl::string_view format, absl::string_view line) {
  if (format.empty()) return;
  const auto decoder = Decoder::Create(format);
  if (decoder.ok()) sequitur::decode::CheckDecoding(*decoder, line);
}

}  // namespace

// The first line is a format, the second a line to read by it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t end = text.find('\n');
  if (end == absl::string_view::npos) return 0;
  absl::string_view line = text.substr(end + 1);
  if (!line.empty() && line.back() == '\n') line.remove_suffix(1);
  const absl::string_view format = text.substr(0, end);
  Check<sequitur::decode::NginxAccess>(format, line);
  Check<sequitur::decode::HttpdAccess>(format, line);
  Check<sequitur::decode::HttpdError>(format, line);
  return 0;
}
