#include "pipeline/record_reader.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace sequitur::pipeline {
namespace {

bool Opens(absl::string_view line) { return absl::StripAsciiWhitespace(line) == "{"; }

}  // namespace

size_t RecordReader::Depth::Read(absl::string_view line) {
  bool in_string = false;  // strings end on their line
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if (c == '{' || c == '[') ++depth_;
    if ((c == '}' || c == ']') && --depth_ == 0) return i + 1;
  }
  return line.size();
}

RecordReader::Found RecordReader::Next(absl::string_view* record, Wait wait) {
  while (true) {
    if (!std::exchange(comes_again_, false)) {
      if (wait == Wait::kNo && lines_->WouldWait()) return Found::kNotYet;
      if (!lines_->Next(&line_)) break;
    }
    if (in_document_ ? ReadOfDocument(record) : Read(record)) return Found::kRecord;
  }
  *record = document_;
  return std::exchange(in_document_, false) ? Found::kRecord : Found::kEnd;
}

// Whether the line is a record; it may begin one.
bool RecordReader::Read(absl::string_view* record) {
  line_number_ = lines_->line_number();
  if (Opens(line_)) {
    begun_ = true;
    in_document_ = true;
    opening_.assign(line_.data(), line_.size());
    document_ = opening_;
    depth_ = Depth();
    depth_.Read(line_);
    return false;
  }
  const absl::string_view trimmed = absl::StripAsciiWhitespace(line_);
  if (!begun_ && trimmed == "[") in_array_ = true;
  begun_ = begun_ || !trimmed.empty();
  if (in_array_ && (trimmed == "[" || trimmed == "]")) return false;
  *record = line_;
  if (in_array_ && absl::StartsWith(trimmed, "{")) *record = absl::StripSuffix(trimmed, ",");
  return true;
}

// Whether the document ends with the line, or in front of it.
bool RecordReader::ReadOfDocument(absl::string_view* record) {
  comes_again_ = line_ == opening_;
  if (!comes_again_) {
    const absl::string_view part = line_.substr(0, depth_.Read(line_));
    const size_t room = LineReader::kMaxLine - std::min(document_.size(), LineReader::kMaxLine);
    absl::StrAppend(&document_, "\n", part.substr(0, room));
    if (!depth_.closed()) return false;
  }
  in_document_ = false;
  *record = document_;
  return true;
}

}  // namespace sequitur::pipeline
