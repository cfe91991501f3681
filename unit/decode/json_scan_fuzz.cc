// On any bytes: what the scan takes, the parser reads in the same way.

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "decode/json_scan_compare.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using sequitur::decode::JsonPaths;
  static const JsonPaths* const paths = [] {
    auto* made = new JsonPaths();
    for (const char* path : {"a", "a.b", "a.b.c", "b", "b.c.d", "event.exec.args", "event.exec",
                             "process.pid", "message", "host.name", "t"}) {
      made->Add(path);
    }
    for (const char* path : {"r", "a.r", "event"}) made->Add(path, JsonPaths::Capture::kRaw);
    return made;
  }();
  const absl::string_view json(reinterpret_cast<const char*>(data), size);
  // Once without memory, twice with that of all inputs before.
  static auto* const keys = new sequitur::decode::JsonKeys(*paths);
  sequitur::decode::JsonKeys none(*paths);
  std::string difference = sequitur::decode::Disagreement(none, json);
  for (int round = 0; round < 2 && difference.empty(); ++round) {
    difference = sequitur::decode::Disagreement(*keys, json);
  }
  if (difference.empty()) return 0;
  std::fprintf(stderr, "%s\n", difference.c_str());
  std::abort();
}
