// sequitur explain: what a rule was compiled to, and what it costs.

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "base/diagnostic.h"
#include "cmd/sequitur/command.h"
#include "correlate/key_state.h"

namespace sequitur::cmd {
namespace {

struct Options {
  pipeline::SiteOptions site;
  std::string rule;
};

std::string Duration(event::TimeNs ns) { return absl::FormatDuration(absl::Nanoseconds(ns)); }

std::string Keys(const pipeline::Site& site, const eql::Term& term) {
  std::vector<std::string> names;
  for (const eql::KeyField& key : term.keys) {
    names.push_back(absl::StrCat(key.optional ? "?" : "", site.fields().path(key.field)));
  }
  return names.empty() ? "the host" : absl::StrCat("the host, ", absl::StrJoin(names, ", "));
}

std::string IndexedBy(const pipeline::Site& site, const eql::Term& term) {
  std::string by = absl::StrCat("category ", term.category.empty() ? "any" : term.category);
  const auto required =
      site.rules()->program().Required(term.condition, eql::Program::Literals::kEqual);
  for (size_t i = 0; i < required.size(); ++i) {
    constexpr size_t kShown = 6;
    const std::vector<std::string>& all = required[i].literals;
    const std::vector<std::string> shown(all.begin(), all.begin() + std::min(kShown, all.size()));
    absl::StrAppend(&by, i == 0 ? ", " : " or ", site.fields().path(required[i].field), " in (",
                    absl::StrJoin(shown, ", "));
    if (all.size() > kShown) absl::StrAppend(&by, ", and ", all.size() - kShown, " more");
    by += ")";
  }
  return by;
}

std::string Fields(const pipeline::Site& site, const eql::Term& term) {
  event::Projection read(site.fields());
  site.rules()->program().CollectFields(term.condition, read);
  std::vector<std::string> names;
  for (event::FieldId id = 0; id < site.fields().size(); ++id) {
    if (read.Has(id)) names.emplace_back(site.fields().path(id));
  }
  return names.empty() ? "none" : absl::StrJoin(names, ", ");
}

void PrintStage(const pipeline::Site& site, absl::string_view title, const rules::Stage& stage) {
  const eql::Term& term = stage.term;
  std::printf("  %s%s%s\n", std::string(title).c_str(), term.missing ? ": must not happen" : "",
              term.runs > 1 ? absl::StrCat(", ", term.runs, " times").c_str() : "");
  std::printf("    looked up by  %s\n", IndexedBy(site, term).c_str());
  std::printf("    joined by     %s\n", Keys(site, term).c_str());
  std::printf("    reads         %s\n", Fields(site, term).c_str());
  std::printf("    condition     %s\n",
              site.rules()->program().DebugString(term.condition).c_str());
  for (uint32_t entry : stage.allowlist) {
    const auto& allow = site.rules()->allowlist()[entry];
    std::printf("    allowlisted   %s (%s:%d)\n", allow.where_text.c_str(), allow.file.c_str(),
                allow.line);
  }
}

void PrintLinks(const pipeline::Site& site, const rules::Rule& rule) {
  for (const rules::Link& link : rule.links) {
    std::printf("  link %d-%d\n", link.earlier + 1, link.later + 1);
    const auto print = [&](const char* what, const std::vector<rules::Tie>& ties) {
      for (const rules::Tie& tie : ties) {
        std::printf("    %-13s %s", what, tie.text.c_str());
        if (tie.within) {
          std::printf(", where %s = %s",
                      std::string(site.fields().path(tie.within->earlier)).c_str(),
                      std::string(site.fields().path(tie.within->later)).c_str());
        }
        std::printf("\n");
      }
    };
    print("decided by", link.by);
    print("likelier by", link.prefer);
  }
}

void PrintWindows(const pipeline::Site& site, const rules::Rule& rule) {
  std::printf("  maxspan %s, order_slack %s, lateness %s\n",
              rule.maxspan ? Duration(*rule.maxspan).c_str() : "none (until memory is short)",
              Duration(rule.order_slack).c_str(),
              Duration(site.CorrelateOptions().lateness).c_str());
  const correlate::Plan plan = correlate::Plan::Of(rule);
  std::printf("  alerts %s\n", plan.waits
                                   ? "when nothing earlier can arrive any more (it has until "
                                     "or a missing stage)"
                                   : "with its last missing piece");
  std::printf("  memory per pending hit: %zu bytes in order, %zu for a new key, and its evidence\n",
              sizeof(correlate::StageHit) + sizeof(correlate::Chain) * plan.alternatives,
              sizeof(correlate::KeyState));
}

void Print(const pipeline::Site& site, const rules::Rule& rule) {
  std::printf("%s  %s  (%s, risk %d, version %s)\n", rule.id.c_str(), rule.name.c_str(),
              std::string(rules::SeverityName(rule.severity)).c_str(), rule.risk_score,
              rule.version.c_str());
  std::printf("  %s:%d\n", rule.file.c_str(), rule.line);
  for (size_t i = 0; i < rule.stages.size(); ++i) {
    PrintStage(site, rule.is_sequence ? absl::StrCat("stage ", i + 1) : "event", rule.stages[i]);
  }
  if (rule.until.has_value()) PrintStage(site, "until", *rule.until);
  PrintLinks(site, rule);
  if (rule.is_sequence) PrintWindows(site, rule);
  if (rule.suppress.window > 0) {
    std::vector<std::string> by;
    for (event::FieldId id : rule.suppress.by) by.emplace_back(site.fields().path(id));
    std::printf("  one alert per %s%s%s", Duration(rule.suppress.window).c_str(),
                by.empty() ? "" : " and ", absl::StrJoin(by, ", ").c_str());
    if (!rule.suppress.group.empty()) {
      std::printf(" of all rules in the group %s, graver ones apart", rule.suppress.group.c_str());
    }
    std::printf("\n");
  }
  std::printf("\n");
}

int Explain(const Options& options) {
  const auto site = LoadOrExplain(options.site, Warnings::kHide);
  if (site == nullptr) return 1;
  if (!options.rule.empty()) {
    const int index = site->rules()->Find(options.rule);
    if (index < 0) {
      std::vector<absl::string_view> ids;
      for (const rules::Rule& rule : site->rules()->rules()) ids.push_back(rule.id);
      const absl::string_view meant = DidYouMean(options.rule, ids);
      std::fprintf(stderr, "sequitur: no rule '%s'%s\n", options.rule.c_str(),
                   meant.empty() ? "" : absl::StrCat(", did you mean '", meant, "'?").c_str());
      return 1;
    }
    Print(*site, site->rules()->rules()[index]);
    return 0;
  }
  for (const rules::Rule& rule : site->rules()->rules()) Print(*site, rule);
  return 0;
}

}  // namespace

void AddExplain(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand(
      "explain", "Show what rules are compiled to: stages, index keys, fields, windows, memory");
  auto options = std::make_shared<Options>();
  AddSiteOptions(*command, options->site);
  command->add_option("rule", options->rule, "Only this rule")->type_name("RULE_ID");
  command->callback([&run, options] { run = [options] { return Explain(*options); }; });
}

}  // namespace sequitur::cmd
