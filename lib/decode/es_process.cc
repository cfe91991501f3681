#include "decode/es_process.h"

#include "absl/strings/str_cat.h"
#include "decode/captured_value.h"

namespace sequitur::decode {

namespace field = event::field;
using event::Event;
using event::Value;

namespace {

// audit_token_t.val[]: auid, euid, egid, ruid, rgid, pid, asid, pidversion.
constexpr size_t kTokenSize = 8;
constexpr size_t kEuid = 1, kRuid = 3, kPid = 5, kPidVersion = 7;

bool WantsImage(const event::Projection& projection, const ImageFields& fields) {
  return projection.Has(fields.pid) || projection.Has(fields.version) ||
         projection.Has(fields.entity_id);
}

}  // namespace

EsProcess::Token::Token(JsonPaths& paths, const std::string& path)
    : list(paths.Add(path)),
      pid(paths.Add(path + ".pid")),
      version(paths.Add(path + ".pidversion")),
      ruid(paths.Add(path + ".ruid")),
      euid(paths.Add(path + ".euid")) {}

int64_t EsProcess::Token::Get(const JsonCaptures& found, PathId key, size_t index) const {
  const auto elements = found.Get(list).elements();
  const Value& value = elements.size() == kTokenSize ? elements[index] : found.Get(key);
  return CapturedInt(value).value_or(ImageId::kUnknown);
}

ImageId EsProcess::Token::Image(const JsonCaptures& found) const {
  return {Get(found, pid, kPid), Get(found, version, kPidVersion)};
}

EsProcess::EsProcess(JsonPaths& paths, const event::Projection& projection,
                     absl::string_view prefix)
    : token_(paths, absl::StrCat(prefix, ".audit_token")),
      parent_token_(paths, absl::StrCat(prefix, ".parent_audit_token")),
      responsible_token_(paths, WantsImage(projection, kResponsibleImage)
                                    ? absl::StrCat(prefix, ".responsible_audit_token")
                                    : std::string(kUnfilledPath)) {
  const auto add = [&](absl::string_view key) { return paths.Add(absl::StrCat(prefix, ".", key)); };
  const auto add_for = [&](absl::string_view key, event::FieldId id) {
    return AddWanted(paths, projection, absl::StrCat(prefix, ".", key), {id});
  };
  ppid_ = add("ppid");
  original_ppid_ = add("original_ppid");
  executable_ = add("executable.path");
  executable_cut_ = add("executable.path_truncated");
  signing_id_ = add_for("signing_id", field::kProcessCodeSignatureSigningId);
  team_id_ = add_for("team_id", field::kProcessCodeSignatureTeamId);
  start_time_ = add_for("start_time", field::kProcessStart);
  group_id_ = add_for("group_id", field::kProcessGroupLeaderPid);
  session_id_ = add_for("session_id", field::kProcessSessionLeaderPid);
}

bool EsProcess::Present(const JsonCaptures& found) const {
  return found.Has(executable_) || token_.Image(found).has_pid();
}

void EsProcess::SetAsProcess(const JsonCaptures& found, Event& event) const {
  SetAsImage(found, kProcessImage, event);
  SetParent(found, event);
  SetImage(event, kResponsibleImage, responsible_token_.Image(found));
  SetUser(found, event);
  event.SetString(field::kProcessStart, found.Text(start_time_));
  event.SetString(field::kProcessCodeSignatureSigningId, found.Text(signing_id_));
  event.SetString(field::kProcessCodeSignatureTeamId, found.Text(team_id_));
  if (const auto id = CapturedInt(found.Get(group_id_))) {
    event.SetInt(field::kProcessGroupLeaderPid, *id);
  }
  if (const auto id = CapturedInt(found.Get(session_id_))) {
    event.SetInt(field::kProcessSessionLeaderPid, *id);
  }
  if (CapturedBool(found.Get(executable_cut_)).value_or(false)) Flag(event, "truncated");
}

void EsProcess::SetAsImage(const JsonCaptures& found, const ImageFields& fields,
                           Event& event) const {
  SetImage(event, fields, token_.Image(found));
  SetExecutable(event, fields, found.Text(executable_));
}

void EsProcess::SetParent(const JsonCaptures& found, Event& event) const {
  ImageId parent = parent_token_.Image(found);
  if (!parent.has_pid()) parent.pid = CapturedInt(found.Get(ppid_)).value_or(ImageId::kUnknown);
  SetImage(event, kParentImage, TrueParent(parent, CapturedInt(found.Get(original_ppid_))));
}

void EsProcess::SetUser(const JsonCaptures& found, Event& event) const {
  const auto set = [&](event::FieldId id, int64_t uid) {
    if (uid != ImageId::kUnknown && event.Wants(id)) {
      event.SetString(id, PrintUserId(uid, event.arena()));
    }
  };
  set(field::kUserId, token_.Get(found, token_.ruid, kRuid));
  set(field::kUserEffectiveId, token_.Get(found, token_.euid, kEuid));
}

}  // namespace sequitur::decode
