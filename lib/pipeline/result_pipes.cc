#include "pipeline/result_pipes.h"

#include <algorithm>

namespace sequitur::pipeline {

void ResultPipes::PushFrom(size_t pipe, correlate::Match match, Emit emit) {
  for (; pipe < pipes_.size(); ++pipe) {
    State& state = states_[pipe];
    if (pipes_[pipe].kind == eql::Pipe::Kind::kHead) {
      if (state.passed >= pipes_[pipe].count) return;
      ++state.passed;
      continue;
    }
    const auto keep = std::min(static_cast<size_t>(pipes_[pipe].count), kMaxHeld);
    state.held.push_back(std::move(match));
    if (state.held.size() > keep) state.held.pop_front();
    return;
  }
  emit(std::move(match));
}

void ResultPipes::Finish(Emit emit) {
  for (size_t pipe = 0; pipe < pipes_.size(); ++pipe) {
    std::deque<correlate::Match> held = std::move(states_[pipe].held);
    states_[pipe].held.clear();
    for (correlate::Match& match : held) PushFrom(pipe + 1, std::move(match), emit);
  }
}

}  // namespace sequitur::pipeline
