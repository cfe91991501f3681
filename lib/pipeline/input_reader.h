#pragma once

// InputReader: one input of a replay, read and decoded a batch at a time.
//
// Bounds:   those of RecordReader and Decoder.
// Threads:  none: one thread's at a time.

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "decode/decoder.h"
#include "event/event.h"
#include "pipeline/event_batch.h"
#include "pipeline/inputs.h"
#include "pipeline/record_reader.h"
#include "pipeline/site.h"

namespace sequitur::pipeline {

class InputReader {
 public:
  static constexpr size_t kMaxRecords = 256;  // of a batch

  static absl::StatusOr<std::unique_ptr<InputReader>> Open(const Site& site, const Input& input,
                                                           uint32_t source);

  // The next records, at least one: so many that `bytes` are reached, and no more
  // than are there when the next would have to be waited for. False when the input
  // has ended with them; then there may be none. REQUIRES: an empty batch.
  bool Fill(size_t bytes, event::Event& scratch, EventBatch& batch);

  // After the end: whether it was damage.
  absl::Status status() const { return records_.lines().status(); }
  int64_t bytes_total() const { return records_.lines().bytes_total(); }

 private:
  InputReader(std::unique_ptr<LineReader> lines, std::unique_ptr<decode::Decoder> decoder,
              absl::string_view path, uint32_t source);
  void Decode(absl::string_view bytes, event::Event& scratch, EventBatch& batch);

  RecordReader records_;
  const std::unique_ptr<decode::Decoder> decoder_;
  const std::string path_;  // empty: standard input
  const uint32_t source_;
};

}  // namespace sequitur::pipeline
