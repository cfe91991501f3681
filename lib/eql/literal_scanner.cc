#include "eql/literal_scanner.h"

#include <algorithm>
#include <cstring>

namespace sequitur::eql {
namespace {

constexpr size_t kMaxWidth = 4;
constexpr size_t kMaxStride = LiteralScanner::kBestSize - kMaxWidth + 1;

// The bytes, without the case of ASCII letters; a few others then look alike too.
template <size_t kWidth>
uint32_t Window(const char* bytes) {
  const auto byte = [&](size_t i) -> uint32_t { return static_cast<uint8_t>(bytes[i]); };
  uint32_t window = 0;
  if constexpr (kWidth == 4) {
    std::memcpy(&window, bytes, kWidth);
  } else {
    // In a register: four bytes could not be read back at once after these.
    for (size_t i = 0; i < kWidth; ++i) window |= byte(i) << (8 * i);
  }
  return window | 0x20202020;
}

uint32_t WindowOf(absl::string_view bytes) {
  char padded[kMaxWidth] = {};
  std::copy(bytes.begin(), bytes.end(), padded);
  return Window<kMaxWidth>(padded);
}

// Where in a literal its windows are. Words and paths begin alike: their ends tell
// more. The farther in, the more is read around a window.
size_t FirstWindow(absl::string_view literal, size_t size) {
  constexpr size_t kFarthest = 12;
  return std::min(literal.size() - size, kFarthest);
}

}  // namespace

LiteralScanner::LiteralScanner(absl::Span<const std::string> literals, Text kind)
    : next_literal_(literals.size(), kNone), windows_(literals.size() * kMaxStride) {
  NumberBytes(literals, kind);
  states_.resize(1);
  next_.assign(classes_, kNone);
  for (uint32_t i = 0; i < literals.size(); ++i) AddLiteral(literals[i], i);
  LinkSuffixes();
  PlaceWindows(literals);
}

void LiteralScanner::NumberBytes(absl::Span<const std::string> literals, Text kind) {
  for (const std::string& literal : literals) {
    for (unsigned char c : literal) {
      // 255 classes are enough: UTF-8 never has the bytes C0, C1 and F5..FF,
      // and a literal that does merely shares the class of its last one.
      if (class_of_[c] == 0) class_of_[c] = static_cast<uint8_t>(std::min(classes_++, 255u));
    }
  }
  classes_ = std::min(classes_, 256u);
  if (kind == Text::kExact) return;
  for (int c = 'A'; c <= 'Z'; ++c) class_of_[c] = class_of_[c - 'A' + 'a'];
}

void LiteralScanner::AddLiteral(absl::string_view literal, uint32_t index) {
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

// Of `stride_` windows in a row, one is looked at wherever the literal stands.
void LiteralScanner::PlaceWindows(absl::Span<const std::string> literals) {
  size_t shortest = kBestSize;
  for (const std::string& literal : literals) shortest = std::min(shortest, literal.size());
  width_ = shortest < kBestSize ? std::min<size_t>(3, shortest) : kMaxWidth;
  stride_ = std::min(kMaxStride, shortest - width_ + 1);
  for (const std::string& literal : literals) {
    const size_t first = FirstWindow(literal, width_ + stride_ - 1);
    reach_ = std::max(reach_, first + stride_ - 1);
    for (size_t at = first; at < first + stride_; ++at) {
      windows_.Add(WindowOf(absl::string_view(literal).substr(at, width_)));
    }
  }
}

void LiteralScanner::Scan(absl::string_view text,
                          absl::FunctionRef<bool(uint32_t literal)> found) const {
  switch (width_) {
    case 1:
      return ScanWindows<1>(text, found);
    case 2:
      return ScanWindows<2>(text, found);
    case 3:
      return ScanWindows<3>(text, found);
    default:
      return ScanWindows<kMaxWidth>(text, found);
  }
}

template <size_t kWidth>
void LiteralScanner::ScanWindows(absl::string_view text,
                                 absl::FunctionRef<bool(uint32_t)> found) const {
  const BitFilter::Reader windows(windows_);
  const size_t stride = stride_;
  Progress progress;
  for (size_t at = 0; at + kWidth <= text.size(); at += stride) {
    if (!windows.MayHold(Window<kWidth>(text.data() + at))) continue;
    if (!ReadAround(text, at, progress, found)) return;
  }
}

// Reads until no literal that began at `window` or before is left. What began before
// the end of the last time is in its state: no byte is read twice.
bool LiteralScanner::ReadAround(absl::string_view text, size_t window, Progress& progress,
                                absl::FunctionRef<bool(uint32_t)> found) const {
  const size_t begin = window - std::min(window, reach_);
  if (progress.end < begin) progress = {begin, 0};
  while (progress.end < text.size()) {
    const bool passed = progress.end > window;
    if (passed && states_[progress.state].depth < progress.end - window) return true;
    progress.state = NextOf(progress.state, text[progress.end++]);
    if (!Report(progress.state, found)) return false;
  }
  return true;
}

}  // namespace sequitur::eql
