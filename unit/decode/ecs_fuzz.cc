#include "decode/ecs.h"
#include "decode/json_decoder_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static sequitur::decode::JsonDecoderFuzz<sequitur::decode::Ecs> fuzz(false);
  fuzz.Run(data, size);
  return 0;
}
