#pragma once

// A RuleSet of queries alone, without YAML or a site, for benchmarks.

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eql/program.h"
#include "event/field_table.h"
#include "rules/rule_set.h"

namespace sequitur::bench {

class QueryRules {
 public:
  // `list` is what queries call $list. Ends the program where a query is wrong.
  explicit QueryRules(const std::vector<std::string>& queries, event::TimeNs order_slack = 0,
                      const std::vector<std::string>& list = {}) {
    eql::Program program(fields_);
    std::vector<rules::Rule> rules;
    for (const std::string& query : queries) {
      auto compiled = program.Compile(query, [&](absl::string_view) { return &list; });
      if (!compiled.query) {
        std::fprintf(stderr, "%s: %s\n", query.c_str(), compiled.errors[0].message.c_str());
        std::exit(1);
      }
      rules::Rule& rule = rules.emplace_back();
      rule.id = absl::StrCat("rule-", rules.size());
      rule.is_sequence = compiled.query->is_sequence;
      rule.maxspan = compiled.query->maxspan;
      rule.order_slack = order_slack;
      for (eql::Term& term : compiled.query->terms) rule.stages.push_back({std::move(term), {}});
    }
    namespace field = event::field;
    const event::FieldId shown[] = {
        field::kEventType,   field::kEventAction,       field::kSourceIp,
        field::kUrlPath,     field::kUserAgentOriginal, field::kHttpRequestMethod,
        field::kHostId,      field::kHostName,          field::kUrlOriginal,
        field::kProcessName, field::kProcessArgs,       field::kDestinationPort};
    rules_ = std::make_shared<const rules::RuleSet>(
        std::move(rules), std::vector<rules::AllowlistEntry>(), std::move(program), fields_, shown);
  }

  const std::shared_ptr<const rules::RuleSet>& rules() const { return rules_; }

 private:
  event::FieldTable fields_;
  std::shared_ptr<const rules::RuleSet> rules_;
};

}  // namespace sequitur::bench
