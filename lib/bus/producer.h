#pragma once

// Producer: writes records so that none is lost and none doubled (idempotent,
// acks=all), and says which have arrived. KafkaProducer is the real one.
//
// A record that cannot be written is tried again for ever; refusals() tells
// that this is happening. Whoever needs to know waits for the acknowledgement.
//
// Threads: none; acknowledgements come out of Poll and Flush.
// Bounds:  the client's queue (`queue.buffering.max.*`).

#include <cstdint>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "bus/record.h"

namespace sequitur::bus {

class Producer {
 public:
  // `token` is what Produce was given.
  using Acknowledged = absl::AnyInvocable<void(uint64_t token)>;

  virtual ~Producer() = default;

  virtual void OnAcknowledged(Acknowledged acknowledged) = 0;

  // ResourceExhausted: the queue is full; Poll, and try again. Anything else is
  // fatal for the producer.
  virtual absl::Status Produce(const OutgoingRecord& record, uint64_t token) = 0;

  // Serves acknowledgements; fails when the producer has failed for good.
  virtual absl::Status Poll(absl::Duration timeout) = 0;
  // Waits until all is acknowledged; DeadlineExceeded when it is not by then.
  virtual absl::Status Flush(absl::Duration timeout) = 0;

  // Given to Produce and not acknowledged yet.
  virtual size_t outstanding() const = 0;
  // Times the brokers refused a record, and what they said last.
  virtual uint64_t refusals() const = 0;
  virtual std::string last_refusal() const = 0;
};

}  // namespace sequitur::bus
