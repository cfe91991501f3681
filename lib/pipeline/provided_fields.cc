#include "pipeline/provided_fields.h"

#include <fnmatch.h>

#include <algorithm>

#include "absl/strings/str_join.h"
#include "decode/source_fields.h"

namespace sequitur::pipeline {
namespace {

// lib/enrich/README.md: what each step sets.
constexpr absl::string_view kEnriched[] = {"service.name",
                                           "network.direction",
                                           "process.name",
                                           "process.executable",
                                           "process.entity_id",
                                           "process.parent.pid",
                                           "process.parent.name",
                                           "process.parent.executable",
                                           "process.parent.entity_id",
                                           "process.parent.args",
                                           "process.parent.command_line",
                                           "user.name",
                                           "user.id",
                                           "sequitur.ancestors.name",
                                           "sequitur.ancestors.executable",
                                           "sequitur.lineage.service",
                                           "sequitur.lineage.entity_id",
                                           "sequitur.lineage.pid",
                                           "sequitur.lineage.complete",
                                           "sequitur.service.expected_child",
                                           "sequitur.service.expected_egress",
                                           "sequitur.service.reaches",
                                           "sequitur.file.area",
                                           "sequitur.indicators",
                                           "sequitur.novel"};

bool IsEnriched(absl::string_view path) {
  return std::find(std::begin(kEnriched), std::end(kEnriched), path) != std::end(kEnriched);
}

decode::SourceKind KindOf(const config::Config& config, const std::string& topic) {
  for (const config::Source& source : config.sources) {
    if (fnmatch(source.match.c_str(), topic.c_str(), 0) == 0) return source.options.kind;
  }
  return decode::SourceKind::kAuto;
}

}  // namespace

ProvidedFields::ProvidedFields(const config::Config& config) : open_(config.kafka.topics.empty()) {
  for (const std::string& topic : config.kafka.topics) {
    // What a regular expression brings is known only when it runs.
    const auto kind = topic.front() == '^' ? decode::SourceKind::kAuto : KindOf(config, topic);
    open_ |= kind == decode::SourceKind::kAuto || kind == decode::SourceKind::kEcs;
    if (std::find(kinds_.begin(), kinds_.end(), kind) == kinds_.end()) kinds_.push_back(kind);
  }
}

bool ProvidedFields::Has(absl::string_view path) const {
  if (IsEnriched(path)) return true;
  if (open_ && decode::CanSet(decode::SourceKind::kEcs, path)) return true;
  return std::any_of(kinds_.begin(), kinds_.end(),
                     [&](decode::SourceKind kind) { return decode::CanSet(kind, path); }) ||
         (kinds_.empty() && IsNative(path));
}

bool ProvidedFields::Makes(absl::string_view category) const {
  return open_ || std::any_of(kinds_.begin(), kinds_.end(), [&](decode::SourceKind kind) {
           return decode::CanMake(kind, category);
         });
}

bool ProvidedFields::IsNative(absl::string_view path) {
  return IsEnriched(path) || !decode::KindsThatSet(path).empty();
}

std::string ProvidedFields::KindNames() const {
  return absl::StrJoin(kinds_, ", ", [](std::string* out, decode::SourceKind kind) {
    out->append(decode::SourceKindName(kind).data(), decode::SourceKindName(kind).size());
  });
}

}  // namespace sequitur::pipeline
