#include "alert/timeline_text.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "alert/attribution.h"
#include "alert/phrase.h"
#include "alert/printable.h"

namespace sequitur::alert {
namespace {

absl::string_view ColourOf(rules::Severity severity) {
  switch (severity) {
    case rules::Severity::kCritical:
      return "\x1b[1;97;41m";
    case rules::Severity::kHigh:
      return "\x1b[1;31m";
    case rules::Severity::kMedium:
      return "\x1b[1;33m";
    case rules::Severity::kLow:
      return "\x1b[1;36m";
  }
  return "";
}

std::string Paint(absl::string_view text, absl::string_view code, Colour colour) {
  if (colour == Colour::kNone) return std::string(text);
  return absl::StrCat(code, text, "\x1b[0m");
}

std::string Where(const Position& at, const SourceNames& sources) {
  const std::string name = Printable(sources.name(at.source), 200);
  if (at.partition == Position::kFile) return absl::StrCat(name, ":", at.offset);
  return absl::StrCat(name, "[", at.partition, "]@", at.offset);
}

// +0.000 s, +1 min 03.250 s; a step may precede the first one by the slack.
std::string Offset(event::TimeNs from, event::TimeNs time) {
  const event::TimeNs delta = time - from;
  const double seconds = static_cast<double>(std::abs(delta)) / 1e9;
  const char sign = delta < 0 ? '-' : '+';
  if (seconds < 60) return absl::StrFormat("%c%.3f s", sign, seconds);
  const int minutes = static_cast<int>(seconds / 60);
  return absl::StrFormat("%c%d min %06.3f s", sign, minutes, seconds - minutes * 60);
}

std::string Key(const Alert& alert) {
  std::vector<std::string> parts;
  for (const Alert::KeyPart& part : alert.key) {
    parts.push_back(
        absl::StrCat(part.field, "=", part.value ? Printable(*part.value, 80) : "(null)"));
  }
  return absl::StrJoin(parts, ", ");
}

void AppendSteps(const Alert& alert, const SourceNames& sources, Colour colour, std::string& out) {
  const auto& evidence = alert.match.evidence;
  const auto first = std::find_if(evidence.begin(), evidence.end(),
                                  [](const event::SnapshotRef& event) { return bool(event); });
  for (size_t i = 0; i < evidence.size(); ++i) {
    if (!evidence[i]) {
      absl::StrAppendFormat(&out, "  %2d  %-14s  (nothing that was looked for)\n", i + 1, "");
      continue;
    }
    absl::StrAppendFormat(&out, "  %2d  %-14s  %s\n", i + 1,
                          Offset((*first)->time(), evidence[i]->time()), Phrase(*evidence[i]));
    const std::string where = absl::StrCat(event::FormatIso8601(evidence[i]->time()), "  ",
                                           Where(evidence[i]->position(), sources));
    absl::StrAppendFormat(&out, "%22s%s\n", "", Paint(where, "\x1b[2m", colour));
  }
}

void AppendAttribution(const Alert& alert, const SourceNames& sources, std::string& out) {
  std::vector<std::string> links;
  for (const HeldLink& held : LinksOf(alert)) {
    if (held.tie == nullptr) continue;
    links.push_back(
        absl::StrCat(held.link->earlier + 1, "-", held.link->later + 1, " by ", held.tie->text));
  }
  if (!links.empty()) absl::StrAppend(&out, "  Linked: ", absl::StrJoin(links, "; "), "\n");
  const auto& candidates = alert.match.candidates;
  if (candidates.size() < 2) return;
  absl::StrAppend(&out, "  Step 1 could be any of these, likeliest first");
  if (alert.match.other_candidates > 0) {
    absl::StrAppend(&out, " (and ", alert.match.other_candidates, " more)");
  }
  out += ":\n";
  for (const correlate::Candidate& candidate : candidates) {
    const std::vector<std::string> ties = TiesOf(alert, *candidate.event);
    absl::StrAppend(&out, "    ", Phrase(*candidate.event), "  ",
                    Where(candidate.event->position(), sources),
                    ties.empty() ? ", by time" : ", by ", absl::StrJoin(ties, ", "), "\n");
  }
}

}  // namespace

std::string ToTimeline(const Alert& alert, const SourceNames& sources, Colour colour) {
  const rules::Rule& rule = *alert.rule;
  const std::string severity = absl::AsciiStrToUpper(rules::SeverityName(rule.severity));
  std::string out = absl::StrCat(Paint(severity, ColourOf(rule.severity), colour), "  ", rule.id,
                                 rule.mode == rules::Mode::kShadow ? " (shadow)" : "", " on ",
                                 Printable(alert.host_name, 80), "\n  ", rule.name, "\n");
  if (!rule.note.empty()) absl::StrAppend(&out, "  Note: ", rule.note, "\n");
  AppendSteps(alert, sources, colour, out);
  AppendAttribution(alert, sources, out);
  if (!alert.coverage_gaps.empty()) {
    absl::StrAppend(&out, "  Coverage: degraded (", absl::StrJoin(alert.coverage_gaps, ", "),
                    ")\n");
  }
  std::vector<std::string> facts = {absl::StrCat("alert ", alert.id)};
  if (!alert.key.empty()) facts.push_back(absl::StrCat("key ", Key(alert)));
  if (!rule.attack.empty()) facts.push_back(absl::StrJoin(rule.attack, " "));
  if (alert.suppressed > 0) facts.push_back(absl::StrCat(alert.suppressed, " more like it"));
  absl::StrAppend(&out, "  ", absl::StrJoin(facts, " · "), "\n");
  return out;
}

}  // namespace sequitur::alert
