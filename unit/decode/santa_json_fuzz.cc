#include "decode/json_decoder_fuzz.h"
#include "decode/santa_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static sequitur::decode::JsonDecoderFuzz<sequitur::decode::SantaJson> fuzz;
  fuzz.Run(data, size);
  return 0;
}
