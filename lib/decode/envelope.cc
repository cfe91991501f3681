#include "decode/envelope.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "decode/captured_value.h"
#include "decode/document_host.h"
#include "decode/fact_identity.h"
#include "decode/host_name.h"

namespace sequitur::decode {
namespace {

using event::Value;
using Capture = JsonPaths::Capture;
using Rank = HostEvidence::Rank;

template <size_t kCount>
std::array<PathId, kCount> AddAll(JsonPaths& paths, const char* const (&names)[kCount],
                                  Capture capture = Capture::kValue) {
  std::array<PathId, kCount> ids;
  for (size_t i = 0; i < kCount; ++i) ids[i] = paths.Add(names[i], capture);
  return ids;
}

// The shippers' keys for a payload that is an object: Filebeat's json decoder,
// Elastic's modules, Zeek's kafka plugin, Fluent Bit's merged log, Vector.
constexpr const char* kObjectKeys[] = {"json",          "suricata.eve", "zeek",  "conn",
                                       "log_processed", "message",      "parsed"};
constexpr const char* kTextKeys[] = {"message", "event.original", "log",
                                     "body",    "MESSAGE",        "short_message"};
constexpr const char* kWrapperPaths[] = {"file", "source", "path", "filename"};
constexpr const char* kReadTimes[] = {"@timestamp", "timestamp", "date", "time"};
constexpr const char* kRequestWords[] = {"method", "verb"};
constexpr const char* kContainers[] = {"container.id", "kubernetes.docker_id", "container_id"};
constexpr const char* kNames[] = {"event.dataset",
                                  "fileset.module",
                                  "fileset.name",
                                  "event.module",
                                  "service.type",
                                  "programname",
                                  "appname",
                                  "SYSLOG_IDENTIFIER",
                                  "ident",
                                  "kubernetes.container_image",
                                  "container.image.name",
                                  "kubernetes.container_name"};

bool IsPath(absl::string_view text) { return text.find_first_of("/\\") != text.npos; }

void SetName(absl::string_view text, HostEvidence& host) {
  if (!text.empty() && host.name.empty() && NamesOneHost(text)) host.name = text;
}

// An address where a name should be: kept as what it is.
void SetAddress(absl::string_view text, Arena& arena, HostEvidence& host) {
  const absl::string_view address = AddressOf(text);
  if (address.empty() || !host.addresses.is_null()) return;
  Value* list = arena.Allocate<Value>(1);
  list[0] = Value::String(address);
  host.addresses = Value::List({list, 1});
}

bool SaysWho(const HostEvidence& host) {
  return !host.id.empty() || !host.name.empty() || !host.agent_id.empty();
}

}  // namespace

void Envelope::AddHost(const HostEvidence& inner) {
  if (inner.rank != Rank::kNone && inner.rank >= host.rank) host = inner;
}

void Envelope::Add(const SyslogPrefix& prefix) {
  has_syslog_header = true;
  hint.Fill(HintFromName(prefix.program));
  // Sent to syslog, an error log has no dates and nothing else to be told by.
  if (hint.server != StreamHint::Server::kUnknown && hint.role == StreamHint::Role::kUnknown) {
    hint.role = StreamHint::Role::kError;
  }
  if (prefix.time != event::kNoTime && read_time == event::kNoTime) read_time = prefix.time;
  if (!NamesOneHost(prefix.host)) return;
  // The agent that read the local syslog knows more of the same machine.
  const bool same = absl::EqualsIgnoreCase(ShortHostName(prefix.host), ShortHostName(host.name));
  if (same && host.rank == Rank::kAgent) return;
  host = HostEvidence();
  host.rank = Rank::kAgent;
  host.name = prefix.host;
}

void Envelope::Add(const CriLine& line) {
  stream = line.stream;
  read_time = line.time;
}

void Envelope::AddOrigin(absl::string_view name, Origin origin, HintMemo& hints) {
  hint.Fill(origin == Origin::kFile ? hints.FromPath(name) : hints.FromName(name));
}

uint64_t Envelope::StreamKey(StreamSeed seed) const {
  return FactIdentity()
      .Add(path.empty() && container.empty() ? static_cast<int64_t>(seed()) : 0)
      .Add(host.id.empty() ? host.name : host.id)
      .Add(path)
      .Add(container)
      .Add(stream)
      .value();
}

EnvelopeReader::EnvelopeReader(JsonPaths& paths)
    : objects_(AddAll(paths, kObjectKeys, Capture::kRaw)),
      texts_(AddAll(paths, kTextKeys)),
      paths_of_wrappers_(AddAll(paths, kWrapperPaths)),
      read_times_(AddAll(paths, kReadTimes)),
      request_words_(AddAll(paths, kRequestWords)),
      containers_(AddAll(paths, kContainers)),
      names_(AddAll(paths, kNames)),
      agent_path_(paths.Add("log.file.path")),
      tags_(paths.Add("tags")),
      timezone_(paths.Add("event.timezone")),
      stream_(paths.Add("stream")),
      offset_(paths.Add("log.offset")),
      beat_offset_(paths.Add("offset")),
      any_object_(paths.AddSet()),
      any_name_(paths.AddSet()) {
  for (PathId id : objects_) paths.Put(id, any_object_);
  for (PathId id : names_) paths.Put(id, any_name_);
  host_ = {.id = paths.Add("host.id"),
           .name = paths.Add("host.name"),
           .hostname = paths.Add("host.hostname"),
           .addresses = paths.Add("host.ip"),
           .agent_id = paths.Add("agent.id"),
           .agent_hostname = paths.Add("agent.hostname"),
           .agent_name = paths.Add("agent.name"),
           .beat_hostname = paths.Add("beat.hostname"),
           .beat_name = paths.Add("beat.name"),
           .plain_host = paths.Add("host"),
           .plain_hostname = paths.Add("hostname"),
           .syslog_host = paths.Add("sysloghost"),
           .journal_host = paths.Add("_HOSTNAME"),
           .gelf_host = paths.Add("_host"),
           .kubernetes_host = paths.Add("kubernetes.host"),
           .node_name = paths.Add("kubernetes.node.name"),
           .pod_name = paths.Add("kubernetes.pod_name"),
           .pod_name_beats = paths.Add("kubernetes.pod.name")};
}

std::array<absl::string_view, EnvelopeReader::kObjects> EnvelopeReader::Objects(
    const JsonCaptures& document) const {
  std::array<absl::string_view, kObjects> out;
  for (size_t i = 0; i < kObjects; ++i) {
    const absl::string_view raw = document.Text(objects_[i]);
    if (!raw.empty() && raw.front() == '{') out[i] = raw;
  }
  return out;
}

std::array<absl::string_view, EnvelopeReader::kTexts> EnvelopeReader::Texts(
    const JsonCaptures& document) const {
  std::array<absl::string_view, kTexts> out;
  for (size_t i = 0; i < kTexts; ++i) out[i] = document.Text(texts_[i]);
  return out;
}

// A request that the shipper took apart itself: then `host` and `path` are
// words of the request.
bool EnvelopeReader::IsParsedAccess(const JsonCaptures& document) const {
  return document.Has(request_words_[0]) || document.Has(request_words_[1]);
}

void EnvelopeReader::Read(const JsonCaptures& document, Role role, Arena& arena,
                          Envelope& envelope) {
  if (role == Role::kWrapper && IsParsedAccess(document)) role = Role::kAccess;
  ReadHost(document, role, arena, envelope);
  if (envelope.path.empty()) envelope.path = document.Text(agent_path_);
  if (role == Role::kWrapper) ReadWrapper(document, envelope);
  if (envelope.tags.is_null()) envelope.tags = document.Get(tags_);
  if (document.Has(timezone_)) envelope.timezone = document.Text(timezone_);
  for (PathId id : containers_) {
    if (document.Has(id)) envelope.container = document.Text(id);
  }
  // Vector's kafka source has an `offset` of its own, and no `beat`.
  const bool beat6 = document.Has(host_.beat_name) || document.Has(host_.beat_hostname);
  if (const auto offset = CapturedInt(document.Get(beat6 ? beat_offset_ : offset_))) {
    envelope.offset = *offset;
  }
  ReadNames(document, envelope);
}

void EnvelopeReader::ReadWrapper(const JsonCaptures& document, Envelope& envelope) const {
  for (PathId id : paths_of_wrappers_) {
    if (envelope.path.empty() && IsPath(document.Text(id))) envelope.path = document.Text(id);
  }
  for (PathId id : read_times_) {
    const auto time = CapturedTime(document.Get(id));
    if (!time) continue;
    envelope.read_time = *time;
    break;
  }
  const absl::string_view stream = document.Text(stream_);
  if (stream == "stdout" || stream == "stderr") envelope.stream = stream;
}

void EnvelopeReader::ReadNames(const JsonCaptures& document, Envelope& envelope) {
  if (!envelope.path.empty()) envelope.hint.Fill(hints_.FromPath(envelope.path));
  constexpr size_t kTags = 16;
  for (const Value& tag :
       envelope.tags.elements().first(std::min(kTags, envelope.tags.elements().size()))) {
    if (tag.is_string()) envelope.hint.Fill(hints_.FromName(tag.string_value()));
  }
  if (!document.HasAnyOf(any_name_)) return;
  for (PathId id : names_) {
    if (document.Has(id)) envelope.hint.Fill(hints_.FromName(document.Text(id)));
  }
}

HostEvidence EnvelopeReader::AgentHost(const JsonCaptures& document, Arena& arena) const {
  HostEvidence host;
  host.id = document.Text(host_.id);
  host.agent_id = document.Text(host_.agent_id);
  host.addresses = document.Get(host_.addresses);
  for (PathId id : {host_.name, host_.hostname, host_.agent_hostname, host_.beat_hostname,
                    host_.agent_name, host_.beat_name}) {
    SetName(document.Text(id), host);
    if (!host.name.empty()) break;
  }
  if (SaysWho(host)) {
    host.rank = Rank::kAgent;
  } else {
    SetAddress(document.Text(host_.name), arena, host);
    if (!host.addresses.is_null()) host.rank = Rank::kAddress;
  }
  return host;
}

HostEvidence EnvelopeReader::PlainHost(const JsonCaptures& document, Arena& arena) const {
  HostEvidence host;
  for (PathId id : {host_.syslog_host, host_.plain_host, host_.plain_hostname, host_.journal_host,
                    host_.gelf_host}) {
    SetName(document.Text(id), host);
  }
  host.rank = Rank::kPlain;
  if (!host.name.empty()) return host;
  for (PathId id : {host_.kubernetes_host, host_.node_name, host_.pod_name, host_.pod_name_beats}) {
    SetName(document.Text(id), host);
  }
  host.rank = Rank::kContainer;
  if (!host.name.empty()) return host;
  SetAddress(document.Text(host_.plain_host), arena, host);
  host.rank = host.addresses.is_null() ? Rank::kNone : Rank::kAddress;
  return host;
}

void EnvelopeReader::ReadHost(const JsonCaptures& document, Role role, Arena& arena,
                              Envelope& envelope) const {
  const HostEvidence agent = AgentHost(document, arena);
  envelope.AddHost(agent);
  if (agent.rank == Rank::kAgent) return;
  if (role == Role::kAccess) {
    HostEvidence host;
    SetName(document.Text(host_.plain_hostname), host);
    host.rank = host.name.empty() ? Rank::kNone : Rank::kPlain;
    envelope.AddHost(host);
  } else {
    envelope.AddHost(PlainHost(document, arena));
  }
}

}  // namespace sequitur::decode
