#include "decode/json_sources.h"

namespace sequitur::decode {

JsonSources::JsonSources(JsonPaths& paths, const event::Projection& projection,
                         const SourceOptions& options)
    : category_(paths.Add("event.category")) {
  const auto wants = [&](SourceKind kind) {
    return options.kind == SourceKind::kAuto || options.kind == kind;
  };
  // With a format given, a line that looks like JSON is read by that format.
  const bool by_format = !options.log_format.empty();
  if (!by_format && (wants(SourceKind::kNginxAccess) || wants(SourceKind::kHttpdAccess))) {
    access_.emplace(paths, projection);
  }
  if (wants(SourceKind::kEslogger)) eslogger_.emplace(paths, projection);
  if (wants(SourceKind::kEcs)) ecs_.emplace(paths, projection, options.trust_own_fields);
  if (wants(SourceKind::kOsquery)) osquery_.emplace(paths, projection);
  if (wants(SourceKind::kSanta)) santa_.emplace(paths, projection);
  if (wants(SourceKind::kZeek)) zeek_.emplace(paths, projection);
  if (wants(SourceKind::kSuricata)) suricata_.emplace(paths, projection);
  if (wants(SourceKind::kGoflow2)) goflow2_.emplace(paths, projection);
}

SourceKind JsonSources::RecogniseOwn(const JsonCaptures& document) const {
  if (eslogger_ && eslogger_->Recognises(document)) return SourceKind::kEslogger;
  if (osquery_ && osquery_->Recognises(document)) return SourceKind::kOsquery;
  if (santa_ && santa_->Recognises(document)) return SourceKind::kSanta;
  if (suricata_ && suricata_->Recognises(document)) return SourceKind::kSuricata;
  if (zeek_ && zeek_->Recognises(document)) return SourceKind::kZeek;
  if (goflow2_ && goflow2_->Recognises(document)) return SourceKind::kGoflow2;
  return SourceKind::kAuto;
}

bool JsonSources::IsAccess(const JsonCaptures& document) const {
  return access_ && access_->Recognises(document);
}

bool JsonSources::IsEcs(const JsonCaptures& document) const {
  return ecs_ && ecs_->Recognises(document);
}

bool JsonSources::IsFinishedEcs(const JsonCaptures& document) const {
  const absl::string_view category = document.Text(category_);
  return !category.empty() && category != "web" && IsEcs(document);
}

DecodeResult JsonSources::Decode(SourceKind kind, const JsonCaptures& document,
                                 const LineContext& lines, event::Event& event, EmitEvent emit) {
  switch (kind) {
    case SourceKind::kNginxAccess:
    case SourceKind::kHttpdAccess: {
      const DecodeResult result = access_->Decode(document, lines, event);
      if (result == DecodeResult::kDecoded) emit(event);
      return result;
    }
    case SourceKind::kEslogger:
      return eslogger_->Decode(document, lines, event, emit);
    case SourceKind::kEcs:
      return ecs_->Decode(document, lines, event, emit);
    case SourceKind::kOsquery:
      return osquery_->Decode(document, lines, event, emit);
    case SourceKind::kSanta:
      return santa_->Decode(document, lines, event, emit);
    case SourceKind::kZeek:
      return zeek_->Decode(document, lines, event, emit);
    case SourceKind::kSuricata:
      return suricata_->Decode(document, lines, event, emit);
    case SourceKind::kGoflow2:
      return goflow2_->Decode(document, lines, event, emit);
    default:
      return DecodeResult::kNotRecognised;
  }
}

}  // namespace sequitur::decode
