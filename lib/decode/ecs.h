#pragma once

// Ecs decodes documents that are in Elastic Common Schema already: Elastic
// Endpoint, Auditbeat, Packetbeat, any shipper that maps at the edge, and the
// events of rule tests. Every field of the projection is taken as the document
// has it, so a rule may name any path at all.
//
// Types stay the document's own (user.id is a number in old documents), and so
// do paths and network.direction; only what is missing or known to be broken is
// mended. Note that in Elastic Endpoint's exec events process.parent.entity_id
// is the image before the exec, while process.parent.pid is the real parent.
//
// Source:   elastic.co/guide/en/ecs; elastic/endpoint-package.
// Bounds:   one event a record.
// Threads:  const once made.
// Lifetime: registers its paths in `paths` when made.

#include <utility>
#include <vector>

#include "decode/json_reader.h"
#include "decode/source.h"
#include "decode/text_source.h"
#include "event/event.h"

namespace sequitur::decode {

class Ecs {
 public:
  // `trust_own_fields`: documents may bring `sequitur.*` (SourceOptions).
  Ecs(JsonPaths& paths, const event::Projection& projection, bool trust_own_fields);

  // False for an envelope that only carries a raw line in `message`.
  bool Recognises(const JsonCaptures& found) const;
  DecodeResult Decode(const JsonCaptures& found, const LineContext& lines, event::Event& event,
                      EmitEvent emit) const;

 private:
  DecodeResult SetTime(const JsonCaptures& found, event::Event& event) const;
  void SetIdentity(const JsonCaptures& found, event::Event& event) const;
  void SetClaim(const JsonCaptures& found, event::Event& event) const;
  void FillGaps(const JsonCaptures& found, event::Event& event) const;
  void FillOsType(const JsonCaptures& found, event::Event& event) const;
  void FillExit(const JsonCaptures& found, event::Event& event) const;
  bool Any(const JsonCaptures& found, const std::vector<PathId>& ids) const;

  std::vector<std::pair<event::FieldId, PathId>> fields_;
  std::vector<PathId> telling_;    // keys that only an ECS event has
  std::vector<PathId> plausible_;  // keys that envelopes have too
  std::vector<PathId> names_;      // of the host, best first
  std::vector<PathId> os_;         // what may stand in for host.os.type
  std::vector<PathId> observer_;   // present when a network device reports
  PathId timestamp_;
  PathId message_;
  PathId start_;
  PathId category_;
  PathId action_;
  PathId module_;
  PathId id_;
  PathId sequence_;
  PathId host_id_;
  PathId host_ip_;
  PathId agent_id_;
  PathId executable_;
  PathId parent_entity_id_;
  PathId exit_code_;
};

}  // namespace sequitur::decode
