#pragma once

// The line format of Kubernetes' container runtimes,
//   2026-11-24T03:49:10.123456789Z stderr F text
// where P instead of F marks a piece of a longer line, and PartialLines, which
// joins such pieces. (CRI logging: kubernetes/community, kubelet-cri-logging.)
//
// Bounds:   kMaxPartial bytes a line, kMaxStreams unfinished lines; what is over
//           is cut, or the oldest line is dropped.
// Threads:  none; one per Decoder.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "event/time.h"

namespace sequitur::decode {

struct CriLine {
  event::TimeNs time = event::kNoTime;  // when the runtime read it
  absl::string_view stream;             // stdout or stderr
  bool partial = false;
  absl::string_view text;
};

std::optional<CriLine> ParseCriLine(absl::string_view line);

class PartialLines {
 public:
  static constexpr size_t kMaxPartial = 1 << 20;
  static constexpr size_t kMaxStreams = 64;

  // Keeps a piece for the stream's next one.
  void Add(uint64_t stream, absl::string_view piece);

  // The whole line that `last` ends: `last` itself when nothing was kept. The
  // view is valid until the next call.
  absl::string_view Finish(uint64_t stream, absl::string_view last);

 private:
  struct Line {
    uint64_t stream = 0;
    uint64_t used = 0;  // the tick of its newest piece
    std::string text;
  };

  Line* Find(uint64_t stream);

  std::vector<Line> lines_;
  std::string finished_;
  uint64_t tick_ = 0;
};

}  // namespace sequitur::decode
