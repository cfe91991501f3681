#include "alert/alert_builder.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "alert/hash128.h"
#include "correlate/join_key.h"

namespace sequitur::alert {
namespace {

const eql::Term& FirstPositive(const rules::Rule& rule) {
  for (const rules::Stage& stage : rule.stages) {
    if (!stage.term.missing) return stage.term;
  }
  return rule.stages.front().term;
}

}  // namespace

Alert AlertBuilder::Build(correlate::Match match, event::TimeNs now) const {
  Alert alert;
  alert.rule = &rules_.rules()[match.rule];
  alert.id = Id(match);
  alert.host_id = std::string(hosts_.id(match.host));
  alert.host_name = std::string(hosts_.canonical(match.host));
  alert.key = DecodeKey(match);
  alert.created = now;
  alert.start = event::kEndOfTime;
  alert.end = event::kNoTime;
  event::TimeNs arrived = event::kNoTime;
  for (const event::SnapshotRef& event : match.evidence) {
    if (!event) continue;
    alert.start = std::min(alert.start, event->time());
    alert.end = std::max(alert.end, event->time());
    if (event->position().partition == Position::kFile) continue;
    arrived = std::max(arrived, event->record_time());
  }
  if (arrived != event::kNoTime) alert.detect = now - arrived;
  alert.match = std::move(match);
  return alert;
}

std::vector<Alert::KeyPart> AlertBuilder::DecodeKey(const correlate::Match& match) const {
  std::vector<Alert::KeyPart> parts;
  const auto values = correlate::DecodeJoinKey(match.key);
  const auto& keys = FirstPositive(rules_.rules()[match.rule]).keys;
  for (size_t i = 0; i < std::min(values.size(), keys.size()); ++i) {
    Alert::KeyPart part{std::string(fields_.path(keys[i].field)), values[i]};
    if (keys[i].field == event::field::kHostId && !hosts_.id(match.host).empty()) {
      part.value = std::string(hosts_.id(match.host));
    } else if (keys[i].field == event::field::kHostId || keys[i].field == event::field::kHostName) {
      part.value = std::string(hosts_.canonical(match.host));
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

std::string AlertBuilder::Id(const correlate::Match& match) const {
  std::string identity;
  AppendPart(rules_.rules()[match.rule].id, identity);
  AppendPart(match.key, identity);
  for (const event::SnapshotRef& event : match.evidence) {
    if (!event) {
      AppendPart("-", identity);
      continue;
    }
    const Position& at = event->position();
    AppendPart(sources_.name(at.source), identity);
    absl::StrAppend(&identity, at.partition, ",", at.offset, ",", at.row, ";");
  }
  return HexHash(identity);
}

}  // namespace sequitur::alert
