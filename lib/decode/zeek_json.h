#pragma once

// Zeek's JSON logs: bare (`id.orig_h`), from RockNSM (`id_orig_h`), through
// Logstash (nested `id`), from the Kafka plugin ({"conn": {...}}), and under the
// key where a shipper put the parsed document (`zeek`, `json`).
//
// Threads:  const once built.

#include <array>
#include <string>
#include <vector>

#include "decode/json_reader.h"
#include "decode/source.h"
#include "decode/text_source.h"
#include "decode/zeek_record.h"
#include "event/event.h"

namespace sequitur::decode {

class ZeekJson {
 public:
  ZeekJson(JsonPaths& paths, const event::Projection& projection);

  // A connection's four-tuple with a time, or any entry that names its stream.
  bool Recognises(const JsonCaptures& found) const;
  // Calls emit once for an entry that tells of a connection.
  DecodeResult Decode(const JsonCaptures& found, const LineContext& lines, event::Event& event,
                      EmitEvent emit) const;

 private:
  // A column that only a rule names, as zeek.<stream>.<column>.
  struct Own {
    event::FieldId field;
    std::string dataset;  // "zeek.connection"
    PathId path;
  };
  // The paths of one place where an entry may stand.
  struct Place {
    std::array<PathId, kZeekColumns> names;
    std::array<PathId, kZeekColumns> aliases;
    PathId path;         // `_path`
    PathId stream_name;  // `@stream`
    std::vector<Own> own;
    absl::string_view stream;  // what the place itself says: {"conn": ...}
  };

  Place AddPlace(JsonPaths& paths, absl::string_view prefix, absl::string_view stream,
                 const event::Projection& projection) const;
  static const event::Value& Get(const Place& place, ZeekColumn column, const JsonCaptures& found);
  static absl::string_view StreamName(const Place& place, const JsonCaptures& found);
  static bool IsEntry(const Place& place, const JsonCaptures& found);
  const Place* Find(const JsonCaptures& found) const;

  std::vector<Place> places_;
  PathSet times_;  // of an entry at any place
};

}  // namespace sequitur::decode
