#include "decode/eslogger.h"
#include "decode/json_decoder_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static sequitur::decode::JsonDecoderFuzz<sequitur::decode::Eslogger> fuzz;
  fuzz.Run(data, size);
  return 0;
}
