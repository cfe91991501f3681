// Any bytes as a stream of process records: the table stays within its bounds,
// chains end, and what was just learnt is found again.

#include <cstdint>
#include <cstdlib>

#include "enrich/process_table.h"

namespace sequitur::enrich {
namespace {

constexpr absl::string_view kPrograms[] = {"", "/bin/sh", "/usr/sbin/nginx", "/usr/bin/curl"};
constexpr absl::string_view kIds[] = {"", "a", "b", "c"};

void Require(bool holds) {
  if (!holds) std::abort();
}

// Eight bytes a record.
ProcessRecord ReadRecord(const uint8_t* bytes) {
  ProcessRecord record;
  record.kind = static_cast<ProcessRecord::Kind>(bytes[0] % 4);
  record.time = (static_cast<event::TimeNs>(bytes[1]) - 64) * event::kSecond / 4;
  record.start = bytes[0] & 0x80 ? record.time - event::kSecond * (bytes[7] % 8) : event::kNoTime;
  record.self = {bytes[2] % 8, bytes[3] % 16 - 1, kIds[bytes[3] >> 6], kPrograms[bytes[6] % 4], ""};
  record.previous = {record.self.pid, bytes[7] % 16 - 1, "", kPrograms[bytes[6] / 4 % 4], ""};
  record.parent = {bytes[4] % 9 - 1, bytes[5] % 16 - 1, kIds[bytes[5] >> 6],
                   kPrograms[bytes[6] / 16 % 4], ""};
  record.boot_id = bytes[7] > 0xf0 ? kIds[bytes[7] % 4] : absl::string_view();
  return record;
}

}  // namespace
}  // namespace sequitur::enrich

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sequitur::enrich;
  ProcessTableOptions options;
  options.max_images = 40;
  options.linger = 20 * sequitur::event::kSecond;
  ProcessTable table(options);
  for (; size >= 8; data += 8, size -= 8) {
    const ProcessRecord record = ReadRecord(data);
    const ImageIndex self = table.Learn(record);
    Require(table.size() <= options.max_images);
    if (self == kNoImage) continue;
    Require(table.image(self).pid == record.self.pid);
    const auto chain = table.Walk(self);
    Require(!chain.images.empty() && chain.images.size() <= ProcessTable::kMaxChain);
    Require(!table.EntityId(self).empty());
  }
  return 0;
}
