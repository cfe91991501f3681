// Any bytes as a rule of Elastic's: never a crash; what is imported loads.

#include <cstdint>
#include <cstdlib>

#include "rules/elastic_import.h"
#include "rules/loader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sequitur;  // NOLINT: the entry point's name is libFuzzer's
  event::FieldTable fields;
  const auto imported = rules::ImportElasticRule(
      absl::string_view(reinterpret_cast<const char*>(data), size), "f.toml", {}, fields);
  for (const Diagnostic& problem : imported.diagnostics) {
    if (problem.message.empty() || problem.ToString().empty()) std::abort();
  }
  if (imported.yaml.empty()) {
    if (imported.skipped.empty() && !HasErrors(imported.diagnostics)) std::abort();
    return 0;
  }
  rules::RuleDocuments documents;
  documents.rules.push_back(yaml::Document::Parse(imported.yaml, "f.yaml"));
  event::FieldTable own;
  if (rules::LoadRuleSet(std::move(documents), {}, own).rules == nullptr) std::abort();
  return 0;
}
