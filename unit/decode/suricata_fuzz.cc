#include <cstdint>

#include "decode/flow_fuzz.h"
#include "decode/suricata.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sequitur::decode::FuzzJsonFlow<sequitur::decode::Suricata>(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
