// Splitting loses nothing but blanks and outer quotes; joining puts one blank
// between arguments and loses nothing either, unless it says so.

#include <cstdlib>
#include <string>

#include "decode/process_fields.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sequitur;  // NOLINT
  const absl::string_view line(reinterpret_cast<const char*>(data), size);
  Arena arena;
  const event::Value args = decode::SplitArguments(line, arena);
  if (args.elements().size() > decode::kMaxArguments) std::abort();
  absl::string_view rest = line;
  for (const event::Value& argument : args.elements()) {
    const size_t at = rest.find(argument.text());
    if (at == rest.npos) std::abort();
    rest.remove_prefix(at + argument.text().size());
  }
  if (rest.find_first_not_of(" \"'") != rest.npos) std::abort();

  bool cut = false;
  const absl::string_view joined = decode::JoinArguments(args, arena, &cut);
  if (joined.size() > decode::kMaxCommandLine) std::abort();
  std::string expected;
  for (const event::Value& argument : args.elements()) {
    if (&argument != args.elements().begin()) expected += ' ';
    expected.append(argument.text().data(), argument.text().size());
  }
  if (cut != (expected.size() > decode::kMaxCommandLine)) std::abort();
  if (joined != absl::string_view(expected).substr(0, decode::kMaxCommandLine)) std::abort();
  return 0;
}
