// Any bytes: refused, or a canary that is written again as it was.

#include <cstdlib>
#include <vector>

#include "pipeline/canary_record.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sequitur;  // NOLINT
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  pipeline::CanaryRecord record;
  if (!pipeline::ReadCanary(bytes, record)) return 0;
  const std::vector<std::string> events(record.events.begin(), record.events.end());
  if (!pipeline::IsCanary(bytes)) std::abort();
  if (pipeline::WriteCanary(record.sender, record.number, events) != bytes) std::abort();
  return 0;
}
