// Any text as rules, lists and an allowlist: never a crash, either a RuleSet or
// errors, every problem with its place, and the same again the second time.

#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"
#include "rules/loader.h"

namespace {

using sequitur::Diagnostic;
using sequitur::rules::Loaded;
using sequitur::rules::Rule;

// Parts of the input are split by a line of `%`: rules, lists, allowlist.
Loaded Load(absl::string_view input, sequitur::event::FieldTable& fields) {
  sequitur::rules::RuleDocuments documents;
  for (auto* part : {&documents.rules, &documents.lists, &documents.allowlists}) {
    const size_t end = std::min(input.find("\n%\n"), input.size());
    part->push_back(sequitur::yaml::Document::Parse(input.substr(0, end), "f.yaml"));
    input.remove_prefix(std::min(input.size(), end + 3));
  }
  sequitur::rules::LoadOptions options;
  options.today = absl::CivilDay(2026, 11, 24);
  return sequitur::rules::LoadRuleSet(std::move(documents), options, fields);
}

void Check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  sequitur::event::FieldTable fields;
  const Loaded loaded = Load(input, fields);
  Check((loaded.rules == nullptr) == sequitur::HasErrors(loaded.diagnostics));
  for (const Diagnostic& diagnostic : loaded.diagnostics) {
    Check(!diagnostic.message.empty() && !diagnostic.ToString().empty());
  }
  sequitur::event::FieldTable other_fields;
  const Loaded again = Load(input, other_fields);
  Check(again.diagnostics.size() == loaded.diagnostics.size());
  if (loaded.rules == nullptr) return 0;
  Check(again.rules->rules().size() == loaded.rules->rules().size());
  for (size_t i = 0; i < loaded.rules->rules().size(); ++i) {
    Check(again.rules->rules()[i].version == loaded.rules->rules()[i].version);
    Check(loaded.rules->Find(loaded.rules->rules()[i].id) == static_cast<int>(i));
  }
  return 0;
}
