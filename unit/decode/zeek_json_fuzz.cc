#include <cstdint>

#include "decode/flow_fuzz.h"
#include "decode/zeek_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sequitur::decode::FuzzJsonFlow<sequitur::decode::ZeekJson>(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
