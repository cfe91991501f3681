#pragma once

// ResultPipes: EQL's `| head N` and `| tail N` over a rule's matches in the
// order they are found. `tail` holds matches back until the end of input; it is
// meant for replay, and a rule for the daemon has little use for it.
//
// Bounds: kMaxHeld matches per `tail`; a larger N is treated as that.

#include <cstdint>
#include <deque>
#include <vector>

#include "absl/functional/function_ref.h"
#include "correlate/match.h"
#include "eql/query.h"

namespace sequitur::pipeline {

class ResultPipes {
 public:
  static constexpr size_t kMaxHeld = 10'000;
  using Emit = absl::FunctionRef<void(correlate::Match)>;

  explicit ResultPipes(std::vector<eql::Pipe> pipes) : pipes_(std::move(pipes)) {
    states_.resize(pipes_.size());
  }

  void Push(correlate::Match match, Emit emit) { PushFrom(0, std::move(match), emit); }
  // End of input: lets go what `tail` held.
  void Finish(Emit emit);

 private:
  struct State {
    int64_t passed = 0;
    std::deque<correlate::Match> held;
  };

  void PushFrom(size_t pipe, correlate::Match match, Emit emit);

  std::vector<eql::Pipe> pipes_;
  std::vector<State> states_;
};

}  // namespace sequitur::pipeline
