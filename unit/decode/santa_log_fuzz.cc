#include <cstdlib>

#include "decode/santa_log.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sequitur;  // NOLINT
  static const event::FieldTable table;
  static const event::Projection projection = [] {
    event::Projection all(table);
    all.AddAllKnown();
    return all;
  }();
  static event::Event event(projection);
  event.Reset();
  const absl::string_view line(reinterpret_cast<const char*>(data), size);
  const auto result = decode::SantaLog().Decode(line, decode::LineContext(), event);
  const bool decoded = result == decode::DecodeResult::kDecoded;
  // What is decoded has a time and a kind, and looked like the format.
  if (decoded && event.time == event::kNoTime) std::abort();
  if (decoded && event.Text(event::field::kEventAction).empty()) std::abort();
  if (decoded && !decode::SantaLog::Recognises(line)) std::abort();
  return 0;
}
