#include "pipeline/record_reader.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace sequitur::pipeline {
namespace {

bool Opens(absl::string_view line) { return absl::StripAsciiWhitespace(line) == "{"; }

// How deep in brackets a text is, strings passed over.
class Depth {
 public:
  // Bytes of `line` up to where the outermost bracket closes, or all of it.
  size_t Read(absl::string_view line) {
    for (size_t i = 0; i < line.size(); ++i) {
      const char c = line[i];
      if (in_string_) {
        if (c == '\\') ++i;
        if (c == '"') in_string_ = false;
        continue;
      }
      if (c == '"') in_string_ = true;
      if (c == '{' || c == '[') ++depth_;
      if ((c == '}' || c == ']') && --depth_ == 0) return i + 1;
    }
    in_string_ = false;  // strings end on their line
    return line.size();
  }
  bool closed() const { return depth_ <= 0; }

 private:
  int64_t depth_ = 0;
  bool in_string_ = false;
};

}  // namespace

bool RecordReader::Next(absl::string_view* record) {
  absl::string_view line = opening_;
  while (read_ahead_ || lines_->Next(&line)) {
    read_ahead_ = false;
    line_number_ = lines_->line_number();
    if (Opens(line)) {
      begun_ = true;
      ReadDocument(line);
      *record = document_;
      return true;
    }
    const absl::string_view trimmed = absl::StripAsciiWhitespace(line);
    if (!begun_ && trimmed == "[") in_array_ = true;
    begun_ = begun_ || !trimmed.empty();
    if (in_array_ && (trimmed == "[" || trimmed == "]")) continue;
    *record = line;
    if (in_array_ && absl::StartsWith(trimmed, "{")) *record = absl::StripSuffix(trimmed, ",");
    return true;
  }
  return false;
}

void RecordReader::ReadDocument(absl::string_view opening) {
  const std::string first(opening);
  Depth depth;
  depth.Read(opening);
  document_ = first;
  absl::string_view line;
  while (!depth.closed() && lines_->Next(&line)) {
    if (line == first) {
      opening_ = first;
      read_ahead_ = true;
      return;
    }
    const absl::string_view part = line.substr(0, depth.Read(line));
    const size_t room = LineReader::kMaxLine - std::min(document_.size(), LineReader::kMaxLine);
    absl::StrAppend(&document_, "\n", part.substr(0, room));
  }
}

}  // namespace sequitur::pipeline
