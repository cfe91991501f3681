#include "correlate/chain.h"

namespace sequitur::correlate {

Chain Chain::Append(const StageHit& hit, uint32_t signature) const {
  const size_t bytes = sizeof(Link) + hit.event->bytes() + (link_ == nullptr ? 0 : link_->bytes);
  auto* link = new Link{link_,
                        hit.event,
                        hit.order,
                        link_ == nullptr ? hit.event->time() : link_->first_time,
                        /*references=*/0,
                        static_cast<uint32_t>(bytes),
                        static_cast<uint16_t>(link_ == nullptr ? 1 : link_->size + 1),
                        hit.stage,
                        signature};
  if (link_ != nullptr) ++link_->references;
  if (auto* account = hit.event->account()) account->Add(sizeof(Link));
  return Chain(link);
}

bool Chain::Contains(const event::Snapshot* event) const {
  for (const Link* link = link_; link != nullptr; link = link->previous) {
    if (link->event.get() == event) return true;
  }
  return false;
}

const event::Snapshot& Chain::EventAt(uint16_t state) const {
  const Link* link = link_;
  while (link->size > state + 1) link = link->previous;
  return *link->event;
}

bool operator==(const Chain& a, const Chain& b) {
  const Chain::Link* x = a.link_;
  const Chain::Link* y = b.link_;
  while (x != y) {
    if (x == nullptr || y == nullptr || x->size != y->size) return false;
    if (x->event.get() != y->event.get() || x->stage != y->stage) return false;
    x = x->previous;
    y = y->previous;
  }
  return true;
}

// Frees links up to the first one that another chain still uses; a loop, for
// chains of 256 events are allowed.
void Chain::Release() {
  while (link_ != nullptr && --link_->references == 0) {
    Link* previous = link_->previous;
    if (auto* account = link_->event->account()) account->Add(-int64_t{sizeof(Link)});
    delete link_;
    link_ = previous;
  }
}

}  // namespace sequitur::correlate
