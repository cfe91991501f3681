#pragma once

// What is remembered of each log stream (one file on one host) from line to
// line: when its last prefixed line was, and which error log it proved to be.
//
// Bounds:   kMaxStreams; the one unused longest is forgotten.
// Threads:  none; one per Decoder.
// Lifetime: a Stream stays where it is (its memory stands for the file); it
//           becomes another one when the table is full.

#include <cstdint>
#include <deque>

#include "absl/container/flat_hash_map.h"
#include "decode/source.h"
#include "decode/text_source.h"

namespace sequitur::decode {

struct Stream {
  LineMemory memory;
  SourceKind error_kind = SourceKind::kAuto;  // kAuto: no error line seen
};

class StreamTable {
 public:
  static constexpr uint32_t kMaxStreams = 10'000;

  Stream& Get(uint64_t key);
  size_t size() const { return nodes_.size() - 1; }

  StreamTable() : nodes_(1) {}

 private:
  struct Node {
    uint64_t key = 0;
    uint32_t newer = 0;  // ring through node 0, the newest behind it
    uint32_t older = 0;
    Stream stream;
  };

  uint32_t Insert(uint64_t key);
  void Unlink(uint32_t node);
  void LinkNewest(uint32_t node);

  std::deque<Node> nodes_;
  absl::flat_hash_map<uint64_t, uint32_t> by_key_;
};

}  // namespace sequitur::decode
