// indicators.yaml to IndicatorSpecs.

#include "absl/strings/str_cat.h"
#include "enrich/indicators.h"
#include "re2/re2.h"
#include "yaml/document.h"

namespace sequitur::enrich {
namespace {

std::vector<std::string> ReadPatterns(yaml::Mapping& entry, absl::string_view key) {
  std::vector<std::string> out;
  const auto list = entry.Get(key);
  if (!list) return out;
  RE2::Options options;
  options.set_log_errors(false);
  options.set_encoding(RE2::Options::EncodingLatin1);
  for (const yaml::Node& node : list->Elements()) {
    const auto pattern = node.AsString();
    if (!pattern) continue;
    const RE2 compiled(*pattern, options);
    if (!compiled.ok()) {
      node.AddError(absl::StrCat("not a regular expression: ", compiled.error()));
    } else if (RE2::FullMatch("", compiled)) {
      node.AddError("this pattern matches the empty text, and so everything");
    }
    out.push_back(*pattern);
  }
  return out;
}

bool SaysNothing(const IndicatorSpec& spec) {
  return spec.target.empty() && spec.user_agent.empty() && spec.referrer.empty() &&
         spec.message.empty() && spec.methods_except.empty() && spec.target_longer_than == 0 &&
         !spec.binary && !spec.empty_user_agent;
}

IndicatorSpec ReadIndicator(const yaml::Node& node) {
  IndicatorSpec out;
  yaml::Mapping entry(node, "an indicator");
  out.name = entry.RequireString("name").value_or("");
  entry.GetString("description");
  out.methods = entry.GetStrings("methods");
  out.methods_except = entry.GetStrings("methods_except");
  out.target = ReadPatterns(entry, "target");
  out.user_agent = ReadPatterns(entry, "user_agent");
  out.referrer = ReadPatterns(entry, "referrer");
  out.message = ReadPatterns(entry, "message");
  out.target_longer_than = entry.GetInt("target_longer_than", 0).value_or(0);
  out.binary = entry.GetBool("binary").value_or(false);
  out.empty_user_agent = entry.GetBool("empty_user_agent").value_or(false);
  entry.Finish();
  out.always = SaysNothing(out) && !out.methods.empty();
  if (SaysNothing(out) && !out.always) node.AddError("this indicator can never be given");
  return out;
}

}  // namespace

std::optional<std::vector<IndicatorSpec>> ParseIndicators(absl::string_view yaml_text,
                                                          absl::string_view file_name,
                                                          Diagnostics& diagnostics) {
  yaml::Document document = yaml::Document::Parse(yaml_text, file_name);
  std::vector<IndicatorSpec> specs;
  yaml::Mapping root(document.root(), "the indicators");
  if (const auto list = root.Get("indicators")) {
    for (const yaml::Node& node : list->Elements()) specs.push_back(ReadIndicator(node));
  }
  root.Finish();
  const bool failed = document.HasErrors();
  for (Diagnostic& each : document.TakeDiagnostics()) diagnostics.push_back(std::move(each));
  if (failed) return std::nullopt;
  return specs;
}

}  // namespace sequitur::enrich
