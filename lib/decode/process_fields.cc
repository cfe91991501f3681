#include "decode/process_fields.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "decode/captured_value.h"
#include "decode/fact_identity.h"

namespace sequitur::decode {

namespace field = event::field;
using event::Event;
using event::Value;

namespace {

// `path` is `directory` or lies below it.
bool IsWithin(absl::string_view path, absl::string_view directory) {
  return absl::StartsWith(path, directory) &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

absl::string_view PrintHex(uint64_t word, Arena& arena) {
  constexpr char kDigits[] = "0123456789abcdef";
  constexpr size_t kSize = 16;
  char* out = arena.Allocate<char>(kSize);
  for (size_t i = 0; i < kSize; ++i) out[i] = kDigits[(word >> (60 - 4 * i)) & 0xf];
  return {out, kSize};
}

}  // namespace

absl::string_view FoldMacPath(absl::string_view path) {
  constexpr absl::string_view kDataVolume = "/System/Volumes/Data";
  constexpr absl::string_view kPrivate = "/private";
  if (path.size() > kDataVolume.size() && IsWithin(path, kDataVolume)) {
    path.remove_prefix(kDataVolume.size());
  }
  if (!absl::StartsWith(path, kPrivate)) return path;
  const absl::string_view folded = path.substr(kPrivate.size());
  for (absl::string_view root : {"/etc", "/tmp", "/var"}) {
    if (IsWithin(folded, root)) return folded;
  }
  return path;
}

absl::string_view BaseName(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == path.npos ? path : path.substr(slash + 1);
}

absl::string_view Extension(absl::string_view path) {
  const absl::string_view name = BaseName(path);
  const size_t dot = name.rfind('.');
  return dot == name.npos || dot == 0 ? absl::string_view() : name.substr(dot + 1);
}

void SetKind(Event& event, const EventKind& kind, absl::string_view outcome) {
  event.SetString(field::kEventKind, "event");
  event.SetString(field::kEventCategory, kind.category);
  event.SetString(field::kEventType, kind.type);
  event.SetString(field::kEventAction, kind.action);
  event.SetString(field::kEventOutcome, outcome);
}

void SetImage(Event& event, const ImageFields& fields, ImageId image) {
  if (!image.has_pid()) return;
  event.SetInt(fields.pid, image.pid);
  if (!image.exact()) return;
  event.SetInt(fields.version, image.version);
  if (!event.Wants(fields.entity_id)) return;
  const uint64_t hash = FactIdentity().Add(image.pid).Add(image.version).value();
  event.SetString(fields.entity_id, PrintHex(hash, event.arena()));
}

void SetExecutable(Event& event, const ImageFields& fields, absl::string_view path) {
  path = FoldMacPath(path);
  event.SetString(fields.executable, path);
  event.SetString(fields.name, BaseName(path));
}

ImageId TrueParent(ImageId now, std::optional<int64_t> born_under) {
  constexpr int64_t kLaunchd = 1;
  const bool orphan = now.pid == kLaunchd || !now.has_pid();
  if (!orphan || born_under.value_or(0) <= kLaunchd) return now;
  return {*born_under, ImageId::kUnknown};
}

absl::string_view PrintUserId(int64_t uid, Arena& arena) {
  return PrintInt(static_cast<uint32_t>(uid), arena);
}

void SetArguments(Event& event, const Value& args) {
  if (args.is_null()) return;
  event.Set(field::kProcessArgs, args);
  event.SetInt(field::kProcessArgsCount, static_cast<int64_t>(args.elements().size()));
  if (!event.Wants(field::kProcessCommandLine)) return;
  bool cut = false;
  event.SetString(field::kProcessCommandLine, JoinArguments(args, event.arena(), &cut));
  if (cut) Flag(event, "truncated");
}

namespace {

bool NeedsQuotes(absl::string_view argument) {
  return argument.empty() || argument.find_first_of(" \t\r\n\"'") != argument.npos;
}

// Characters into a fixed space; what does not fit is dropped and noted.
class BoundedText {
 public:
  BoundedText(char* space, size_t size) : begin_(space), at_(space), end_(space + size) {}

  void Put(char c) {
    if (at_ == end_) {
      cut_ = true;
    } else {
      *at_++ = c;
    }
  }
  void Put(absl::string_view text) {
    const size_t size = std::min<size_t>(text.size(), end_ - at_);
    if (size > 0) std::memcpy(at_, text.data(), size);
    at_ += size;
    cut_ |= size < text.size();
  }
  void PutQuoted(absl::string_view text) {
    Put('"');
    for (char c : text) {
      if (c == '"' || c == '\\') Put('\\');
      Put(c);
    }
    Put('"');
  }

  absl::string_view text() const { return {begin_, static_cast<size_t>(at_ - begin_)}; }
  bool cut() const { return cut_; }

