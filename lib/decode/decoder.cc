#include "decode/decoder.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "decode/document_host.h"
#include "decode/fact_identity.h"
#include "decode/host_name.h"
#include "decode/undated_entry.h"

namespace sequitur::decode {
namespace {

namespace field = event::field;
using event::kNoTime;
using event::Value;

constexpr absl::Duration kDefaultMaxFuture = absl::Minutes(5);

bool IsErrorLog(SourceKind kind) {
  return kind == SourceKind::kNginxError || kind == SourceKind::kHttpdError ||
         kind == SourceKind::kPhpFpm;
}

bool IsAccess(SourceKind kind) {
  return kind == SourceKind::kNginxAccess || kind == SourceKind::kHttpdAccess;
}

bool IsFromFile(const RawRecord& record) { return record.position.partition == Position::kFile; }

// Streams that name no file are told apart by where their records come from.
uint64_t SeedOf(const RawRecord& record) {
  return FactIdentity()
      .Add(static_cast<int64_t>(record.position.source))
      .Add(record.position.partition)
      .Add(record.key)
      .value();
}

// A JSON array of objects: several records in one.
bool IsArray(absl::string_view bytes) {
  return !bytes.empty() && bytes.front() == '[' &&
         absl::StartsWith(absl::StripLeadingAsciiWhitespace(bytes.substr(1)), "{");
}

void SetTimeText(event::FieldId id, event::TimeNs time, event::Event& event) {
  if (!event.Wants(id) || time == kNoTime) return;
  event.SetString(id, event.arena().Copy(event::FormatIso8601(time)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Decoder>> Decoder::Create(const event::Projection& projection,
                                                         SourceOptions options) {
  ASSIGN_OR_RETURN(TextSources texts, TextSources::Create(options));
  return std::unique_ptr<Decoder>(new Decoder(projection, std::move(options), std::move(texts)));
}

Decoder::Decoder(const event::Projection& projection, SourceOptions options, TextSources texts)
    : options_(std::move(options)),
      envelopes_(paths_),
      documents_(paths_, projection, options_),
      texts_(std::move(texts)),
      unwrapper_(paths_, envelopes_, documents_, options_.kind) {
  set_max_future(kDefaultMaxFuture);
}

void Decoder::set_max_future(absl::Duration max_future) {
  max_future_ = absl::ToInt64Nanoseconds(max_future);
}

DecodeResult Decoder::Decode(const RawRecord& record, event::Event& event, EmitEvent emit) {
  event.Reset();
  last_kind_ = SourceKind::kAuto;
  row_ = record.position.row;
  const absl::string_view bytes = absl::StripAsciiWhitespace(record.bytes);
  if (bytes.empty()) return DecodeResult::kEmpty;
  if (bytes.size() > kMaxRecord) return DecodeResult::kTooLarge;
  return IsArray(bytes) ? DecodeArray(record, event, emit) : DecodeOne(record, event, emit);
}

// One sound element makes the record decoded; else the first element's fate is its.
DecodeResult Decoder::DecodeArray(const RawRecord& record, event::Event& event, EmitEvent emit) {
  DecodeResult result = DecodeResult::kMalformedJson;
  bool first = true;
  ForEachJsonObject(record.bytes, [&](absl::string_view object) {
    RawRecord element = record;
    element.bytes = object;
    const DecodeResult fate = DecodeOne(element, event, emit);
    if (first || fate == DecodeResult::kDecoded) result = fate;
    first = false;
    event.Reset(event::Event::Keep::kArena);
  });
  return result;
}

const Envelope& Decoder::OriginOf(const RawRecord& record) {
  const bool is_file = IsFromFile(record);
  if (record.path == origin_path_ && is_file == origin_is_file_) return origin_;
  origin_path_.assign(record.path.data(), record.path.size());
  origin_is_file_ = is_file;
  origin_ = Envelope();
  origin_.AddOrigin(record.path, is_file ? Envelope::Origin::kFile : Envelope::Origin::kTopic,
                    envelopes_.hints());
  return origin_;
}

DecodeResult Decoder::DecodeOne(const RawRecord& record, event::Event& event, EmitEvent emit) {
  const Envelope& origin = OriginOf(record);
  const auto seed = [&record] { return SeedOf(record); };
  const DecodeResult found = unwrapper_.Find(record.bytes, origin, seed, event.arena());
  Payload& payload = unwrapper_.payload();
  if (found == DecodeResult::kNotAnEvent) return found;
  const bool stands_alone =
      found == DecodeResult::kDecoded && (payload.document != nullptr || IsAccess(payload.kind));
  Stream& stream = stands_alone ? unremembered_ : streams_.Get(payload.envelope->StreamKey(seed));
  if (found != DecodeResult::kDecoded) {
    payload.kind = ContinuedLog(record, payload, stream);
    if (payload.kind == SourceKind::kAuto) return found;
  }
  last_kind_ = payload.kind;
  if (IsErrorLog(payload.kind)) stream.error_kind = payload.kind;

  bool timeless = false;
  bool emitted = false;
  const auto stamp_and_emit = [&](event::Event& filled) {
    if (!Stamp(record, payload, filled)) {
      timeless = true;
      return;
    }
    emitted = true;
    emit(filled);
  };
  const LineContext lines = ContextOf(record, *payload.envelope, stream);
  const DecodeResult result = DecodePayload(payload, lines, event, stamp_and_emit);
  // Whose message it was is of use even when it is no event (Decoder::Decode).
  if (!emitted && event.sequence != event::Event::kNoSequence) {
    StampHost(record, *payload.envelope, event);
  }
  return timeless && !emitted ? DecodeResult::kNoTimestamp : result;
}

DecodeResult Decoder::DecodePayload(const Payload& payload, const LineContext& lines,
                                    event::Event& event, EmitEvent emit) {
  if (payload.document != nullptr) {
    return documents_.Decode(payload.kind, *payload.document, lines, event, emit);
  }
  absl::string_view line = payload.text;
  if (payload.envelope->has_syslog_header) {
    line = DateEntry(payload.kind, line, lines.read_time, lines.zone, event.arena());
  }
  const bool dated_here = line.data() != payload.text.data();
  LineContext surroundings = lines;
  if (dated_here) surroundings.zone_is_assumed = false;
  if (!dated_here) surroundings.parts = payload.parts;
  const DecodeResult result = texts_.Decode(payload.kind, line, surroundings, event);
  if (result != DecodeResult::kDecoded) return result;
  if (dated_here) event.SetString(field::kEventOriginal, payload.text);
  emit(event);
  return result;
}

// The error log whose last record an unrecognised line continues (output of a
// CGI, the second line of a PHP message): known by the stream's names, or by an
// earlier line where the stream is one file and not a topic of many.
SourceKind Decoder::ContinuedLog(const RawRecord& record, const Payload& payload,
                                 const Stream& stream) {
  if (options_.kind != SourceKind::kAuto || payload.text.empty()) return SourceKind::kAuto;
  const Envelope& envelope = *payload.envelope;
  const SourceKind named = envelope.hint.error_kind();
  if (named != SourceKind::kAuto) return named;
  const bool one_file = IsFromFile(record) || !envelope.path.empty() || !envelope.container.empty();
  if (!one_file || envelope.hint.role == StreamHint::Role::kAccess) return SourceKind::kAuto;
  return stream.error_kind;
}

std::optional<absl::TimeZone> Decoder::ConfiguredZone(const HostEvidence& host) const {
  for (absl::string_view name : {host.name, host.id, ShortHostName(host.name)}) {
    const auto found = options_.host_zones.find(absl::AsciiStrToLower(name));
    if (found != options_.host_zones.end()) return found->second;
  }
  return std::nullopt;
}

LineContext Decoder::ContextOf(const RawRecord& record, const Envelope& envelope, Stream& stream) {
  LineContext lines;
  lines.read_time = envelope.read_time != kNoTime ? envelope.read_time : record.record_time;
  lines.memory = &stream.memory;
  auto zone = options_.time_zone;
  if (!zone && !options_.host_zones.empty()) zone = ConfiguredZone(envelope.host);
  if (!zone && !envelope.timezone.empty()) zone = zones_.Find(envelope.timezone);
  if (zone) {
    lines.zone = *zone;
    lines.zone_is_assumed = false;
  }
  return lines;
}

bool Decoder::Stamp(const RawRecord& record, const Payload& payload, event::Event& event) {
  if (event.time == kNoTime) return false;
  event.position = record.position;
  event.position.row = row_++;
  event.record_time =
      record.record_time != kNoTime ? record.record_time : payload.envelope->read_time;
  ClampTime(event);
  StampHost(record, *payload.envelope, event);
  StampLog(record, payload, event);
  if (!event.Has(field::kTimestamp)) SetTimeText(field::kTimestamp, event.time, event);
  SetTimeText(field::kEventIngested, record.record_time, event);
  if (!event.Has(field::kSequiturSource)) {
    event.SetString(field::kSequiturSource, SourceKindName(payload.kind));
  }
  return true;
}

// No sensor's clock may run ahead of the record that brought its word.
void Decoder::ClampTime(event::Event& event) const {
  if (event.record_time == kNoTime ||
      event.time <= event::AddSaturating(event.record_time, max_future_)) {
    return;
  }
  event.time = event.record_time;
  event.clamped = true;
  event.Append(field::kSequiturFlags, Value::String("time_clamped"));
  event.Set(field::kTimestamp, Value::Null());
}

// What the fact says of its own host stands; the wrapping fills in for silence.
void Decoder::StampHost(const RawRecord& record, const Envelope& envelope,
                        event::Event& event) const {
  event::HostClaim& claim = event.claim;
  if (!claim.id.empty() || !claim.name.empty()) return;
  claim.id = envelope.host.id;
  claim.name = envelope.host.name;
  if (claim.agent_id.empty()) claim.agent_id = envelope.host.agent_id;
  if (claim.addresses.is_null()) claim.addresses = envelope.host.addresses;
  if (envelope.host.rank != HostEvidence::Rank::kNone) return;
  const absl::string_view key = HostOfKey(record.key);
  (IsUuid(key) ? claim.id : claim.name) = key;
  if (!key.empty() || options_.host.empty()) return;
  // The site says whose records these are: of the host itself, not of a sensor.
  claim.name = options_.host;
  claim.role = event::HostClaim::Role::kSubject;
}

void Decoder::StampLog(const RawRecord& record, const Payload& payload, event::Event& event) const {
  const Envelope& envelope = *payload.envelope;
  const absl::string_view path =
      envelope.path.empty() && IsFromFile(record) ? record.path : envelope.path;
  if (!event.Has(field::kLogFilePath)) event.SetString(field::kLogFilePath, path);
  if (!event.Has(field::kTags)) event.Set(field::kTags, envelope.tags);
  const bool is_line = payload.document == nullptr || IsAccess(payload.kind);
  if (is_line && !event.Has(field::kEventOriginal)) {
    event.SetString(field::kEventOriginal, payload.text);
  }
  if (envelope.offset == Envelope::kNoOffset) return;
  if (!event.Has(field::kLogOffset)) event.SetInt(field::kLogOffset, envelope.offset);
  if (event.identity != 0 || envelope.path.empty()) return;
  event.identity = FactIdentity()
                       .Add(event.claim.id.empty() ? event.claim.name : event.claim.id)
                       .Add(envelope.path)
                       .Add(envelope.offset)
                       .Add(payload.text)
                       .value();
}

}  // namespace sequitur::decode
