#pragma once

// Coverage: which telemetry each host sends, against what each rule needs. A
// rule whose events do not arrive finds nothing and looks like a quiet one;
// this is how the two are told apart.
//
// A rule needs the categories of its stages, and flows with a pid where a
// network stage reads the process. It concerns a host that has ever sent the
// category of the rule's first stage: a host without a web server lacks nothing
// of a web rule.
//
// Time is the log's own: the latest record's.
//
// Bounds:  some 80 bytes a known host.
// Threads: none; one per engine.

#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "event/event.h"
#include "event/host_table.h"
#include "rules/rule_set.h"

namespace sequitur::pipeline {

class Coverage {
 public:
  enum Telemetry : uint8_t { kWeb, kProcess, kFile, kNetwork, kNetworkPid, kOther };
  static constexpr size_t kKinds = 5;  // those a rule can need
  using Kinds = std::bitset<kKinds>;

  // web, process, file, network, network_pid, other.
  static absl::string_view Name(Telemetry kind);
  // The first of the event's categories that is a kind, kNetwork for flows with
  // and without a pid.
  static Telemetry KindOf(const event::Event& event);

  Coverage(const rules::RuleSet& rules, const event::FieldTable& fields, absl::Duration window);

  // Other rules from now on.
  void Adopt(const rules::RuleSet& rules, const event::FieldTable& fields);

  // In sequitur.flags of an event before which messages of its sensor were lost.
  static constexpr absl::string_view kLossFlag = "es_sequence_gap";

  // REQUIRES: the event's host is resolved.
  void Observe(const event::Event& event);
  void MergeHosts(event::HostId from, event::HostId into);
  void ForgetHost(event::HostId host);

  // What the host has not sent within the window though the rule needs it;
  // nothing while the host is known for less than that.
  Kinds Lacks(uint32_t rule, event::HostId host) const;
  // The host lost messages within the window.
  bool HasLost(event::HostId host) const;

  using HostsByKind = std::array<int64_t, kKinds>;
  struct Summary {
    int64_t active_hosts = 0;
    std::vector<HostsByKind> lacking;  // by rule
  };
  Summary Summarise() const;

  // Hosts with something lacking and what it is, at most `limit`: for people.
  struct Gap {
    event::HostId host;
    Kinds lacks;
  };
  std::vector<Gap> Gaps(size_t limit) const;

 private:
  struct Host {
    event::TimeNs first = event::kNoTime;
    event::TimeNs last = event::kNoTime;
    event::TimeNs lost = event::kNoTime;
    std::array<event::TimeNs, kKinds> seen = NeverSeen();
  };
  struct Need {
    Kinds kinds;
    int first = -1;  // the kind of the first stage; -1: any

    friend bool operator==(const Need&, const Need&) = default;
  };

  static std::array<event::TimeNs, kKinds> NeverSeen();
  static Need NeedOf(const rules::Rule& rule, const rules::RuleSet& rules,
                     const event::FieldTable& fields);
  Host& HostOf(event::HostId host);
  bool IsActive(const Host& host) const;
  Kinds LacksOf(const Need& need, const Host& host) const;

  const event::TimeNs window_;
  std::vector<Need> needs_;           // each once: rules have few different ones
  std::vector<size_t> need_of_rule_;  // index into needs_
  std::vector<Host> hosts_;           // by HostId
  event::TimeNs now_ = event::kNoTime;
};

}  // namespace sequitur::pipeline
