#pragma once

// Decoder: a record's bytes to events, the one entry of this module. It unwraps
// envelopes, recognises the source, calls that source's decoder, and stamps on
// each event what the decoder could not know: position, record time, host claim,
// log path and offset, and the source's name.
//
// Bounds:   kMaxRecord bytes a record; what is remembered between records is
//           bounded by StreamTable, PartialLines and TimeZones.
// Threads:  none; one per worker and source.
// Lifetime: events handed to `emit` hold views into the record and die with it.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/position.h"
#include "decode/envelope.h"
#include "decode/json_reader.h"
#include "decode/json_sources.h"
#include "decode/source.h"
#include "decode/stream_table.h"
#include "decode/text_source.h"
#include "decode/text_sources.h"
#include "decode/time_zones.h"
#include "decode/unwrap.h"
#include "event/event.h"

namespace sequitur::decode {

struct RawRecord {
  absl::string_view bytes;
  Position position;
  event::TimeNs record_time = event::kNoTime;  // the bus's, when there is one
  absl::string_view key;                       // of the bus; may be empty
  absl::string_view path;                      // file path or topic: a hint
};

class Decoder {
 public:
  static constexpr size_t kMaxRecord = 1 << 20;

  // Fails on a log format that cannot be read.
  static absl::StatusOr<std::unique_ptr<Decoder>> Create(const event::Projection& projection,
                                                         SourceOptions options);
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  // How far an event may be later than its record before it is clamped.
  void set_max_future(absl::Duration max_future);

  // Calls `emit` once for each event in the record, which is kDecoded; otherwise
  // says why there is none. `event` is the scratch that is filled; of a numbered
  // message that is no event it has the number and the host's claim.
  DecodeResult Decode(const RawRecord& record, event::Event& event, EmitEvent emit);

  // What the last record was recognised as; kAuto when it was not.
  SourceKind last_kind() const { return last_kind_; }

 private:
  Decoder(const event::Projection& projection, SourceOptions options, TextSources texts);

  const Envelope& OriginOf(const RawRecord& record);
  DecodeResult DecodeOne(const RawRecord& record, event::Event& event, EmitEvent emit);
  DecodeResult DecodeArray(const RawRecord& record, event::Event& event, EmitEvent emit);
  DecodeResult DecodePayload(const Payload& payload, const LineContext& lines, event::Event& event,
                             EmitEvent emit);
  SourceKind ContinuedLog(const RawRecord& record, const Payload& payload, const Stream& stream);
  std::optional<absl::TimeZone> ConfiguredZone(const HostEvidence& host) const;
  LineContext ContextOf(const RawRecord& record, const Envelope& envelope, Stream& stream);

  // False when the event says no time: then it is none.
  bool Stamp(const RawRecord& record, const Payload& payload, event::Event& event);
  void StampHost(const RawRecord& record, const Envelope& envelope, event::Event& event) const;
  void StampLog(const RawRecord& record, const Payload& payload, event::Event& event) const;
  void ClampTime(event::Event& event) const;

  const SourceOptions options_;
  JsonPaths paths_;
  EnvelopeReader envelopes_;
  JsonSources documents_;
  TextSources texts_;
  Unwrapper unwrapper_;
  // What the last record's path says; mostly it is the next one's, too.
  Envelope origin_;
  std::string origin_path_;
  bool origin_is_file_ = false;
  StreamTable streams_;
  Stream unremembered_;  // of what needs nothing from the one before
  TimeZones zones_;
  event::TimeNs max_future_;
  uint32_t row_ = 0;
  SourceKind last_kind_ = SourceKind::kAuto;
};

}  // namespace sequitur::decode
