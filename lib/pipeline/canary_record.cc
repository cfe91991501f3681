#include "pipeline/canary_record.h"

#include <cstring>

#include "absl/strings/match.h"

namespace sequitur::pipeline {
namespace {

constexpr absl::string_view kCanary = "SC";
constexpr absl::string_view kMagic = "SC\x01";

template <typename T>
void Append(T n, std::string& out) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &n, sizeof(T));  // little-endian hosts only
  out.append(bytes, sizeof(T));
}

template <typename T>
bool Take(absl::string_view& rest, T* n) {
  if (rest.size() < sizeof(T)) return false;
  std::memcpy(n, rest.data(), sizeof(T));
  rest.remove_prefix(sizeof(T));
  return true;
}

}  // namespace

bool IsCanary(absl::string_view bytes) { return absl::StartsWith(bytes, kCanary); }

bool ReadCanary(absl::string_view bytes, CanaryRecord& record) {
  record.events.clear();
  if (!absl::StartsWith(bytes, kMagic)) return false;
  bytes.remove_prefix(kMagic.size());
  if (!Take(bytes, &record.sender) || !Take(bytes, &record.number)) return false;
  while (!bytes.empty()) {
    uint32_t size = 0;
    if (!Take(bytes, &size) || size > bytes.size()) return false;
    record.events.push_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  return true;
}

std::string WriteCanary(uint64_t sender, uint64_t number, absl::Span<const std::string> events) {
  std::string out(kMagic);
  Append(sender, out);
  Append(number, out);
  for (const std::string& event : events) {
    Append(static_cast<uint32_t>(event.size()), out);
    out += event;
  }
  return out;
}

}  // namespace sequitur::pipeline
