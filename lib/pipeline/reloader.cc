#include "pipeline/reloader.h"

#include <sys/stat.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "pipeline/pause.h"
#include "spdlog/spdlog.h"

namespace sequitur::pipeline {
namespace {

constexpr absl::Duration kLookEvery = absl::Seconds(1);

std::map<std::string, int64_t> CountModes(const Site& site) {
  std::map<std::string, int64_t> modes;
  for (const rules::Mode mode : {rules::Mode::kLive, rules::Mode::kShadow}) {
    modes[std::string(rules::ModeName(mode))] = 0;
  }
  for (const rules::Rule& rule : site.rules()->rules()) {
    ++modes[std::string(rules::ModeName(rule.mode))];
  }
  return modes;
}

bool IsSameButForText(const rules::Rule& a, const rules::Rule& b) {
  return a.version == b.version && a.severity == b.severity && a.mode == b.mode &&
         a.suppress.by == b.suppress.by && a.suppress.window == b.suppress.window &&
         a.suppress.group == b.suppress.group;
}

std::string Listed(absl::string_view what, std::vector<std::string> ids) {
  constexpr size_t kShown = 8;
  const size_t count = ids.size();
  if (count > kShown) {
    ids.resize(kShown);
    ids.push_back("...");
  }
  return absl::StrCat(count, " ", what, " (", absl::StrJoin(ids, ", "), ")");
}

}  // namespace

std::string DescribeChange(const Site& before, const Site& next) {
  const rules::RuleSet &old_rules = *before.rules(), &new_rules = *next.rules();
  std::vector<std::string> added, changed, removed;
  for (const rules::Rule& rule : new_rules.rules()) {
    const int at = old_rules.Find(rule.id);
    if (at < 0) {
      added.push_back(rule.id);
    } else if (!IsSameButForText(rule, old_rules.rules()[static_cast<size_t>(at)])) {
      changed.push_back(rule.id);
    }
  }
  for (const rules::Rule& rule : old_rules.rules()) {
    if (new_rules.Find(rule.id) < 0) removed.push_back(rule.id);
  }
  std::vector<std::string> parts;
  if (!added.empty()) parts.push_back(Listed("rules new", added));
  if (!changed.empty()) parts.push_back(Listed("rules changed", changed));
  if (!removed.empty()) parts.push_back(Listed("rules gone", removed));
  if (old_rules.allowlist().size() != new_rules.allowlist().size()) {
    parts.push_back(absl::StrCat("allowlist entries ", old_rules.allowlist().size(), " -> ",
                                 new_rules.allowlist().size()));
  }
  if (!next.HasSameEnvironment(before)) {
    parts.push_back("how events are read changed: workers start anew and rebuild");
  }
  return absl::StrJoin(parts, "; ");
}

int64_t ExpiredEntries(const Site& site, absl::CivilDay today) {
  const rules::RuleSet& rules = *site.rules();
  auto expired = static_cast<int64_t>(rules.expired_allowlist().size());
  for (const rules::AllowlistEntry& entry : rules.allowlist()) {
    absl::CivilDay last;
    if (absl::ParseCivilTime(entry.expires, &last) && last < today) ++expired;
  }
  return expired;
}

Reloader::Reloader(SiteOptions options, std::shared_ptr<const Site> in_use, Adopt adopt)
    : options_(std::move(options)), adopt_(std::move(adopt)), in_use_(std::move(in_use)) {
  report_.last_success = absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch());
  report_.rules = CountModes(*in_use_);
}

metrics::ConfigReport Reloader::report() const {
  const std::lock_guard lock(mutex_);
  return report_;
}

Reloader::Outcome Reloader::Reload(absl::string_view why) {
  const std::lock_guard one_at_a_time(loading_);
  spdlog::info("reloading: {}", std::string(why));
  Outcome outcome = Load();
  const std::lock_guard lock(mutex_);
  report_.last_reload_ok = outcome.ok;
  report_.last_problem = outcome.ok ? "" : outcome.text;
  ++(outcome.ok ? report_.reloads : report_.reload_failures);
  if (outcome.ok) {
    report_.last_success = absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch());
    report_.rules = CountModes(*in_use_);
    spdlog::info("reloaded: {}", outcome.text);
  } else {
    spdlog::error("not reloaded, the configuration in use stays: {}", outcome.text);
  }
  return outcome;
}

Reloader::Outcome Reloader::Load() {
  std::shared_ptr<const Site> before;
  {
    const std::lock_guard lock(mutex_);
    before = in_use_;
  }
  auto [loaded, diagnostics] = Site::Load(options_, before);
  std::vector<std::string> problems;
  for (const Diagnostic& diagnostic : diagnostics) {
    if (loaded == nullptr && diagnostic.severity == Diagnostic::Severity::kWarning) continue;
    problems.push_back(diagnostic.ToString());
  }
  if (loaded == nullptr) return {false, absl::StrJoin(problems, "\n")};
  const std::shared_ptr<const Site> next = std::move(loaded);
  const absl::Status adopted = adopt_(next);
  if (!adopted.ok()) return {false, std::string(adopted.message())};
  const std::string change = DescribeChange(*before, *next);
  {
    const std::lock_guard lock(mutex_);
    in_use_ = next;
  }
  problems.insert(problems.begin(), change.empty() ? "no rule changed" : change);
  return {true, absl::StrJoin(problems, "\n")};
}

// What is behind every path, of a file that is gone only its name; and how many
// entries have expired.
std::string Reloader::Fingerprint() const {
  std::shared_ptr<const Site> site;
  {
    const std::lock_guard lock(mutex_);
    site = in_use_;
  }
  std::vector<std::string> files = site->Files();
  files.insert(files.end(), options_.rule_paths.begin(), options_.rule_paths.end());
  std::string text;
  for (const std::string& file : files) {
    struct stat what {};
    absl::StrAppend(&text, file);
    if (stat(file.c_str(), &what) == 0) {
      absl::StrAppend(&text, " ", what.st_dev, " ", what.st_ino, " ", what.st_size, " ",
                      what.st_mtim.tv_sec, ".", what.st_mtim.tv_nsec);
    }
    absl::StrAppend(&text, "\n");
  }
  const absl::CivilDay today = absl::ToCivilDay(absl::Now(), absl::UTCTimeZone());
  absl::StrAppend(&text, ExpiredEntries(*site, today));
  return text;
}

void Reloader::Watch(std::stop_token stop) {
  std::string loaded = Fingerprint();
  std::string last = loaded;
  while (true) {
    Pause(stop, kLookEvery);
    if (stop.stop_requested()) return;
    std::string now = Fingerprint();
    const bool still = now == last;
    last = std::move(now);
    if (!still || last == loaded) continue;
    // What changes while it is read is another change.
    loaded = last;
    Reload("files changed, or an allowlist entry has expired");
  }
}

}  // namespace sequitur::pipeline
