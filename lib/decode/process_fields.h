#pragma once

// How every host sensor's facts about processes and files become ECS fields,
// so that one image or path looks the same whoever reported it.
//
// Bounds:   a joined command line is cut at kMaxCommandLine, a split one at
//           kMaxArguments; both stay complete in the field they came from.
// Threads:  none of these keeps state.

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "event/event.h"

namespace sequitur::decode {

inline constexpr size_t kMaxCommandLine = 32 << 10;
inline constexpr size_t kMaxArguments = 1024;

// macOS sensors report real paths, people and rules write the short ones:
// /System/Volumes/Data/x is /x, and /private/{etc,tmp,var} is /{etc,tmp,var}.
// The result is a part of `path`.
absl::string_view FoldMacPath(absl::string_view path);

absl::string_view BaseName(absl::string_view path);
// After the last dot of the base name, without it; a leading dot is no extension.
absl::string_view Extension(absl::string_view path);

// What happened, in ECS terms.
struct EventKind {
  absl::string_view category;
  absl::string_view type;
  absl::string_view action;
};
void SetKind(event::Event& event, const EventKind& kind, absl::string_view outcome = "success");

// One execution of a program: a pid, and the counter that the kernel raises
// with every exec and fork.
struct ImageId {
  static constexpr int64_t kUnknown = -1;
  int64_t pid = kUnknown;
  int64_t version = kUnknown;

  bool has_pid() const { return pid >= 0; }
  bool exact() const { return pid >= 0 && version >= 0; }
};

// The fields that hold one image; kNoField where ECS has none.
inline constexpr event::FieldId kNoField = UINT16_MAX;
struct ImageFields {
  event::FieldId pid;
  event::FieldId version;
  event::FieldId entity_id;
  event::FieldId executable;
  event::FieldId name;
};
inline constexpr ImageFields kProcessImage = {
    event::field::kProcessPid, event::field::kProcessPidVersion, event::field::kProcessEntityId,
    event::field::kProcessExecutable, event::field::kProcessName};
inline constexpr ImageFields kParentImage = {
    event::field::kProcessParentPid, event::field::kProcessParentPidVersion,
    event::field::kProcessParentEntityId, event::field::kProcessParentExecutable,
    event::field::kProcessParentName};
// The image before an exec; its pid is the process's own.
inline constexpr ImageFields kPreviousImage = {
    kNoField, event::field::kProcessPreviousPidVersion, event::field::kProcessPreviousEntityId,
    event::field::kProcessPreviousExecutable, event::field::kProcessPreviousName};
inline constexpr ImageFields kResponsibleImage = {
    event::field::kProcessResponsiblePid, event::field::kProcessResponsiblePidVersion, kNoField,
    event::field::kProcessResponsibleExecutable, kNoField};

// The entity id is a hash of pid and pidversion and of nothing else: an image
// named as somebody's parent gets the same id as where it is reported itself.
// Without a pidversion there is none.
void SetImage(event::Event& event, const ImageFields& fields, ImageId image);
void SetExecutable(event::Event& event, const ImageFields& fields, absl::string_view path);

// The parent to report: what the kernel says now, unless that is launchd only
// because the real parent has died; then the pid the process was born under.
ImageId TrueParent(ImageId now, std::optional<int64_t> born_under);

// A uid_t as decimal text: some sensors print nobody as -2, others as 4294967294.
absl::string_view PrintUserId(int64_t uid, Arena& arena);

// process.args, process.args_count and, where wanted, process.command_line.
void SetArguments(event::Event& event, const event::Value& args);

// Arguments joined by blanks; one that is empty or holds blanks or quotes is put in
// double quotes, with `"` and `\` escaped. `cut` tells that not all fitted.
absl::string_view JoinArguments(const event::Value& args, Arena& arena, bool* cut);

// The reverse, as near as can be told: blanks separate, a quoted stretch is one
// argument and keeps its escapes. What is beyond kMaxArguments stays in the last.
event::Value SplitArguments(absl::string_view command_line, Arena& arena);

// process.io.stdio_types from what descriptors 0, 1 and 2 are; empty = closed.
void SetStdio(event::Event& event, const absl::string_view (&types)[3]);

// How a process ended.
struct ExitStatus {
  std::optional<int64_t> code;
  std::optional<int64_t> signal;

  // wait(2)'s status word: signal in the low seven bits, else code in the next byte.
  static ExitStatus FromWaitWord(int64_t word);
};

// Signals by which macOS ends a process that did wrong: ILL TRAP ABRT EMT FPE
// KILL BUS SEGV SYS. KILL is among them since code-signing and memory-limit
// deaths arrive as KILL; TERM, HUP, INT and PIPE are how processes are stopped.
bool IsCrashSignal(int64_t signal);

// The kind of event ("worker_crash" or "exit"), process.exit_code or
// sequitur.exit.signal.
void SetExit(event::Event& event, const ExitStatus& exit);

// file.path (folded) and what follows from it.
void SetFile(event::Event& event, absl::string_view path);
void SetOriginalFile(event::Event& event, absl::string_view path);
// st_mode as ECS has it: four octal digits of permission.
void SetFileMode(event::Event& event, int64_t st_mode);

// directory + "/" + name.
absl::string_view JoinPath(absl::string_view directory, absl::string_view name, Arena& arena);

// Appends one of the decoders' flags to sequitur.flags.
void Flag(event::Event& event, absl::string_view flag);

}  // namespace sequitur::decode
