#pragma once

// AlignedInputs: the source partitions that feed one engine, and which of them
// have to wait for others. Their records come in any order; what the engine must
// not see is one topic far ahead of another, or new records while it is being
// rebuilt from old ones.
//
//  - Until all have come to where the last run ended, none goes beyond.
//  - None goes more than `apart` ahead of one that has records waiting, by the
//    times of the records. One that has records and gives none for kPatience (its
//    broker is lost) is waited for no longer.
//
// Threads: none. Time is given by the caller.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "bus/record.h"

namespace sequitur::pipeline {

class AlignedInputs {
 public:
  static constexpr absl::Duration kPatience = absl::Seconds(10);

  struct Input {
    bus::TopicPartition at;
    int64_t live_from = 0;  // where the last run ended
    int64_t next = 0;
    int64_t end = 0;  // as it was when reading began: it may not be known better yet
    int64_t time_ms = bus::Record::kNoTime;  // of the latest record
    bool committed = false;                  // the group has a place in it
    bool held = false;

   private:
    friend class AlignedInputs;
    bool ahead = false;  // of one that is waited for
    int64_t next_at_tick = -1;
    absl::Time still_since = absl::InfiniteFuture();
  };
  struct Changes {
    std::vector<Input*> hold, release;
  };
  using Behind = absl::flat_hash_map<bus::TopicPartition, int64_t>;

  explicit AlignedInputs(absl::Duration apart) : apart_ms_(absl::ToInt64Milliseconds(apart)) {}

  Input& Add(Input input) { return inputs_[input.at.topic] = std::move(input); }
  Input* Find(const std::string& topic);

  // Takes note of a record that is about to be worked. True when it is time to
  // Align again.
  bool Advance(Input& input, const bus::Record& record);
  // All have come to where the last run ended.
  bool AllThere() const;
  // Which inputs change between held and not, given the records not read yet;
  // to be called now and then too. Their `held` is set.
  Changes Align(bool live, const Behind& behind, absl::Time now);

  bool AnyHeld() const;
  // At the last Align some had records to come.
  bool AnyWaiting() const { return any_waiting_; }
  // Of the latest record of all; kNoTime: there was none.
  int64_t time_ms() const { return time_ms_; }
  // Up to here, all records that were waiting have been worked.
  int64_t settled_ms() const;
  const std::map<std::string, Input>& all() const { return inputs_; }

 private:
  const int64_t apart_ms_;
  std::map<std::string, Input> inputs_;  // by topic
  int64_t time_ms_ = bus::Record::kNoTime;
  bool any_waiting_ = true;
};

}  // namespace sequitur::pipeline
