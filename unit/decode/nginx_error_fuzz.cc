#include <cstddef>
#include <cstdint>

#include "absl/strings/match.h"
#include "decode/nginx_error.h"
#include "decode/text_fuzz.h"

// A client's address is always one that a tail of the line names, and a worker
// ends only in an entry of no connection.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using sequitur::decode::NginxError;
  static const NginxError decoder = *NginxError::Create("");
  const absl::string_view line(reinterpret_cast<const char*>(data), size);
  sequitur::decode::CheckDecoding(decoder, line);

  sequitur::decode::DecodedLine decoded;
  if (decoded.Decode(decoder, line) != "decoded") return 0;
  const std::string client = decoded["source.ip"];
  sequitur::decode::Require(client == "null" ||
                            absl::StrContains(line, absl::StrCat(", client: ", client)));
  const bool ended = decoded["event.category"] == "process";
  sequitur::decode::Require(!ended || decoded["nginx.error.connection_id"] == "null");
  return 0;
}
