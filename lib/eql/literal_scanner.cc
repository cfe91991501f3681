#include "eql/literal_scanner.h"

#include <algorithm>

namespace sequitur::eql {

LiteralScanner::LiteralScanner(absl::Span<const std::string> literals)
    : next_literal_(literals.size(), kNone) {
  NumberBytes(literals);
  states_.resize(1);
  next_.assign(classes_, kNone);
  for (uint32_t i = 0; i < literals.size(); ++i) AddLiteral(literals[i], i);
  LinkSuffixes();
}

void LiteralScanner::NumberBytes(absl::Span<const std::string> literals) {
  for (const std::string& literal : literals) {
    for (unsigned char c : literal) {
      // 255 classes are enough: UTF-8 never has the bytes C0, C1 and F5..FF,
      // and a literal that does merely shares the class of its last one.
      if (class_of_[c] == 0) class_of_[c] = static_cast<uint8_t>(std::min(classes_++, 255u));
    }
  }
  classes_ = std::min(classes_, 256u);
}

void LiteralScanner::AddLiteral(absl::string_view literal, uint32_t index) {
  if (literal.size() < 2) {
    has_single_bytes_ = true;
  } else {
    const size_t bit = PairBit(literal[0], literal[1]);
    pairs_[bit / 64] |= uint64_t{1} << (bit % 64);
  }
  uint32_t state = 0;
  for (unsigned char c : literal) {
    uint32_t next = Next(state, class_of_[c]);
    if (next == kNone) {
      next = static_cast<uint32_t>(states_.size());
      Next(state, class_of_[c]) = next;
      states_.emplace_back().depth = states_[state].depth + 1;
      next_.resize(next_.size() + classes_, kNone);
    }
    state = next;
  }
  next_literal_[index] = states_[state].first_literal;
  states_[state].first_literal = index;
}

// Breadth first: a state's longest proper suffix is nearer the root and is
// therefore complete when the state is reached. Missing transitions are filled
// in from the suffix, so that scanning never steps back.
void LiteralScanner::LinkSuffixes() {
  std::vector<uint32_t> suffix(states_.size(), 0);
  std::vector<uint32_t> queue = {0};
  for (size_t head = 0; head < queue.size(); ++head) {
    const uint32_t state = queue[head];
    for (uint32_t c = 0; c < classes_; ++c) {
      const uint32_t fallback = state == 0 ? 0 : Next(suffix[state], c);
      uint32_t& next = Next(state, c);
      if (next == kNone) {
        next = fallback;
        continue;
      }
      suffix[next] = fallback;
      states_[next].output =
          states_[fallback].first_literal != kNone ? fallback : states_[fallback].output;
      queue.push_back(next);
    }
  }
}

bool LiteralScanner::Report(uint32_t state, absl::FunctionRef<bool(uint32_t)> found) const {
  uint32_t hit = states_[state].first_literal != kNone ? state : states_[state].output;
  for (; hit != kNone; hit = states_[hit].output) {
    for (uint32_t i = states_[hit].first_literal; i != kNone; i = next_literal_[i]) {
      if (!found(i)) return false;
    }
  }
  return true;
}

void LiteralScanner::Scan(absl::string_view text,
                          absl::FunctionRef<bool(uint32_t literal)> found) const {
  if (has_single_bytes_) return ScanEachByte(text, found);
  size_t at = 0;
  while (true) {
    while (at + 1 < text.size() && !MayBegin(text[at], text[at + 1])) ++at;
    if (at + 1 >= text.size()) return;
    uint32_t state = NextOf(NextOf(0, text[at]), text[at + 1]);
    size_t end = at + 2;
    while (states_[state].depth >= 2) {
      if (!Report(state, found) || end == text.size()) return;
      state = NextOf(state, text[end++]);
    }
    at = end - 1;  // nothing has begun before this byte
  }
}

void LiteralScanner::ScanEachByte(absl::string_view text,
                                  absl::FunctionRef<bool(uint32_t literal)> found) const {
  uint32_t state = 0;
  for (const char c : text) {
    state = NextOf(state, c);
    if (!Report(state, found)) return;
  }
}

}  // namespace sequitur::eql
