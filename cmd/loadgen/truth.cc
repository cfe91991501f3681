#include "loadgen/truth.h"

#include <algorithm>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "loadgen/json_text.h"

namespace sequitur::loadgen {

Mark Mark::Of(Planted* planted, absl::string_view step, TimeNs time) {
  if (planted == nullptr) return {};
  if (planted->start == event::kNoTime) planted->start = time;
  planted->start = std::min(planted->start, time);
  planted->end = std::max(planted->end, time);
  planted->evidence.push_back({step, {}});
  return {planted, planted->evidence.size() - 1};
}

void Mark::Resolve(Place place) const {
  if (planted != nullptr) planted->evidence[evidence].place = std::move(place);
}

Planted* Truth::Plant(Expectation expectation, absl::string_view scenario, absl::string_view host) {
  auto entry = std::make_unique<Planted>();
  entry->id = absl::StrFormat("%s-%03d", scenario, planted_.size() + 1);
  entry->expectation = expectation;
  entry->scenario = std::string(scenario);
  entry->host = std::string(host);
  planted_.push_back(std::move(entry));
  return planted_.back().get();
}

std::string TruthLine(const Planted& planted) {
  std::string line;
  JsonText json(line);
  json.BeginObject().Text("id", planted.id);
  json.Text("kind", planted.expectation == Expectation::kAttack ? "attack" : "look-alike");
  json.Text("scenario", planted.scenario).Text("rule", planted.rule).BeginArray("variants");
  for (const std::string& variant : planted.variants) json.Item(variant);
  json.EndArray().Text("host", planted.host);
  json.Text("start", event::FormatIso8601(planted.start));
  json.Text("end", event::FormatIso8601(planted.end)).BeginArray("evidence");
  for (const Proof& proof : planted.evidence) {
    if (proof.place.file.empty()) continue;  // of a stream that was left out
    std::string item;
    JsonText(item)
        .BeginObject()
        .Text("step", proof.step)
        .Text("file", proof.place.file)
        .Number("line", proof.place.line)
        .EndObject();
    json.Raw(item);
  }
  json.EndArray().Text("note", planted.note).EndObject();
  return line;
}

absl::Status Truth::WriteTo(const std::string& path) const {
  std::ofstream file(path, std::ios::binary);
  for (const auto& planted : planted_) {
    if (!planted->evidence.empty()) file << TruthLine(*planted) << '\n';
  }
  file.close();
  if (!file) return absl::UnavailableError(absl::StrCat(path, ": cannot write"));
  return absl::OkStatus();
}

}  // namespace sequitur::loadgen
