// Any bytes: refused, or an event whose values can all be read and which, written
// again, reads as the same.

#include <cstdlib>

#include "pipeline/forwarded_event.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sequitur;  // NOLINT
  static const event::FieldTable fields;
  static const event::Projection projection = [] {
    event::Projection all(fields);
    all.AddAllKnown();
    return all;
  }();
  SourceNames sources;
  pipeline::EventReader reader(projection, sources);
  event::Event event(projection), again(projection);
  if (!reader.Read({reinterpret_cast<const char*>(data), size}, event)) return 0;
  std::string wire;
  pipeline::EventWriter(fields, sources).Write(event, wire);
  if (!reader.Read(wire, again)) std::abort();
  for (event::FieldId id = 0; id < projection.size(); ++id) {
    if (event.Get(id).ToString() != again.Get(id).ToString()) std::abort();
  }
  return 0;
}
