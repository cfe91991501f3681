#include "enrich/process_record.h"

namespace sequitur::enrich {
namespace {

namespace field = event::field;
using event::Event;
using event::Value;

int64_t NumberOf(const Value& value, int64_t missing) {
  const Value v = value.first();
  if (v.kind() == Value::Kind::kInt) return v.int_value();
  int64_t number = 0;
  return v.is_string() && event::ParseInt(v.string_value(), &number) ? number : missing;
}

// The words of eslogger, Elastic's agents, osquery, Santa and auditbeat.
ProcessRecord::Kind KindOf(const Event& event) {
  if (!HasWord(event.Get(field::kEventCategory), "process")) return ProcessRecord::Kind::kMention;
  const absl::string_view action = event.Text(field::kEventAction);
  if (action == "fork" || action == "vfork" || action == "clone") {
    return ProcessRecord::Kind::kFork;
  }
  if (action == "exec" || action == "start" || action == "executed" ||
      action == "process_started") {
    return ProcessRecord::Kind::kExec;
  }
  if (action == "exit" || action == "end" || action == "worker_crash" ||
      action == "process_stopped") {
    return ProcessRecord::Kind::kExit;
  }
  const Value& type = event.Get(field::kEventType);
  if (HasWord(type, "end")) return ProcessRecord::Kind::kExit;
  // A start under another name is one only if it says what was started.
  const bool starts = HasWord(type, "start") &&
                      (event.Has(field::kProcessArgs) || event.Has(field::kProcessCommandLine));
  return starts ? ProcessRecord::Kind::kExec : ProcessRecord::Kind::kMention;
}

absl::string_view UserOf(const Event& event) {
  for (const event::FieldId id :
       {field::kUserName, field::kProcessUserName, field::kUserId, field::kProcessUserId}) {
    if (const absl::string_view text = event.Text(id); !text.empty()) return text;
  }
  return {};
}

constexpr event::FieldId kInputs[] = {
    field::kEventCategory,
    field::kEventType,
    field::kEventAction,
    field::kHostBootId,
    field::kProcessPid,
    field::kProcessPidVersion,
    field::kProcessEntityId,
    field::kProcessExecutable,
    field::kProcessName,
    field::kProcessArgs,
    field::kProcessCommandLine,
    field::kProcessStart,
    field::kProcessParentPid,
    field::kProcessParentPidVersion,
    field::kProcessParentEntityId,
    field::kProcessParentExecutable,
    field::kProcessParentName,
    field::kProcessPreviousPidVersion,
    field::kProcessPreviousEntityId,
    field::kProcessPreviousExecutable,
    field::kProcessPreviousName,
    field::kProcessExtAncestry,
    field::kUserName,
    field::kUserId,
    field::kProcessUserName,
    field::kProcessUserId,
};

}  // namespace

void AddProcessFields(event::Projection& projection) {
  for (const event::FieldId id : kInputs) projection.Add(id);
}

ProcessRecord ReadProcess(const Event& event) {
  ProcessRecord out;
  out.self.pid = NumberOf(event.Get(field::kProcessPid), kNoPid);
  if (out.self.pid < 0) return out;
  out.kind = KindOf(event);
  out.time = event.time;
  const absl::string_view start = event.Text(field::kProcessStart);
  if (!start.empty()) out.start = event::ParseIso8601(start).value_or(event::kNoTime);
  out.self.version = NumberOf(event.Get(field::kProcessPidVersion), kNoVersion);
  out.self.entity_id = event.Text(field::kProcessEntityId);
  out.self.executable = event.Text(field::kProcessExecutable);
  out.self.name = event.Text(field::kProcessName);
  out.previous.pid = out.self.pid;
  out.previous.version = NumberOf(event.Get(field::kProcessPreviousPidVersion), kNoVersion);
  out.previous.entity_id = event.Text(field::kProcessPreviousEntityId);
  out.previous.executable = event.Text(field::kProcessPreviousExecutable);
  out.previous.name = event.Text(field::kProcessPreviousName);
  out.parent.pid = NumberOf(event.Get(field::kProcessParentPid), kNoPid);
  out.parent.version = NumberOf(event.Get(field::kProcessParentPidVersion), kNoVersion);
  out.parent.entity_id = event.Text(field::kProcessParentEntityId);
  out.parent.executable = event.Text(field::kProcessParentExecutable);
  out.parent.name = event.Text(field::kProcessParentName);
  out.args = event.Get(field::kProcessArgs).elements();
  out.user = UserOf(event);
  out.ancestry = event.Get(field::kProcessExtAncestry).elements();
  out.boot_id = event.Text(field::kHostBootId);
  return out;
}

absl::string_view BaseName(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == path.npos ? path : path.substr(slash + 1);
}

}  // namespace sequitur::enrich
