// What parses has a text that parses to the same; a block contains its network.

#include <cstdint>
#include <cstdlib>

#include "event/ip_address.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using sequitur::event::CidrBlock;
  using sequitur::event::IpAddress;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto address = IpAddress::Parse(text)) {
    if (IpAddress::Parse(address->ToString()) != address) std::abort();
  }
  if (const auto block = CidrBlock::Parse(text)) {
    if (CidrBlock::Parse(block->ToString()) != block) std::abort();
    if (!block->Contains(block->network())) std::abort();
  }
  return 0;
}
