#pragma once

// Service: what the inventory knows about an event apart from its processes:
// whose log a record is from, where a file lies, whether a connection is one
// that the service in the event's lineage is declared to make.
//
// Threads:  none; one per worker.
// Lifetime: the inventory must outlive it and the events.

#include "enrich/inventory.h"
#include "event/event.h"

namespace sequitur::enrich {

class Service {
 public:
  explicit Service(const Inventory& inventory) : inventory_(inventory) {}

  static void AddFields(event::Projection& projection);

  // service.name of log records, sequitur.file.area. Before Lineage.
  void Enrich(event::Event& event) const;
  // sequitur.service.reaches of a record that is a service's own. After Lineage.
  void NameReach(event::Event& event) const;
  // sequitur.service.expected_egress of a network event; `service` is the one
  // in its lineage. After Lineage.
  void JudgeEgress(int16_t service, event::Event& event) const;

 private:
  void NameLogSource(event::Event& event) const;
  void NameFileAreas(event::Event& event) const;

  const Inventory& inventory_;
};

}  // namespace sequitur::enrich
