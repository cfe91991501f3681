#include "pipeline/line_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace sequitur::pipeline {
namespace {

constexpr size_t kBuffer = 256 << 10;

}  // namespace

absl::StatusOr<std::unique_ptr<LineReader>> LineReader::Open(const std::string& path) {
  ASSIGN_OR_RETURN(auto bytes, FileBytes::Open(path));
  return std::unique_ptr<LineReader>(new LineReader(std::move(bytes), path));
}

LineReader::LineReader(std::unique_ptr<FileBytes> bytes, std::string path)
    : bytes_(std::move(bytes)),
      path_(std::move(path)),
      buffer_(std::make_unique_for_overwrite<char[]>(kBuffer)) {}

bool LineReader::WouldWait() const {
  return bytes_->may_wait() && std::memchr(buffer_.get() + begin_, '\n', end_ - begin_) == nullptr;
}

bool LineReader::Fill() {
  begin_ = 0;
  end_ = bytes_->Read({buffer_.get(), kBuffer});
  if (end_ == 0 && status_.ok() && !bytes_->status().ok()) {
    status_ = absl::DataLossError(
        absl::StrCat(path_, ": ", bytes_->status().message(), " after line ", line_number_));
  }
  return end_ > 0;
}

bool LineReader::Next(absl::string_view* line) {
  long_line_.clear();
  bool any = false;
  while (begin_ < end_ || Fill()) {
    any = true;
    const char* from = buffer_.get() + begin_;
    const auto* newline = static_cast<const char*>(std::memchr(from, '\n', end_ - begin_));
    const size_t size = newline == nullptr ? end_ - begin_ : newline - from;
    begin_ += size + (newline == nullptr ? 0 : 1);
    const bool whole = newline != nullptr && long_line_.empty();
    if (!whole) {
      const size_t room = kMaxLine + 1 - std::min(long_line_.size(), kMaxLine + 1);
      long_line_.append(from, std::min(size, room));
    }
    if (newline == nullptr) continue;
    *line = whole ? absl::string_view(from, size) : absl::string_view(long_line_);
    break;
  }
  if (!any) return false;
  if (begin_ == end_ && !long_line_.empty()) *line = long_line_;
  if (!line->empty() && line->back() == '\r') line->remove_suffix(1);
  ++line_number_;
  return true;
}

}  // namespace sequitur::pipeline
