#pragma once

// SequenceWatch: gaps in the numbers that eslogger gives its messages
// (global_seq_num, one higher each time): messages that the kernel dropped or
// the shipper lost. Who finds no spawn in what is left has not looked at all.
//
// Messages come a little out of order, so a number counts as missing when
// kWindow higher ones have come and it has not. A number far below the expected
// ones is a sensor that began again.
//
// Bounds:  kMaxStreams streams of kWindow bits; the one longest silent goes first.
// Threads: none; one per worker. A worker must not ask about a sensor whose messages
//          other workers may read as well.

#include <bitset>
#include <cstdint>
#include <list>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace sequitur::pipeline {

class SequenceWatch {
 public:
  static constexpr int64_t kWindow = 1024;
  static constexpr size_t kMaxStreams = 10'000;

  // A message of `stream` (one sensor's, by whatever tells sensors apart) has
  // come. Returns how many are now known to be missing that were not before.
  uint64_t Observe(absl::string_view stream, int64_t number);
  // True once after messages of the stream were found to be missing.
  bool TakeLoss(absl::string_view stream);

  // All streams begin anew; what was counted stays.
  void Forget();

  uint64_t gaps() const { return gaps_; }        // runs of missing numbers
  uint64_t missing() const { return missing_; }  // numbers

 private:
  struct Stream {
    std::string name;
    int64_t next = 0;           // all below are judged
    std::bitset<kWindow> came;  // by number modulo kWindow: next and above
    bool in_gap = false;        // the number judged last was missing
    bool untold = false;        // TakeLoss has not told of it
  };

  Stream& StreamOf(absl::string_view name, int64_t number);
  uint64_t JudgeBelow(int64_t limit, Stream& stream);

  std::list<Stream> streams_;  // longest silent first
  absl::flat_hash_map<absl::string_view, std::list<Stream>::iterator> by_name_;
  uint64_t gaps_ = 0;
  uint64_t missing_ = 0;
};

}  // namespace sequitur::pipeline
