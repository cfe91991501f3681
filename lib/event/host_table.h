#pragma once

// HostTable says which host an event happened on. Records name hosts by machine
// id, by name in several spellings, by agent, by address or not at all; the
// table gives each host one number and learns from every record which names
// belong together. The correlator never joins events of two HostIds, so a
// wrong answer here is a missed chain.
//
// How a claim is answered:
//  kSubject: by id, else by name, else by agent, else by an address that is
//    already known, else the default host, else kUnknownHost.
//    - A record with id and name binds the name to the id's host. A host known by
//      name only acquires the id and keeps its number; if the id has a host of
//      its own, the name-only one is merged into it. A name held by another
//      machine goes to the latest claim, and is counted as a conflict.
//    - An id that comes without a name and is spelt like one is taken for it.
//    - Its agent and addresses are learnt; the latest claim holds them.
//  kSensor (flows): the host of the initiator's address, else that of the
//    responder's, else the default host. Else, when the initiator is private or
//    within own_networks, a host known by this address alone, which the first
//    record to claim the address takes over; but as long as nothing has named
//    any host, kUnknownHost, which nameless logs then share. Else the sensor
//    itself, as a last resort.
// Names are compared in lower case without `.local` and strip_domains; "-",
// "localhost" and addresses are no names. Loopback, link-local, multicast and
// unspecified addresses identify nobody.
//
// Configured aliases are never rebound, and their hosts never forgotten.
//
// Invariants: 1. Each id, name, agent and address is bound to one host at most.
//             2. The answers are a function of the options and the sequence of calls.
//             3. A number is given anew only after Take...() has told of its end.
// Bounds:   max_hosts learnt hosts; the least recently used is forgotten first.
//           kMax... aliases of a kind for a host, the oldest giving way.
//           Ended numbers are kept until taken. Known hosts cost no allocation.
//           remembered_claims answers are kept to save asking again (ClaimMemo).
// Threads:  none; one per worker.
// Lifetime: views returned are valid until the next Resolve().

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "event/claim_memo.h"
#include "event/event.h"
#include "event/ip_address.h"

namespace sequitur::event {

// The host of records that name none.
inline constexpr HostId kUnknownHost = 0;

// One host as configured. Where two claim the same alias, the first has it.
struct HostAlias {
  std::string name;
  std::vector<std::string> ids;
  std::vector<std::string> addresses;
};

struct HostTableOptions {
  std::vector<HostAlias> hosts;
  std::vector<std::string> strip_domains;
  std::string default_host;
  size_t max_hosts = 200000;
  std::vector<CidrBlock> own_networks;
  size_t remembered_claims = 4096;  // 0: none
};

class HostTable {
 public:
  static constexpr size_t kMaxNames = 16;
  static constexpr size_t kMaxAgents = 16;
  static constexpr size_t kMaxAddresses = 64;

  struct Stats {
    size_t hosts = 0;             // learnt ones alive now
    uint64_t unknown = 0;         // claims answered with kUnknownHost
    uint64_t defaulted = 0;       // claims answered with the default host
    uint64_t merges = 0;          // two numbers found to be one host
    uint64_t name_conflicts = 0;  // one name claimed by two machines
    uint64_t address_moves = 0;   // an address claimed by another host than before
    uint64_t forgotten = 0;       // hosts given up for max_hosts
  };

  explicit HostTable(const HostTableOptions& options);
  HostTable(const HostTable&) = delete;
  HostTable& operator=(const HostTable&) = delete;

  // The host of a claim. Addresses of the flow, or empty: only read for kSensor.
  HostId Resolve(const HostClaim& claim, absl::string_view flow_initiator,
                 absl::string_view flow_responder);

  // The machine id as first seen, or empty.
  absl::string_view id(HostId host) const { return hosts_[Alive(host)].id; }
  // The first name still held, normalised, or empty.
  absl::string_view name(HostId host) const { return hosts_[Alive(host)].name; }
  // What people call it: name, else id, else address; "unknown" for kUnknownHost.
  absl::string_view canonical(HostId host) const;

