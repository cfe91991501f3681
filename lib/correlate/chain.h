#pragma once

// Chain: a pending sequence, newest event first, as an immutable list that
// shares its beginning with every other chain grown from it. Copying one is
// copying a pointer, which makes saving a state machine cheap.
//
// Threads:  none. Lifetime: counted; charged to its event's MemoryAccount.

#include <cstdint>
#include <utility>

#include "correlate/hit.h"

namespace sequitur::correlate {

class Chain {
 public:
  Chain() = default;
  Chain(const Chain& other) : link_(other.link_) { Retain(); }
  Chain(Chain&& other) noexcept : link_(std::exchange(other.link_, nullptr)) {}
  Chain& operator=(Chain other) noexcept {
    std::swap(link_, other.link_);
    return *this;
  }
  ~Chain() { Release(); }

  // This chain, which may be empty, and then the hit. `signature` is the caller's.
  Chain Append(const StageHit& hit, uint32_t signature = 0) const;

  explicit operator bool() const { return link_ != nullptr; }
  // REQUIRES for all below: not empty.
  const SnapshotRef& last() const { return link_->event; }
  TimeNs last_order() const { return link_->order; }
  uint16_t last_stage() const { return link_->stage; }
  TimeNs first_time() const { return link_->first_time; }
  uint16_t size() const { return link_->size; }
  uint32_t signature() const { return link_->signature; }
  // Of the chain and its events; shared ones count in full.
  size_t bytes() const { return link_->bytes; }
  Chain previous() const { return Chain(link_->previous); }
  bool EndsBefore(const StageHit& hit) const {
    return StrictlyBefore(link_->order, *link_->event, hit.order, *hit.event);
  }
  bool Contains(const event::Snapshot* event) const;
  // The event that fills `state`. REQUIRES: state < size().
  const event::Snapshot& EventAt(uint16_t state) const;

  // The same events in the same states.
  friend bool operator==(const Chain& a, const Chain& b);

 private:
  struct Link {
    Link* previous;
    SnapshotRef event;
    TimeNs order;
    TimeNs first_time;
    uint32_t references;
    uint32_t bytes;  // of this link, its event and all before it
    uint16_t size;
    uint16_t stage;
    uint32_t signature;
  };

  explicit Chain(Link* link) : link_(link) { Retain(); }
  void Retain() {
    if (link_ != nullptr) ++link_->references;
  }
  void Release();

  Link* link_ = nullptr;
};

}  // namespace sequitur::correlate
