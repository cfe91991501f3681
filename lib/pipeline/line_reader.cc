#include "pipeline/line_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sequitur::pipeline {
namespace {

constexpr size_t kBuffer = 256 << 10;

absl::Status ErrnoStatus(absl::string_view what, int error) {
  const std::string message = absl::StrCat(what, ": ", std::strerror(error));
  return error == ENOENT ? absl::NotFoundError(message) : absl::FailedPreconditionError(message);
}

}  // namespace

absl::StatusOr<std::unique_ptr<LineReader>> LineReader::Open(const std::string& path) {
  const int fd = path == "-" ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(path, errno);
  struct stat info = {};
  fstat(fd, &info);
  if (S_ISDIR(info.st_mode)) {
    close(fd);
    return ErrnoStatus(path, EISDIR);
  }
  gzFile file = gzdopen(fd, "rb");
  if (file == nullptr) {
    close(fd);
    return absl::ResourceExhaustedError(absl::StrCat(path, ": out of memory"));
  }
  gzbuffer(file, kBuffer);
  return std::unique_ptr<LineReader>(
      new LineReader(file, path, S_ISREG(info.st_mode) ? info.st_size : 0));
}

LineReader::LineReader(gzFile_s* file, std::string path, int64_t bytes_total)
    : file_(file), path_(std::move(path)), bytes_total_(bytes_total), buffer_(kBuffer) {}

LineReader::~LineReader() { gzclose(file_); }

int64_t LineReader::bytes_read() const { return gzoffset(file_); }

bool LineReader::Fill() {
  begin_ = 0;
  end_ = 0;
  if (!status_.ok()) return false;
  const int count = gzread(file_, buffer_.data(), static_cast<unsigned>(buffer_.size()));
  int error = Z_OK;
  const char* message = gzerror(file_, &error);
  if (count < 0 || (count == 0 && error == Z_BUF_ERROR)) {
    // zlib puts the descriptor in front: "<fd:3>: unexpected end of file".
    absl::string_view reason = error == Z_ERRNO ? std::strerror(errno) : message;
    if (absl::StartsWith(reason, "<fd:")) reason.remove_prefix(reason.find(' ') + 1);
    status_ = absl::DataLossError(absl::StrCat(path_, ": ", reason, " after line ", line_number_));
  }
  if (count <= 0) return false;
  end_ = static_cast<size_t>(count);
  return true;
}

bool LineReader::Next(absl::string_view* line) {
  long_line_.clear();
  bool any = false;
  while (begin_ < end_ || Fill()) {
    any = true;
    const char* from = buffer_.data() + begin_;
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
