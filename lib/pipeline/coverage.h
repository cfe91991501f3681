#pragma once

// Coverage: which telemetry each host sends, and how, against what each rule
// needs. A rule whose events do not arrive finds nothing and looks like a quiet
// one; this is how the two are told apart.
//
// A rule needs the categories of its stages, one of those that an `any` stage can
// be true of, and flows with a pid where a network stage reads the process. It
// concerns a host that has ever sent the category of the rule's first stage: a host
// without a web server lacks nothing of a web rule. There
//
//  - a kind is lacking that was not seen within the window: the rule cannot fire;
//  - telemetry is degraded that comes, but so that chains through it may be missed:
//    too late to be joined, without a time zone, with messages of the sensor lost.
//
// Late is told by arrival, by host and source (topic or file): more than one in
// eight of the latest events came further behind the host's newest than lateness
// allows. A source that is merely silent is lacking in the end, never late; and
// now and then an old event (a flow as long as an afternoon) makes none late. What
// was degraded is said to be for a window more: what was missed stays missed.
//
// Time is the log's own: the latest record's.
//
// Bounds:  some 150 bytes a known host, and 24 for each of kMaxSources sources.
// Threads: none; one per engine.

#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eql/query.h"
#include "event/event.h"
#include "event/event_clock.h"
#include "event/host_table.h"
#include "rules/rule_set.h"

namespace sequitur::pipeline {

struct CoverageOptions {
  absl::Duration window;
  absl::Duration lateness;  // beyond it an event is late
};

class Coverage {
 public:
  enum Telemetry : uint8_t { kWeb, kProcess, kFile, kNetwork, kNetworkPid, kOther };
  static constexpr size_t kKinds = 5;  // those a rule can need
  using Kinds = std::bitset<kKinds>;

  // Why telemetry that comes is not to be relied on.
  enum Reason : uint8_t {
    kLateWeb,
    kLateProcess,
    kLateFile,
    kLateNetwork,
    kTimeZoneAssumed,
    kSequenceGap
  };
  static constexpr size_t kReasons = 6;
  using Reasons = std::bitset<kReasons>;

  // Sources told apart on one host; of more, the one longest silent is forgotten.
  static constexpr size_t kMaxSources = 8;

  // web, process, file, network, network_pid, other.
  static absl::string_view Name(Telemetry kind);
  // late_web ..., time_zone_assumed, es_sequence_gap.
  static absl::string_view Name(Reason reason);
  // The first of the event's categories that is a kind, kNetwork for flows with
  // and without a pid.
  static Telemetry KindOf(const event::Event& event);

  Coverage(const rules::RuleSet& rules, const event::FieldTable& fields, CoverageOptions options);

  // Other rules from now on.
  void Adopt(const rules::RuleSet& rules, const event::FieldTable& fields);

  // In sequitur.flags of an event before which messages of its sensor were lost,
  // and of one whose time had no zone.
  static constexpr absl::string_view kLossFlag = "es_sequence_gap";
  static constexpr absl::string_view kZoneFlag = "time_assumed_utc";

  // The event's kind (KindOf), which it asks for anyway. REQUIRES: the event's host
  // is resolved.
  Telemetry Observe(const event::Event& event);
  void MergeHosts(event::HostId from, event::HostId into);
  void ForgetHost(event::HostId host);

  // What the host has not sent within the window though the rule needs it;
  // nothing while the host is known for less than that.
  Kinds Lacks(uint32_t rule, event::HostId host) const;
  // Why, within the window, chains of the rule may have been missed on the host.
  Reasons Degraded(uint32_t rule, event::HostId host) const;

  struct RuleHosts {
    std::array<int64_t, kKinds> lacking = {};
    std::array<int64_t, kReasons> degraded = {};
  };
  struct Summary {
    int64_t active_hosts = 0;
    int64_t hosts_with_gaps = 0;
    std::vector<RuleHosts> rules;
  };
  Summary Summarise() const;

  // Hosts with something lacking or degraded and what it is, at most `limit`: for
  // people.
  struct Gap {
    event::HostId host;
    Kinds lacks;
    Reasons degraded;
    std::array<event::TimeNs, kKinds> seen;  // by kind; kNoTime: never
  };
  std::vector<Gap> Gaps(size_t limit) const;

 private:
  struct Source {
    uint32_t source = 0;
    Kinds kinds;                          // that it sends
    float late_share = 0;                 // of its latest events
    event::TimeNs late = event::kNoTime;  // when that was too much, last
    event::TimeNs last = event::kNoTime;
  };
  struct Host {
    event::TimeNs first = event::kNoTime;
    event::TimeNs last = event::kNoTime;
    event::TimeNs lost = event::kNoTime;
    std::array<event::TimeNs, kKinds> seen = NeverSeen();
    std::array<event::TimeNs, kKinds> without_zone = NeverSeen();
    event::EventClock clock;
    std::vector<Source> sources;
  };
  struct Need {
    Kinds kinds;
    std::vector<Kinds> one_of;  // of each, one is enough
    int first = -1;             // the kind of the first stage; -1: any
    bool any = false;           // a stage can be true of every kind

    Kinds All() const;
    friend bool operator==(const Need&, const Need&) = default;
  };

  static std::array<event::TimeNs, kKinds> NeverSeen();
  using KindsOf = absl::FunctionRef<Kinds(const eql::Term&)>;
  static Need NeedOf(const rules::Rule& rule, const rules::RuleSet& rules,
                     const event::FieldTable& fields, KindsOf possible_kinds);
  Host& HostOf(event::HostId host);
  static Source& SourceOf(Host& host, uint32_t source);
  void ObserveOn(Host& host, const event::Event& event, Telemetry kind);
  void ObserveArrival(const event::Event& event, Telemetry kind, Host& host) const;
  bool IsActive(const Host& host) const;
  bool Concerns(const Need& need, const Host& host) const;
  Kinds LacksOf(const Need& need, const Host& host) const;
  Kinds LateKinds(const Host& host) const;
  Kinds KindsWithoutZone(const Host& host) const;
  Reasons DegradedOf(const Need& need, const Host& host) const;

  const event::TimeNs window_;
  const event::TimeNs lateness_;
  std::vector<Need> needs_;           // each once: rules have few different ones
  std::vector<size_t> need_of_rule_;  // index into needs_
  std::vector<Host> hosts_;           // by HostId
  event::TimeNs now_ = event::kNoTime;
};

}  // namespace sequitur::pipeline
