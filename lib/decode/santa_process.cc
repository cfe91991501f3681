#include "decode/santa_process.h"

#include "absl/strings/str_cat.h"
#include "decode/captured_value.h"

namespace sequitur::decode {

namespace field = event::field;
using event::Event;

SantaProcess::SantaProcess(JsonPaths& paths, const event::Projection& projection,
                           absl::string_view prefix) {
  const auto add_for = [&](absl::string_view key, event::FieldId id) {
    return AddWanted(paths, projection, absl::StrCat(prefix, key), {id});
  };
  const auto add = [&](absl::string_view key) { return paths.Add(absl::StrCat(prefix, key)); };
  id_ = {add("id.pid"), add("id.pidversion")};
  parent_ = {add("parent_id.pid"), add("parent_id.pidversion")};
  responsible_ = {add("responsible_id.pid"), add("responsible_id.pidversion")};
  original_parent_ = add("original_parent_pid");
  executable_ = add("executable.path");
  executable_cut_ = add("executable.truncated");
  hash_ = add_for("executable.hash.hash", field::kProcessHashSha256);
  hash_type_ = add_for("executable.hash.type", field::kProcessHashSha256);
  signing_id_ = add_for("code_signature.signing_id", field::kProcessCodeSignatureSigningId);
  team_id_ = add_for("code_signature.team_id", field::kProcessCodeSignatureTeamId);
  start_time_ = add_for("start_time", field::kProcessStart);
  group_id_ = add_for("group_id", field::kProcessGroupLeaderPid);
  session_id_ = add_for("session_id", field::kProcessSessionLeaderPid);
  real_uid_ = add_for("real_user.uid", field::kUserId);
  real_name_ = add_for("real_user.name", field::kUserName);
  effective_uid_ = add_for("effective_user.uid", field::kUserEffectiveId);
  effective_name_ = add_for("effective_user.name", field::kUserEffectiveName);
}

ImageId SantaProcess::Id::Get(const JsonCaptures& found) const {
  return {CapturedInt(found.Get(pid)).value_or(ImageId::kUnknown),
          CapturedInt(found.Get(version)).value_or(ImageId::kUnknown)};
}

bool SantaProcess::Present(const JsonCaptures& found) const {
  return found.Has(id_.pid) || found.Has(executable_);
}

void SantaProcess::SetAsImage(const JsonCaptures& found, const ImageFields& fields,
                              Event& event) const {
  SetImage(event, fields, id_.Get(found));
  SetExecutable(event, fields, found.Text(executable_));
}

void SantaProcess::SetAsProcess(const JsonCaptures& found, Event& event) const {
  SetAsImage(found, kProcessImage, event);
  SetImage(event, kParentImage,
           TrueParent(parent_.Get(found), CapturedInt(found.Get(original_parent_))));
  const ImageId responsible = responsible_.Get(found);
  if (responsible.pid > 0) SetImage(event, kResponsibleImage, responsible);
  SetUsers(found, event);
  if (found.Text(hash_type_) == "HASH_ALGO_SHA256") {
    event.SetString(field::kProcessHashSha256, found.Text(hash_));
  }
  event.SetString(field::kProcessCodeSignatureSigningId, found.Text(signing_id_));
  event.SetString(field::kProcessCodeSignatureTeamId, found.Text(team_id_));
  if (CapturedTime(found.Get(start_time_)).value_or(0) > 0) {
    event.SetString(field::kProcessStart, found.Text(start_time_));
  }
  const auto set_int = [&](event::FieldId id, PathId path) {
    if (const auto i = CapturedInt(found.Get(path))) event.SetInt(id, *i);
  };
  set_int(field::kProcessGroupLeaderPid, group_id_);
  set_int(field::kProcessSessionLeaderPid, session_id_);
  if (CapturedBool(found.Get(executable_cut_)).value_or(false)) Flag(event, "truncated");
}

void SantaProcess::SetUsers(const JsonCaptures& found, Event& event) const {
  const auto set_uid = [&](event::FieldId id, PathId path) {
    const auto uid = CapturedInt(found.Get(path));
    if (uid) event.SetString(id, PrintUserId(*uid, event.arena()));
  };
  set_uid(field::kUserId, real_uid_);
  set_uid(field::kUserEffectiveId, effective_uid_);
  event.SetString(field::kUserName, found.Text(real_name_));
  event.SetString(field::kUserEffectiveName, found.Text(effective_name_));
}

}  // namespace sequitur::decode