 private:
  char* begin_;
  char* at_;
  char* end_;
  bool cut_ = false;
};

}  // namespace

absl::string_view JoinArguments(const Value& args, Arena& arena, bool* cut) {
  const auto elements = args.elements();
  size_t worst = 0;
  for (const Value& argument : elements) worst += 2 * argument.text().size() + 3;
  worst = std::min(worst, kMaxCommandLine);
  BoundedText out(arena.Allocate<char>(worst), worst);
  for (const Value& argument : elements) {
    if (&argument != elements.begin()) out.Put(' ');
    if (NeedsQuotes(argument.text())) {
      out.PutQuoted(argument.text());
    } else {
      out.Put(argument.text());
    }
  }
  *cut = out.cut();
  return out.text();
}

namespace {

// Where the argument at the front of `text` ends, if it is one quoted stretch:
// the index of the closing quote, which a blank or the end must follow.
size_t ClosingQuote(absl::string_view text) {
  const char quote = text.front();
  if (quote != '"' && quote != '\'') return text.npos;
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\' && quote == '"') {
      ++i;
    } else if (text[i] == quote) {
      return i + 1 == text.size() || text[i + 1] == ' ' ? i : text.npos;
    }
  }
  return text.npos;
}

// Takes one argument off the front of `text`, which starts with no blank.
absl::string_view TakeArgument(absl::string_view* text, bool* quotes) {
  const size_t close = *quotes ? ClosingQuote(*text) : text->npos;
  absl::string_view argument;
  if (close != text->npos) {
    argument = text->substr(1, close - 1);
    text->remove_prefix(close + 1);
    return argument;
  }
  // A quote that never closes is no quote; looking for its end again for each
  // later one would be quadratic.
  if (text->front() == '"' || text->front() == '\'') *quotes = false;
  argument = text->substr(0, text->find(' '));
  text->remove_prefix(argument.size());
  return argument;
}

absl::string_view SkipBlanks(absl::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return text;
}

}  // namespace

Value SplitArguments(absl::string_view command_line, Arena& arena) {
  absl::string_view rest = SkipBlanks(command_line);
  const size_t blanks = static_cast<size_t>(std::count(rest.begin(), rest.end(), ' '));
  const size_t limit = std::min(blanks + 1, kMaxArguments);
  Value* list = arena.Allocate<Value>(limit);
  size_t count = 0;
  bool quotes = true;
  while (!rest.empty() && count + 1 < limit) {
    list[count++] = Value::String(TakeArgument(&rest, &quotes));
    rest = SkipBlanks(rest);
  }
  if (!rest.empty()) {
    const absl::string_view last = rest;
    const absl::string_view taken = TakeArgument(&rest, &quotes);
    list[count++] = Value::String(SkipBlanks(rest).empty() ? taken : last);
  }
  return Value::List({list, count});
}

void SetStdio(Event& event, const absl::string_view (&types)[3]) {
  if (!event.Wants(field::kProcessStdioTypes)) return;
  Value* list = event.arena().Allocate<Value>(3);
  for (size_t i = 0; i < 3; ++i) list[i] = Value::String(types[i].empty() ? "closed" : types[i]);
  event.Set(field::kProcessStdioTypes, Value::List({list, 3}));
}

ExitStatus ExitStatus::FromWaitWord(int64_t word) {
  const int64_t signal = word & 0x7f;
  if (signal != 0) return {std::nullopt, signal};
  return {(word >> 8) & 0xff, std::nullopt};
}

bool IsCrashSignal(int64_t signal) {
  constexpr int64_t kIll = 4, kSys = 12;  // ILL TRAP ABRT EMT FPE KILL BUS SEGV SYS: 4 to 12
  return signal >= kIll && signal <= kSys;
}

void SetExit(Event& event, const ExitStatus& exit) {
  const bool crashed = exit.signal && IsCrashSignal(*exit.signal);
  SetKind(event, {"process", "end", crashed ? "worker_crash" : "exit"},
          crashed ? "failure" : "success");
  if (exit.code) event.SetInt(field::kProcessExitCode, *exit.code);
  if (exit.signal) event.SetInt(field::kSequiturExitSignal, *exit.signal);
}

void SetFile(Event& event, absl::string_view path) {
  path = FoldMacPath(path);
  event.SetString(field::kFilePath, path);
  event.SetString(field::kFileName, BaseName(path));
  event.SetString(field::kFileExtension, Extension(path));
  const size_t slash = path.rfind('/');
  if (slash != path.npos) {
    event.SetString(field::kFileDirectory, path.substr(0, std::max<size_t>(slash, 1)));
  }
}

void SetOriginalFile(Event& event, absl::string_view path) {
  path = FoldMacPath(path);
  event.SetString(field::kFileExtOriginalPath, path);
  event.SetString(field::kFileExtOriginalName, BaseName(path));
}

void SetFileMode(Event& event, int64_t st_mode) {
  if (!event.Wants(field::kFileMode)) return;
  constexpr size_t kDigits = 4;
  char* out = event.arena().Allocate<char>(kDigits);
  for (size_t i = 0; i < kDigits; ++i) {
    out[i] = static_cast<char>('0' + ((st_mode >> (3 * (kDigits - 1 - i))) & 7));
  }
  event.SetString(field::kFileMode, {out, kDigits});
}

absl::string_view JoinPath(absl::string_view directory, absl::string_view name, Arena& arena) {
  if (directory.empty() || name.empty()) return name.empty() ? directory : name;
  absl::ConsumeSuffix(&directory, "/");
  const size_t size = directory.size() + 1 + name.size();
  char* out = arena.Allocate<char>(size);
  if (!directory.empty()) std::memcpy(out, directory.data(), directory.size());
  out[directory.size()] = '/';
  std::memcpy(out + directory.size() + 1, name.data(), name.size());
  return {out, size};
}

void Flag(Event& event, absl::string_view flag) {
  event.Append(field::kSequiturFlags, Value::String(flag));
}

}  // namespace sequitur::decode
