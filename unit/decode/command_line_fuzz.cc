// Splitting loses nothing but blanks and outer quotes, and what joining wrote
// splits into as many arguments again.

#include <cstdlib>

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
  const event::Value again = decode::SplitArguments(joined, arena);
  if (!cut && again.elements().size() != args.elements().size()) std::abort();
  return 0;
}
