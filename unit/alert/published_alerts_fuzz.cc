// Any bytes as an alert document: never a crash, and what is refused leaves no
// trace.

#include <cstdint>
#include <cstdlib>

#include "alert/published_alerts.h"

namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using sequitur::alert::PublishedAlerts;
  using sequitur::alert::Suppressor;
  const absl::string_view json(reinterpret_cast<const char*>(data), size);
  PublishedAlerts published;
  const bool added = published.Add(json);
  Check(added == published.Add(json));
  Check(published.size() == (added ? 1 : 0));
  Check(published.unreadable() == (added ? 0 : 2));
  Suppressor suppressor;
  published.RestoreTo(suppressor);
  return 0;
}
