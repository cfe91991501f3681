#include <cstddef>
#include <cstdint>

#include "decode/json_access.h"
#include "decode/text_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sequitur::decode;
  DecodedLine decoded;
  JsonPaths paths;
  const JsonAccess access(paths, decoded.event().projection());
  JsonReader reader(paths);
  JsonCaptures captures;
  const absl::string_view json(reinterpret_cast<const char*>(data), size);
  if (reader.Read(json, decoded.event().arena(), captures) != DecodeResult::kDecoded) return 0;
  if (!access.Recognises(captures)) return 0;
  if (access.Decode(captures, decoded.lines, decoded.event()) == DecodeResult::kDecoded) {
    Require(decoded.event().time != sequitur::event::kNoTime);
    Require(decoded["event.action"] == "http_request");
    Dump(decoded);
  }
  return 0;
}
