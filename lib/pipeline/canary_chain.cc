#include "pipeline/canary_chain.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "alert/alert_json.h"
#include "pipeline/engine.h"
#include "pipeline/forwarded_event.h"
#include "pipeline/test_events.h"
#include "rules/rule_test.h"

namespace sequitur::pipeline {
namespace {

namespace field = event::field;

constexpr absl::string_view kNoTest = "no test with `events` expects an alert";

bool IsPositive(const rules::RuleTest& test) {
  return test.expect > 0 && !test.events.empty() && test.files.empty();
}

// Empty, or why this test makes no chain.
std::string MakeChain(const Site& site, const rules::RuleTest& test, CanaryChain& chain) {
  const std::string too_long =
      absl::StrCat("test '", test.name, "' has more than ", kMaxCanaryEvents, " events or ",
                   kMaxCanaryBytes >> 10, " KiB");
  if (test.events.size() > kMaxCanaryEvents) return too_long;
  SourceNames sources;
  sources.Add("test");
  EventWriter writer(site.fields(), sources);
  size_t bytes = 0;
  const auto problems = DecodeTestEvents(site, test, [&](event::Event& event) {
    chain.end = std::max(chain.end, event.time);
    writer.Write(event, chain.events.emplace_back());
    bytes += chain.events.back().size();
  });
  if (!problems.empty()) return problems.front();
  return bytes > kMaxCanaryBytes || chain.events.size() > kMaxCanaryEvents ? too_long : "";
}

bool Finds(const Site& site, const CanaryChain& chain) {
  SourceNames sources;
  const std::vector<absl::string_view> events(chain.events.begin(), chain.events.end());
  const CanaryStage stage = {0, {sources.Add("test"), 0, 0, 0}, absl::Now()};
  return PlayCanary(site, chain, events, stage, sources).has_value();
}

void PlanRule(const Site& site, const std::string& rule,
              absl::Span<const rules::RuleTest* const> tests, CanaryPlan& plan) {
  std::optional<CanaryChain> first;
  std::string why(kNoTest);
  for (const rules::RuleTest* test : tests) {
    CanaryChain chain;
    chain.rule = rule;
    const std::string problem = MakeChain(site, *test, chain);
    if (!problem.empty()) {
      why = problem;
      continue;
    }
    if (Finds(site, chain)) {
      plan.chains.push_back(std::move(chain));
      return;
    }
    if (!first.has_value()) first = std::move(chain);
  }
  if (first.has_value()) {
    plan.chains.push_back(*std::move(first));
    plan.dead.push_back(rule);
  } else {
    plan.without[rule] = why;
  }
}

// A test that names no host says kTestHost, in the claim and in its fields.
void NameHost(absl::string_view host, event::Event& event) {
  for (absl::string_view* claimed : {&event.claim.id, &event.claim.name}) {
    if (*claimed == rules::kTestHost) *claimed = host;
  }
  for (const event::FieldId id : {field::kHostId, field::kHostName}) {
    if (event.Text(id) == rules::kTestHost) event.SetString(id, host);
  }
}

void MoveBy(event::TimeNs shift, event::Event& event) {
  event.time = event::AddSaturating(event.time, shift);
  if (!event.Has(field::kTimestamp)) return;
  event.SetString(field::kTimestamp, event.arena().Copy(event::FormatIso8601(event.time)));
}

}  // namespace

CanaryPlan PlanCanaries(const Site& site) {
  std::map<std::string, std::vector<const rules::RuleTest*>> tests;
  for (const rules::RuleTest& test : site.tests()) {
    if (IsPositive(test)) tests[test.rule].push_back(&test);
  }
  CanaryPlan plan;
  for (const rules::Rule& rule : site.rules()->rules()) {
    PlanRule(site, rule.id, tests[rule.id], plan);
  }
  return plan;
}

std::string CanaryHost(int32_t partition) { return absl::StrCat("sequitur-canary-", partition); }

std::optional<CanaryAlert> PlayCanary(const Site& site, const CanaryChain& chain,
                                      absl::Span<const absl::string_view> events,
                                      const CanaryStage& stage, SourceNames& sources) {
  const std::string host = CanaryHost(stage.partition);
  std::optional<CanaryAlert> first;
  EngineOptions options;
  options.suppression = alert::Suppression::kNone;
  Engine engine(site, sources, options, [&](alert::Alert&& alert) {
    if (alert.rule->id != chain.rule || first.has_value()) return;
    alert.canary = true;
    // A test may name hosts; the alert is the canary's.
    if (alert.host_name != host) alert.host_id.clear();
    alert.host_name = host;
    first = CanaryAlert{alert.id, alert::ToJson(alert, site.fields(), sources)};
  });
  EventReader reader(site.projection(), sources);
  event::Event event(site.projection());
  const event::TimeNs shift = absl::ToUnixNanos(stage.now) - chain.end;
  for (size_t i = 0; i < events.size(); ++i) {
    if (!reader.Read(events[i], event)) return std::nullopt;
    event.position = stage.position;
    event.position.row = static_cast<uint32_t>(i);
    MoveBy(shift, event);
    NameHost(host, event);
    engine.Process(event);
  }
  engine.Finish();
  return first;
}

}  // namespace sequitur::pipeline
