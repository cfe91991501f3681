#pragma once

// JsonSources: every decoder of JSON documents, over one set of paths, so that
// a document is read once to be recognised and decoded. A source that was named
// in advance is the only one registered: the others' paths cost nothing.
//
// Threads:  none; one per Decoder.

#include <optional>

#include "decode/ecs.h"
#include "decode/eslogger.h"
#include "decode/goflow2.h"
#include "decode/json_access.h"
#include "decode/json_reader.h"
#include "decode/osquery.h"
#include "decode/santa_json.h"
#include "decode/source.h"
#include "decode/suricata.h"
#include "decode/text_source.h"
#include "decode/zeek_json.h"
#include "event/event.h"

namespace sequitur::decode {

class JsonSources {
 public:
  JsonSources(JsonPaths& paths, const event::Projection& projection, const SourceOptions& options);

  // A source whose documents no other writes: never a mere wrapping of a line.
  // kAuto when none.
  SourceKind RecogniseOwn(const JsonCaptures& document) const;
  // An access log in JSON, whose keys are anybody's.
  bool IsAccess(const JsonCaptures& document) const;
  bool IsEcs(const JsonCaptures& document) const;
  // An ECS document that says what kind of fact it is, other than a web
  // server's: its `message` is a remark and not the fact.
  bool IsFinishedEcs(const JsonCaptures& document) const;

  // REQUIRES: a kind that has JSON documents and was registered.
  DecodeResult Decode(SourceKind kind, const JsonCaptures& document, const LineContext& lines,
                      event::Event& event, EmitEvent emit);

 private:
  PathId category_;
  std::optional<JsonAccess> access_;
  std::optional<Eslogger> eslogger_;
  std::optional<Ecs> ecs_;
  std::optional<Osquery> osquery_;
  std::optional<SantaJson> santa_;
  std::optional<ZeekJson> zeek_;
  std::optional<Suricata> suricata_;
  std::optional<Goflow2> goflow2_;
};

}  // namespace sequitur::decode
