#pragma once

// Lineage: which processes an event's process came from, and which public
// service among them. Keeps a ProcessTable per host, fed by every event that
// names a process, and fills from it process.*, process.parent.*,
// sequitur.ancestors.*, sequitur.lineage.*, service.name and
// sequitur.service.expected_child.
//
// A chain that breaks at a process not known yet puts the event into the host's
// WaitingRoom; when the process comes, TakeReexaminable() returns the event.
//
// Bounds:   per host: ProcessTableOptions and WaitingRoom's caps. All hosts:
//           LineageOptions::max_bytes, the longest silent go first;
//           DropIdleHosts() forgets the silent ones before that.
// Threads:  none; one per worker.
// Lifetime: the inventory must outlive it. What it sets in an event lives in the
//           event's arena.

#include <cstdint>
#include <list>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "enrich/inventory.h"
#include "enrich/process_table.h"
#include "enrich/text_memo.h"
#include "enrich/waiting_room.h"
#include "event/event.h"
#include "event/snapshot.h"

namespace sequitur::enrich {

struct LineageOptions {
  ProcessTableOptions table;
  // How long an event waits for a process: the site's lateness.
  event::TimeNs patience = 600 * event::kSecond;
  // Of all hosts' tables, in bytes: beyond it the hosts longest silent are forgotten.
  size_t max_bytes = size_t{1} << 30;
};

class Lineage {
 public:
  // Ancestors listed; the search for the service goes on beyond.
  static constexpr size_t kMaxAncestors = 16;

  struct Stats {
    uint64_t images = 0;
    uint64_t evictions = 0;
    uint64_t expired = 0;
    uint64_t unknown_parents = 0;  // events whose chain broke
    uint64_t waiting = 0;          // now
    uint64_t refused = 0;          // did not wait: no room
    uint64_t waited_in_vain = 0;
    uint64_t reexamined = 0;   // handed out
    uint64_t bytes = 0;        // now, of all tables
    uint64_t crowded_out = 0;  // hosts forgotten for others
  };

  Lineage(const Inventory& inventory, const LineageOptions& options)
      : inventory_(inventory), options_(options) {}

  static void AddFields(event::Projection& projection);

  // The service in the event's lineage, or Inventory::kNone.
  int16_t Enrich(event::Event& event);

  // Events to be enriched and matched again since more is known of their
  // process: restore each into an Event and begin anew.
  std::vector<event::SnapshotRef> TakeReexaminable() { return std::exchange(reexaminable_, {}); }

  void ForgetHost(event::HostId host);
  void DropIdleHosts(event::TimeNs before);
  Stats stats() const;
  size_t hosts() const { return hosts_.size(); }

 private:
  struct Host {
    explicit Host(const LineageOptions& options) : table(options.table), room(options.patience) {}
    ProcessTable table;
    WaitingRoom room;
    size_t bytes = 0;                          // the table's, as counted in bytes_
    std::list<event::HostId>::iterator place;  // in by_use_
  };
  // What a chain says, per image: the service it is, or Inventory::kNone.
  struct Reading {
    absl::InlinedVector<int16_t, ProcessTable::kMaxChain> services;
    int16_t service = Inventory::kNone;
    bool self_is_service = false;
    bool expected_child = false;
    absl::string_view entity_id;  // in the table
    int64_t pid = kNoPid;         // of the nearest process that is the service
  };

  Host& HostOf(event::HostId id);
  int16_t EnrichOn(Host& host, const ProcessRecord& record, event::Event& event);
  void Account(Host& host);
  void Judge(ProcessTable& table, ImageIndex index);
  // The inventory's word on a program with these arguments, each ended by a NUL.
  Inventory::Judgement JudgementOf(Inventory::Program program, absl::string_view arguments);
  const Inventory::Recognition& RecognitionOf(const Inventory::Program& program);
  void NameServices(ProcessTable& table, const ProcessTable::Chain& chain, Reading& reading);
  Reading Read(ProcessTable& table, const ProcessTable::Chain& chain);
  void RecallService(ProcessTable& table, const ProcessTable::Chain& chain, Reading& reading);
  bool Declared(const ProcessTable& table, const ProcessTable::Chain& chain, size_t from, size_t to,
                int16_t service) const;
  void WaitIfBroken(Host& host, const event::Event& event, const ProcessTable::Chain& chain,
                    const Reading& reading);
  void Wake(Host& host, int64_t pid);
  void FillProcess(ProcessTable& table, const ProcessTable::Chain& chain, event::Event& event);
  void FillParent(ProcessTable& table, ImageIndex self, const ProcessRecord& record,
                  event::Event& event);
  void FillParentArguments(absl::string_view arguments, event::Event& event);
  void FillAncestors(const ProcessTable& table, const ProcessTable::Chain& chain,
                     event::Event& event);
  void FillService(const Reading& reading, event::Event& event);

  const Inventory& inventory_;
  LineageOptions options_;
  absl::flat_hash_map<event::HostId, std::unique_ptr<Host>> hosts_;
  std::list<event::HostId> by_use_;  // longest silent first
  size_t bytes_ = 0;
  uint64_t crowded_out_ = 0;
  std::vector<event::SnapshotRef> reexaminable_;
  uint64_t unknown_parents_ = 0;
  uint64_t reexamined_ = 0;
  // By executable and name: the same programs are started all the time.
  TextMemo<Inventory::Recognition> recognitions_;
  Inventory::Recognition recognition_;   // of a program that is not remembered
  std::vector<absl::string_view> args_;  // scratch
  std::string program_;                  // scratch
};

}  // namespace sequitur::enrich
