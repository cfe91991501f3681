#include "alert/phrase.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "alert/printable.h"

namespace sequitur::alert {
namespace {

using event::FieldId;
using event::Snapshot;
using event::Value;
namespace field = event::field;

constexpr size_t kLong = 120;
constexpr size_t kShort = 60;

std::string Show(const Snapshot& event, FieldId id, size_t max_chars = kShort) {
  const Value value = event.Get(id).first();
  return value.is_null() ? "" : Printable(value.ToString(), max_chars);
}

bool HasElement(const Snapshot& event, FieldId id, absl::string_view text) {
  const auto elements = event.Get(id).elements();
  return std::any_of(elements.begin(), elements.end(),
                     [&](const Value& v) { return v.is_string() && v.string_value() == text; });
}

// The first of the fields that is set.
std::string FirstOf(const Snapshot& event, std::initializer_list<FieldId> ids,
                    absl::string_view otherwise, size_t max_chars = kShort) {
  for (FieldId id : ids) {
    std::string text = Show(event, id, max_chars);
    if (!text.empty()) return text;
  }
  return std::string(otherwise);
}

std::string Endpoint(const Snapshot& event, FieldId ip, FieldId domain, FieldId port) {
  std::string address = FirstOf(event, {domain, ip}, "an unknown address");
  const std::string port_text = Show(event, port);
  if (port_text.empty()) return address;
  const bool v6 = absl::StrContains(address, ':');
  return v6 ? absl::StrCat("[", address, "]:", port_text) : absl::StrCat(address, ":", port_text);
}

std::string AccessPhrase(const Snapshot& event) {
  std::string out = FirstOf(event, {field::kSourceIp, field::kSourceAddress}, "someone");
  absl::StrAppend(&out, " ", FirstOf(event, {field::kHttpRequestMethod}, "sent"), " ",
                  FirstOf(event, {field::kUrlOriginal, field::kUrlPath}, "a request", kLong));
  const std::string status = Show(event, field::kHttpResponseStatusCode);
  if (!status.empty()) absl::StrAppend(&out, " (", status, ")");
  return out;
}

std::string CrashPhrase(const Snapshot& event) {
  std::string out =
      absl::StrCat(FirstOf(event, {field::kServiceName, field::kProcessName}, "a process"), " ",
                   FirstOf(event, {field::kProcessPid}, "of unknown pid"), " crashed");
  const std::string signal = Show(event, field::kSequiturExitSignal);
  if (!signal.empty()) absl::StrAppend(&out, " (signal ", signal, ")");
  return out;
}

std::string ProcessPhrase(const Snapshot& event) {
  const std::string parent =
      FirstOf(event, {field::kProcessParentName, field::kProcessParentExecutable}, "");
  const std::string what =
      FirstOf(event, {field::kProcessCommandLine, field::kProcessExecutable, field::kProcessName},
              "a process", kLong);
  const std::string action = FirstOf(event, {field::kEventAction}, "");
  if (HasElement(event, field::kEventType, "end")) return absl::StrCat(what, " ended");
  if (action == "fork")
    return absl::StrCat(parent.empty() ? "a process" : parent, " forked ", what);
  if (HasElement(event, field::kEventType, "start") || action == "exec") {
    return parent.empty() ? absl::StrCat(what, " started")
                          : absl::StrCat(parent, " spawned ", what);
  }
  return absl::StrCat(what, ": ", action.empty() ? "process event" : action);
}

std::string FilePhrase(const Snapshot& event) {
  const std::string action = FirstOf(event, {field::kEventAction}, "");
  const absl::string_view verb = action == "creation"       ? "created"
                                 : action == "modification" ? "wrote"
                                 : action == "rename"       ? "renamed to"
                                 : action == "deletion"     ? "deleted"
                                                            : "touched";
  return absl::StrCat(FirstOf(event, {field::kProcessName, field::kProcessExecutable}, "something"),
                      " ", verb, " ",
                      FirstOf(event, {field::kFilePath, field::kFileName}, "a file", kLong));
}

std::string NetworkPhrase(const Snapshot& event) {
  const std::string to =
      Endpoint(event, field::kDestinationIp, field::kDestinationDomain, field::kDestinationPort);
  const std::string who = FirstOf(event, {field::kProcessName, field::kProcessExecutable}, "");
  if (!who.empty()) return absl::StrCat(who, " connected to ", to);
  return absl::StrCat(Endpoint(event, field::kSourceIp, field::kSourceDomain, field::kSourcePort),
                      " connected to ", to);
}

}  // namespace

std::string Phrase(const Snapshot& event) {
  if (HasElement(event, field::kEventAction, "worker_crash")) return CrashPhrase(event);
  if (HasElement(event, field::kEventCategory, "web")) {
    if (event.Get(field::kHttpResponseStatusCode).is_null() &&
        HasElement(event, field::kEventType, "error")) {
      return absl::StrCat(
          "error log: ", FirstOf(event, {field::kMessage, field::kEventAction}, "an error", kLong));
    }
    return AccessPhrase(event);
  }
  if (HasElement(event, field::kEventCategory, "file")) return FilePhrase(event);
  if (HasElement(event, field::kEventCategory, "network")) return NetworkPhrase(event);
  if (HasElement(event, field::kEventCategory, "process")) return ProcessPhrase(event);
  return absl::StrCat(FirstOf(event, {field::kEventCategory}, "event"), ": ",
                      FirstOf(event, {field::kEventAction, field::kMessage}, "seen", kLong));
}

}  // namespace sequitur::alert
