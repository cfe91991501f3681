#include "decode/cri_line.h"

#include <algorithm>

#include "absl/strings/strip.h"

namespace sequitur::decode {

std::optional<CriLine> ParseCriLine(absl::string_view line) {
  constexpr size_t kMaxTime = 40;
  if (line.size() <= 20 || line[10] != 'T') return std::nullopt;
  const size_t blank = line.substr(0, kMaxTime).find(' ');
  if (blank == line.npos || blank < 20) return std::nullopt;
  CriLine cri;
  cri.text = line.substr(blank + 1);
  if (absl::ConsumePrefix(&cri.text, "stdout ")) {
    cri.stream = "stdout";
  } else if (absl::ConsumePrefix(&cri.text, "stderr ")) {
    cri.stream = "stderr";
  } else {
    return std::nullopt;
  }
  // Tags are separated by colons; the first one is F or P.
  const size_t end = std::min(cri.text.find(' '), cri.text.size());
  const absl::string_view tags = cri.text.substr(0, end);
  if (tags.empty() || (tags[0] != 'F' && tags[0] != 'P')) return std::nullopt;
  if (tags.size() > 1 && tags[1] != ':') return std::nullopt;
  const auto time = event::ParseIso8601(line.substr(0, blank));
  if (!time) return std::nullopt;
  cri.time = *time;
  cri.partial = tags[0] == 'P';
  cri.text.remove_prefix(std::min(end + 1, cri.text.size()));
  return cri;
}

PartialLines::Line* PartialLines::Find(uint64_t stream) {
  for (Line& line : lines_) {
    if (line.stream == stream && !line.text.empty()) return &line;
  }
  return nullptr;
}

void PartialLines::Add(uint64_t stream, absl::string_view piece) {
  Line* line = Find(stream);
  if (line == nullptr && lines_.size() < kMaxStreams) line = &lines_.emplace_back();
  if (line == nullptr) {
    line = &*std::min_element(lines_.begin(), lines_.end(),
                              [](const Line& a, const Line& b) { return a.used < b.used; });
    line->text.clear();
  }
  line->stream = stream;
  line->used = ++tick_;
  piece = piece.substr(0, kMaxPartial - line->text.size());
  line->text.append(piece.data(), piece.size());
}

absl::string_view PartialLines::Finish(uint64_t stream, absl::string_view last) {
  Line* line = Find(stream);
  if (line == nullptr) return last;
  finished_.swap(line->text);
  last = last.substr(0, kMaxPartial - finished_.size());
  finished_.append(last.data(), last.size());
  *line = std::move(lines_.back());
  lines_.pop_back();
  return finished_;
}

}  // namespace sequitur::decode