  // Hosts found to be the same since the last call, as (from, into) and in
  // order: what is kept of `from` belongs to `into`. Until the call both numbers
  // answer alike; after it `from` may be given to another host, so nobody may
  // still hold it: move its state, and call this between events.
  std::vector<std::pair<HostId, HostId>> TakeMerges();
  // Hosts forgotten since the last call, whose state is of no use any more;
  // after it their numbers may be given to others. Take merges first: one may
  // lead to a host that was forgotten after it.
  std::vector<HostId> TakeForgotten();

  const Stats& stats() const { return stats_; }

 private:
  struct Binding {
    HostId host;
    bool configured;
  };
  template <typename Key>
  using Bindings = absl::flat_hash_map<Key, Binding>;

  struct Host {
    std::string id;
    std::string name;
    std::string address;  // of a host known by nothing else
    // What is bound to it, oldest first.
    std::vector<std::string> ids, names, agents;
    std::vector<IpAddress> addresses;
    bool configured = false;
    // Never the same again once what is bound to it has changed.
    uint64_t version = 0;
    HostId merged_into = kUnknownHost;
    // Neighbours in the order of use; hosts_[0] closes the ring.
    HostId newer = 0;
    HostId older = 0;
  };

  // A lower-cased copy on the stack: a name, stripped, or an id. Empty: none.
  class AliasText;

  HostId ResolveSubject(const HostClaim& claim);
  // By id, name or agent; learns all that the claim says. kUnknownHost: by none.
  HostId ResolveAndLearn(const HostClaim& claim);
  HostId ResolveSensor(const HostClaim& claim, absl::string_view initiator,
                       absl::string_view responder);
  // By id, name or agent; learns what the claim says belongs together.
  HostId ResolveNamed(const HostClaim& claim);
  HostId ResolveId(absl::string_view id, absl::string_view key, absl::string_view name);
  HostId ResolveName(absl::string_view name);
  HostId ByKnownAddress(const HostClaim& claim) const;
  HostId FindByAddress(absl::string_view text) const;
  bool IsOwn(const IpAddress& address) const;

  // Gives a name to the host of an id; returns it, or the one it was merged into.
  HostId BindName(HostId host, absl::string_view name);
  void LearnAddress(HostId host, const IpAddress& address);
  void LearnAddresses(HostId host, const Value& addresses);
  void LearnAgent(HostId host, absl::string_view agent);
  void AddId(HostId host, absl::string_view id, absl::string_view key);
  void AddName(HostId host, absl::string_view name);
  void DropName(HostId host, absl::string_view name);
  void ChooseName(Host& host);
  template <typename Key>
  void Bind(Bindings<Key>& bindings, std::vector<Key>& list, Key key, HostId host, size_t most);
  template <typename Key>
  void Trim(Bindings<Key>& bindings, std::vector<Key>& list, size_t most);

  HostId Alive(HostId host) const;
  bool IsAddressOnly(const Host& host) const {
    return !host.configured && host.ids.empty() && host.names.empty();
  }
  HostId NewHost();
  void Configure(const HostAlias& alias);
  void MergeInto(HostId from, HostId into);
  void Forget(HostId host);
  void Unlink(HostId host);
  void LinkAsNewest(HostId host);
  void Changed(HostId host) { hosts_[host].version = ++changes_; }
  void Touch(HostId host);

  std::vector<std::string> domains_;  // ".corp.example"
  std::vector<CidrBlock> own_networks_;
  size_t max_hosts_;
  HostId default_host_ = kUnknownHost;
  bool anyone_named_ = false;
  ClaimMemo memo_;
  uint64_t changes_ = 0;  // of what is bound to any host

  std::deque<Host> hosts_;  // by HostId
  Bindings<std::string> ids_, names_, agents_;
  Bindings<IpAddress> addresses_;
  std::vector<std::pair<HostId, HostId>> merges_;
  std::vector<HostId> forgotten_;
  std::vector<HostId> free_;
  Stats stats_;
};

}  // namespace sequitur::event
