#include "decode/santa_log.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "decode/process_fields.h"

namespace sequitur::decode {

namespace field = event::field;
using event::Event;
using event::Value;

namespace {

// The timestamp and level are short; a line that has no `santad:` soon has none.
constexpr size_t kMaxPrefix = 96;
constexpr absl::string_view kMark = "santad: action=";

// The keys that mean something to us, as written (still escaped).
struct Pairs {
  absl::string_view action, decision, reason, sha256, pid, pidversion, ppid, uid, user;
  absl::string_view path, newpath, args, process_path, machine_id, team_id, signing_id;
};

struct Key {
  absl::string_view name;
  absl::string_view Pairs::*value;
};
constexpr Key kKeys[] = {
    {"action", &Pairs::action},
    {"decision", &Pairs::decision},
    {"reason", &Pairs::reason},
    {"sha256", &Pairs::sha256},
    {"pid", &Pairs::pid},
    {"pidversion", &Pairs::pidversion},
    {"ppid", &Pairs::ppid},
    {"uid", &Pairs::uid},
    {"user", &Pairs::user},
    {"path", &Pairs::path},
    {"newpath", &Pairs::newpath},
    {"args", &Pairs::args},
    {"processpath", &Pairs::process_path},
    {"machineid", &Pairs::machine_id},
    {"teamid", &Pairs::team_id},
    {"signingid", &Pairs::signing_id},
};

Pairs ReadPairs(absl::string_view text) {
  Pairs pairs;
  while (!text.empty()) {
    const absl::string_view pair = text.substr(0, text.find('|'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    const size_t equals = pair.find('=');
    if (equals == pair.npos) continue;
    for (const Key& key : kKeys) {
      if (key.name != pair.substr(0, equals)) continue;
      // The first one stands, should a later one be there all the same.
      if ((pairs.*key.value).empty()) pairs.*key.value = pair.substr(equals + 1);
      break;
    }
  }
  return pairs;
}

// `<pipe>` to `|`, `\n` and `\r` to themselves.
absl::string_view Unescape(absl::string_view text, Arena& arena) {
  constexpr absl::string_view kPipe = "<pipe>";
  if (text.find_first_of("<\\") == text.npos) return text;
  char* out = arena.Allocate<char>(text.size());
  size_t size = 0;
  while (!text.empty()) {
    if (absl::ConsumePrefix(&text, kPipe)) {
      out[size++] = '|';
    } else if (absl::ConsumePrefix(&text, "\\n")) {
      out[size++] = '\n';
    } else if (absl::ConsumePrefix(&text, "\\r")) {
      out[size++] = '\r';
    } else {
      out[size++] = text.front();
      text.remove_prefix(1);
    }
  }
  return {out, size};
}

int64_t IntOr(absl::string_view text, int64_t otherwise) {
  int64_t i = otherwise;
  return event::ParseInt(text, &i) ? i : otherwise;
}

void SetIds(const Pairs& pairs, Event& event) {
  SetImage(event, kProcessImage,
           {IntOr(pairs.pid, ImageId::kUnknown), IntOr(pairs.pidversion, ImageId::kUnknown)});
  SetImage(event, kParentImage, {IntOr(pairs.ppid, ImageId::kUnknown), ImageId::kUnknown});
  int64_t uid = 0;
  if (event::ParseInt(pairs.uid, &uid)) {
    event.SetString(field::kUserId, PrintUserId(uid, event.arena()));
  }
  event.SetString(field::kUserName, pairs.user);
}

// Blanks inside an argument are lost to the format: each word is an argument.
Value WordsOf(absl::string_view text, Arena& arena) {
  size_t count = 0;
  for (size_t i = 0; i < text.size(); ++i) count += text[i] == ' ' ? 1 : 0;
  count = std::min(count + 1, kMaxArguments);
  Value* list = arena.Allocate<Value>(count);
  size_t size = 0;
  while (!text.empty() && size < count) {
    const bool last = size + 1 == kMaxArguments;
    const absl::string_view word = last ? text : text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (!word.empty()) list[size++] = Value::String(word);
  }
  return Value::List({list, size});
}

DecodeResult DecodeExec(const Pairs& pairs, Event& event) {
  Arena& arena = event.arena();
  if (pairs.path.empty()) return DecodeResult::kMalformedLine;
  if (pairs.decision == "DENY") {
    // The program never ran: lineage and rules about starts must not see one.
    SetKind(event, {"process", "denied", "exec_denied"}, "failure");
  } else {
    SetKind(event, {"process", "start", "exec"});
  }
  SetIds(pairs, event);
  SetExecutable(event, kProcessImage, Unescape(pairs.path, arena));
  const absl::string_view line = Unescape(pairs.args, arena);
  event.SetString(field::kProcessCommandLine, line);
  const Value args = WordsOf(line, arena);
  if (!args.is_null()) {
    event.Set(field::kProcessArgs, args);
    event.SetInt(field::kProcessArgsCount, static_cast<int64_t>(args.elements().size()));
  }
  event.SetString(field::kProcessHashSha256, pairs.sha256);
  event.SetString(field::kProcessCodeSignatureTeamId, pairs.team_id);
  event.SetString(field::kProcessCodeSignatureSigningId, pairs.signing_id);
  event.SetString(field::kEventReason, pairs.reason);
  return DecodeResult::kDecoded;
}

struct FileAction {
  absl::string_view action;
  EventKind kind;
};
constexpr FileAction kFileActions[] = {
    {"WRITE", {"file", "change", "modification"}},
    {"RENAME", {"file", "change", "rename"}},
    {"DELETE", {"file", "deletion", "deletion"}},
    {"LINK", {"file", "creation", "creation"}},
    {"CLONE", {"file", "creation", "creation"}},
    {"COPYFILE", {"file", "creation", "creation"}},
    {"EXCHANGE", {"file", "change", "modification"}},
    {"EXCHANGEDATA", {"file", "change", "modification"}},
};

DecodeResult DecodeFile(const EventKind& kind, const Pairs& pairs, Event& event) {
  Arena& arena = event.arena();
  if (pairs.path.empty()) return DecodeResult::kMalformedLine;
  SetKind(event, kind);
  SetIds(pairs, event);
  SetExecutable(event, kProcessImage, Unescape(pairs.process_path, arena));
  const absl::string_view path = Unescape(pairs.path, arena);
  if (pairs.newpath.empty()) {
    SetFile(event, path);
  } else {
    SetFile(event, Unescape(pairs.newpath, arena));
    SetOriginalFile(event, path);
  }
  return DecodeResult::kDecoded;
}

DecodeResult DecodeAction(const Pairs& pairs, Event& event) {
  if (pairs.action == "EXEC") return DecodeExec(pairs, event);
  if (pairs.action == "FORK") {
    SetKind(event, {"process", "start", "fork"});
    SetIds(pairs, event);
    return DecodeResult::kDecoded;
  }
  if (pairs.action == "EXIT") {
    SetIds(pairs, event);
    SetExit(event, ExitStatus());  // the line does not say how
    return DecodeResult::kDecoded;
  }
  for (const FileAction& row : kFileActions) {
    if (row.action == pairs.action) return DecodeFile(row.kind, pairs, event);
  }
  return DecodeResult::kNotAnEvent;  // disks, bundles, allowlists ...
}

}  // namespace

bool SantaLog::Recognises(absl::string_view line) {
  return absl::StartsWith(line, "[") && absl::StrContains(line.substr(0, kMaxPrefix), kMark);
}

DecodeResult SantaLog::Decode(absl::string_view line, const LineContext& lines,
                              Event& event) const {
  const size_t mark = line.substr(0, kMaxPrefix).find(kMark);
  const size_t bracket = line.find(']');
  if (mark == line.npos || bracket > mark || !absl::ConsumePrefix(&line, "[")) {
    return DecodeResult::kMalformedLine;
  }
  const auto time = event::ParseIso8601(line.substr(0, bracket - 1), &lines.zone);
  if (!time) return DecodeResult::kBadTimestamp;
  event.time = *time;
  event.SetString(field::kTimestamp, line.substr(0, bracket - 1));
  event.SetString(field::kHostOsType, "macos");
  event.SetString(field::kEventModule, "santa");
  line.remove_prefix(mark - 1 + kMark.size() - absl::string_view("action=").size());
  while (absl::ConsumeSuffix(&line, "\n") || absl::ConsumeSuffix(&line, "\r")) {
  }
  const Pairs pairs = ReadPairs(line);
  event.claim.id = pairs.machine_id;
  return DecodeAction(pairs, event);
}

}  // namespace sequitur::decode
