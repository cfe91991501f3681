#pragma once

// Truth: what was planted, so that alerts can be judged. One line of JSON per
// planted thing, with the rules that may claim it and the records that prove it.
//
// Bounds:   one entry per planted thing, a dozen places each.
// Threads:  none.
// Lifetime: Planted pointers stay valid as long as the Truth.

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "loadgen/sink.h"

namespace sequitur::loadgen {

enum class Expectation : uint8_t { kAttack, kLookAlike };

// One record of a planted thing; `step` is its part in the story ("spawn").
struct Proof {
  absl::string_view step;
  Place place;
};

struct Planted {
  std::string id;
  Expectation expectation = Expectation::kAttack;
  std::string scenario;
  // The rule that should fire, and those that also count as the right answer.
  // For a look-alike: the rule that must not.
  std::string rule;
  std::vector<std::string> variants;
  std::string host;
  std::string note;
  // From the first move, which is often earlier than its record, to the last
  // marked record.
  TimeNs start = event::kNoTime;
  TimeNs end = event::kNoTime;
  std::vector<Proof> evidence;  // in the order of time
};

// Says of a record that it is part of something planted; default: of nothing.
struct Mark {
  Planted* planted = nullptr;
  size_t evidence = 0;

  // A mark for the next record of `planted`, which happens at `time`.
  static Mark Of(Planted* planted, absl::string_view step, TimeNs time);
  void Resolve(Place place) const;
};

class Truth {
 public:
  Planted* Plant(Expectation expectation, absl::string_view scenario, absl::string_view host);
  const std::vector<std::unique_ptr<Planted>>& Entries() const { return planted_; }
  absl::Status WriteTo(const std::string& path) const;

 private:
  std::vector<std::unique_ptr<Planted>> planted_;
};

// One line of the truth file, without its newline.
std::string TruthLine(const Planted& planted);

}  // namespace sequitur::loadgen
