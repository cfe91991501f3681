#pragma once

// AlertBuilder: Match -> Alert. Names the host, decodes the join key, computes
// the id. Threads: none. Lifetime: everything passed must outlive the alerts.

#include "absl/strings/string_view.h"
#include "alert/alert.h"
#include "base/source_names.h"
#include "event/host_table.h"
#include "rules/rule_set.h"

namespace sequitur::alert {

class AlertBuilder {
 public:
  AlertBuilder(const rules::RuleSet& rules, const event::FieldTable& fields,
               const event::HostTable& hosts, const SourceNames& sources)
      : rules_(rules), fields_(fields), hosts_(hosts), sources_(sources) {}

  Alert Build(correlate::Match match, event::TimeNs now) const;

 private:
  std::vector<Alert::KeyPart> DecodeKey(const correlate::Match& match) const;
  std::string Id(const correlate::Match& match) const;

  const rules::RuleSet& rules_;
  const event::FieldTable& fields_;
  const event::HostTable& hosts_;
  const SourceNames& sources_;
};

}  // namespace sequitur::alert
