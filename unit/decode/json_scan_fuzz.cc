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
  const std::string difference = sequitur::decode::Disagreement(*paths, json);
  if (difference.empty()) return 0;
  std::fprintf(stderr, "%s\n", difference.c_str());
  std::abort();
}
