// Any bytes as a web request (method, target, user agent, a line each): the
// shipped patterns stay within their budget, and names come sorted, each once.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "enrich/event_builder.h"
#include "enrich/indicators.h"

namespace {

namespace field = sequitur::event::field;
using sequitur::enrich::IndicatorSet;

void Require(bool holds) {
  if (!holds) std::abort();
}

const IndicatorSet& Shipped() {
  static const auto* set = [] {
    const auto unit = std::filesystem::path(__FILE__).parent_path().parent_path();
    std::ifstream file(unit.parent_path() / "config" / "indicators.yaml");
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    sequitur::Diagnostics diagnostics;
    const auto specs = sequitur::enrich::ParseIndicators(text, "indicators.yaml", diagnostics);
    Require(specs.has_value());
    return new IndicatorSet(*specs);
  }();
  return *set;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  absl::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto line = [&] {
    const absl::string_view out = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(out.size() + 1, rest.size()));
    return out;
  };
  static sequitur::enrich::Indicators indicators(Shipped());
  static sequitur::event::Event event(sequitur::enrich::AllFields());
  sequitur::enrich::EventBuilder builder(event, "web", "http_request", 0);
  builder.Text(field::kHttpRequestMethod, line());
  builder.Text(field::kUrlOriginal, line());
  builder.Text(field::kUserAgentOriginal, line());
  indicators.Enrich(event);
  Require(indicators.stats().over_budget == 0);
  absl::string_view last;
  for (const auto& name : event.Get(field::kSequiturIndicators).elements()) {
    Require(last < name.string_value());
    last = name.string_value();
  }
  return 0;
}
