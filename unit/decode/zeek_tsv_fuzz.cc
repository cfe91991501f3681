#include <cstdint>

#include "absl/strings/str_split.h"
#include "decode/flow_fuzz.h"
#include "decode/zeek_tsv.h"

// The input is a file: its headers decide how its later lines are read.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sequitur;  // NOLINT
  static const event::FieldTable fields;
  event::Projection projection(fields);
  projection.AddAllKnown();
  event::Event event(projection);
  decode::ZeekTsv tsv;
  decode::LineMemory memory;
  decode::LineContext lines;
  lines.memory = &memory;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    event.Reset();
    decode::ZeekTsv::Recognises(line);
    if (tsv.Decode(line, lines, event) == decode::DecodeResult::kDecoded) decode::CheckFlow(event);
  }
  return 0;
}
