#include "decode/ecs.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/types/span.h"
#include "decode/captured_value.h"
#include "decode/document_host.h"
#include "decode/fact_identity.h"
#include "decode/process_fields.h"

namespace sequitur::decode {

namespace field = event::field;
using event::Event;
using event::Value;

namespace {

constexpr absl::string_view kTelling[] = {
    "event.category",    "event.type",         "event.action", "event.kind",
    "process.entity_id", "process.executable", "file.path",    "destination.ip",
    "source.ip",         "dns.question.name",  "url.original", "http.request.method"};
constexpr absl::string_view kPlausible[] = {"ecs.version",  "event.module", "event.dataset",
                                            "event.id",     "process.pid",  "process.name",
                                            "process.args", "user.name",    "host.name"};
constexpr absl::string_view kNames[] = {"host.name",    "host.hostname",  "host",
                                        "hostname",     "agent.hostname", "agent.name",
                                        "beat.hostname"};
constexpr absl::string_view kOs[] = {"host.os.family", "host.os.Ext.variant", "host.os.platform",
                                     "host.os.name"};
constexpr absl::string_view kObserver[] = {"observer.type", "observer.vendor", "observer.product"};

// Modules whose documents tell of other machines than the shipper's.
constexpr absl::string_view kSensorModules[] = {"zeek",     "suricata", "netflow", "panw",
                                                "fortinet", "cisco",    "iptables"};

constexpr absl::string_view kLinuxNames[] = {
    "linux", "debian", "ubuntu", "redhat", "rhel", "centos", "fedora", "rocky",  "almalinux",
    "suse",  "sles",   "arch",   "alpine", "amzn", "amazon", "ol",     "gentoo", "raspbian"};

std::vector<PathId> AddAll(JsonPaths& paths, absl::Span<const absl::string_view> names) {
  std::vector<PathId> ids;
  for (absl::string_view name : names) ids.push_back(paths.Add(name));
  return ids;
}

bool HasElement(const Value& value, absl::string_view text) {
  const auto elements = value.elements();
  return std::any_of(elements.begin(), elements.end(), [&](const Value& element) {
    return element.is_string() && element.string_value() == text;
  });
}

bool IsOwnField(absl::string_view path) {
  return path == "sequitur" || absl::StartsWith(path, "sequitur.");
}

absl::string_view OsType(absl::string_view name) {
  if (absl::EqualsIgnoreCase(name, "macos") || absl::EqualsIgnoreCase(name, "darwin")) {
    return "macos";
  }
  if (absl::StartsWithIgnoreCase(name, "windows")) return "windows";
  for (absl::string_view linux_name : kLinuxNames) {
    if (absl::EqualsIgnoreCase(name, linux_name)) return "linux";
  }
  return {};
}

// Windows ends a crashed process with the NTSTATUS of the exception as its exit
// code: an access violation is 0xC0000005, printed signed or unsigned.
bool IsCrashStatus(int64_t exit_code) {
  constexpr uint32_t kCrashes[] = {
      0xC0000005,  // access violation
      0xC000001D,  // illegal instruction
      0xC0000094,  // integer division by zero
      0xC00000FD,  // stack overflow
      0xC0000374,  // heap corruption
      0xC0000409,  // stack buffer overrun, fail-fast
      0xC0000602,  // fail-fast exception
  };
  if (exit_code < INT32_MIN || exit_code > UINT32_MAX) return false;
  return std::find(std::begin(kCrashes), std::end(kCrashes), static_cast<uint32_t>(exit_code)) !=
         std::end(kCrashes);
}

}  // namespace

Ecs::Ecs(JsonPaths& paths, const event::Projection& projection, bool trust_own_fields)
    : telling_(AddAll(paths, kTelling)),
      plausible_(AddAll(paths, kPlausible)),
      names_(AddAll(paths, kNames)),
      os_(AddAll(paths, kOs)),
      observer_(AddAll(paths, kObserver)),
      timestamp_(paths.Add("@timestamp")),
      message_(paths.Add("message")),
      start_(paths.Add("event.start")),
      category_(paths.Add("event.category")),
      action_(paths.Add("event.action")),
      module_(paths.Add("event.module")),
      id_(paths.Add("event.id")),
      sequence_(paths.Add("event.sequence")),
      host_id_(paths.Add("host.id")),
      host_ip_(paths.Add("host.ip")),
      agent_id_(paths.Add("agent.id")),
      executable_(paths.Add("process.executable")),
      parent_entity_id_(paths.Add("process.parent.entity_id")),
      exit_code_(paths.Add("process.exit_code")) {
  const event::FieldTable& table = projection.fields();
  for (size_t id = 0; id < table.size(); ++id) {
    const auto field_id = static_cast<event::FieldId>(id);
    if (!projection.Has(field_id)) continue;
    const absl::string_view path = table.path(field_id);
    if (IsOwnField(path) && !trust_own_fields) continue;
    fields_.emplace_back(field_id, paths.Add(path));
  }
}

bool Ecs::Any(const JsonCaptures& found, const std::vector<PathId>& ids) const {
  return std::any_of(ids.begin(), ids.end(), [&](PathId id) { return found.Has(id); });
}

bool Ecs::Recognises(const JsonCaptures& found) const {
  if (!found.Has(timestamp_)) return false;
  return Any(found, telling_) || (!found.Has(message_) && Any(found, plausible_));
}

DecodeResult Ecs::Decode(const JsonCaptures& found, const LineContext&, Event& event,
                         EmitEvent emit) const {
  if (const auto result = SetTime(found, event); result != DecodeResult::kDecoded) return result;
  for (const auto& [field_id, path] : fields_) {
    if (found.Has(path)) event.Set(field_id, found.Get(path));
  }
  if (const auto sequence = CapturedInt(found.Get(sequence_))) event.sequence = *sequence;
  SetIdentity(found, event);
  SetClaim(found, event);
  FillGaps(found, event);
  emit(event);
  return DecodeResult::kDecoded;
}

DecodeResult Ecs::SetTime(const JsonCaptures& found, Event& event) const {
  if (!found.Has(timestamp_)) return DecodeResult::kNoTimestamp;
  const auto written = CapturedTime(found.Get(timestamp_));
  if (!written) return DecodeResult::kBadTimestamp;
  event.time = *written;
  // Flows are written when they end, hours after what they tell of.
  if (found.Has(start_) && HasElement(found.Get(category_), "network")) {
    event.time = CapturedTime(found.Get(start_)).value_or(*written);
  }
  return DecodeResult::kDecoded;
}

void Ecs::SetIdentity(const JsonCaptures& found, Event& event) const {
  const absl::string_view id = found.Text(id_);
  if (id.empty()) return;
  // One id may span an attempt and its end; action and time tell those apart.
  event.identity = FactIdentity()
                       .Add("ecs")
                       .Add(id)
                       .Add(CapturedTime(found.Get(timestamp_)).value_or(0))
                       .Add(found.Text(action_))
                       .value();
}

void Ecs::SetClaim(const JsonCaptures& found, Event& event) const {
  event::HostClaim& claim = event.claim;
  claim.id = found.Text(host_id_);
  claim.agent_id = found.Text(agent_id_);
  for (PathId name : names_) ClaimName(found.Text(name), claim);
  claim.addresses = found.Get(host_ip_);
  const bool sensor =
      Any(found, observer_) || std::find(std::begin(kSensorModules), std::end(kSensorModules),
                                         found.Text(module_)) != std::end(kSensorModules);
  if (sensor && HasElement(found.Get(category_), "network")) {
    claim.role = event::HostClaim::Role::kSensor;
    claim.addresses = Value();
  }
}

void Ecs::FillGaps(const JsonCaptures& found, Event& event) const {
  FillOsType(found, event);
  FillExit(found, event);
  if (!event.Has(field::kProcessName)) {
    const absl::string_view path = found.Text(executable_);
    const size_t slash = path.find_last_of("/\\");
    event.SetString(field::kProcessName, slash == path.npos ? path : path.substr(slash + 1));
  }
  // Old agents took what follows the last dot of the whole path; a slash in it
  // means that the file's own name has no dot.
  if (event.Text(field::kFileExtension).find('/') != absl::string_view::npos) {
    event.Set(field::kFileExtension, Value());
  }
  const bool pre_exec = found.Text(module_) == "endpoint" && HasElement(found.Get(action_), "exec");
  if (pre_exec && !event.Has(field::kProcessPreviousEntityId)) {
    event.SetString(field::kProcessPreviousEntityId, found.Text(parent_entity_id_));
  }
}

void Ecs::FillOsType(const JsonCaptures& found, Event& event) const {
  if (event.Has(field::kHostOsType)) return;
  for (PathId os : os_) {
    const absl::string_view type = OsType(found.Text(os));
    if (!type.empty()) return event.SetString(field::kHostOsType, type);
  }
}

void Ecs::FillExit(const JsonCaptures& found, Event& event) const {
  if (!event.Wants(field::kEventAction)) return;
  const auto code = CapturedInt(found.Get(exit_code_));
  if (!code || !IsCrashStatus(*code) || !HasElement(found.Get(category_), "process")) return;
  // The document's own action stays beside ours, for rules written for it.
  if (!HasElement(found.Get(action_), "worker_crash")) {
    event.Append(field::kEventAction, Value::String("worker_crash"));
  }
}

}  // namespace sequitur::decode
