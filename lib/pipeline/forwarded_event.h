#pragma once

// The value of a record of the events topic: one decoded event, projected, on
// its way from the ingest stage to the correlate stage.
//
// Fields go by a hash of their ECS path, so that builds and rule sets that number
// fields differently understand each other. Layout (version 1): 'S' 'E' version;
// time, record time, sequence as zigzag varints; identity, 8 bytes; topic,
// partition, offset, row; host claim: role, id, name, agent id, addresses; count
// of fields, each a 4-byte hash and a value. A value is its kind, then: bool one
// byte, int a zigzag varint, double 8 bytes, string its length and bytes, list
// its length and scalar values. Numbers are little-endian.
//
// Threads: none.

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/source_names.h"
#include "event/event.h"

namespace sequitur::pipeline {

// Two wanted fields whose paths have one hash; then one has to be renamed.
absl::Status CheckFieldHashes(const event::Projection& projection);

class EventWriter {
 public:
  EventWriter(const event::FieldTable& fields, const SourceNames& sources)
      : fields_(fields), sources_(sources) {}

  // Into `out`, which is cleared first.
  void Write(const event::Event& event, std::string& out);

 private:
  uint32_t HashOf(event::FieldId id);

  const event::FieldTable& fields_;
  const SourceNames& sources_;
  std::vector<uint32_t> hashes_;  // by field; 0: not computed yet
};

class EventReader {
 public:
  // Topics that come up are added to `sources`.
  EventReader(const event::Projection& projection, SourceNames& sources);

  // False when the bytes are not one whole event of this version; the event is
  // then of no use. Its values are views into `bytes` and its own arena.
  bool Read(absl::string_view bytes, event::Event& event);

 private:
  absl::flat_hash_map<uint32_t, event::FieldId> fields_;  // wanted ones, by hash
  SourceNames& sources_;
};

}  // namespace sequitur::pipeline
