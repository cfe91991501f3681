#include "pipeline/file_bytes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace sequitur::pipeline {
namespace {

constexpr size_t kBuffer = 64 << 10;
constexpr int kGzipOnly = MAX_WBITS + 16;

absl::Status ErrnoStatus(absl::string_view what, int error) {
  const std::string message = absl::StrCat(what, ": ", std::strerror(error));
  return error == ENOENT ? absl::NotFoundError(message) : absl::FailedPreconditionError(message);
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileBytes>> FileBytes::Open(const std::string& path) {
  const int fd = path == "-" ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(path, errno);
  struct stat info = {};
  fstat(fd, &info);
  if (S_ISDIR(info.st_mode)) {
    close(fd);
    return ErrnoStatus(path, EISDIR);
  }
  const bool regular = S_ISREG(info.st_mode);
  return std::unique_ptr<FileBytes>(new FileBytes(fd, !regular, regular ? info.st_size : 0));
}

FileBytes::FileBytes(int fd, bool may_wait, int64_t bytes_total)
    : fd_(fd),
      may_wait_(may_wait),
      bytes_total_(bytes_total),
      buffer_(std::make_unique_for_overwrite<char[]>(kBuffer)) {}

FileBytes::~FileBytes() {
  if (inflater_ != nullptr) inflateEnd(inflater_.get());
  close(fd_);
}

size_t FileBytes::Read(absl::Span<char> out) {
  if (!knows_content_ && !FindContent()) return 0;
  return inflater_ == nullptr ? ReadPlain(out) : Inflate(out);
}

// What one call gives; once that was nothing, there is nothing more.
size_t FileBytes::ReadFile(char* to, size_t size) {
  if (ended_) return 0;
  ssize_t count = 0;
  do {
    count = read(fd_, to, size);
  } while (count < 0 && errno == EINTR);
  if (count < 0) status_ = absl::DataLossError(std::strerror(errno));
  ended_ = count <= 0;
  if (ended_) return 0;
  taken_ += count;
  return static_cast<size_t>(count);
}

// More bytes behind what is left in the buffer.
bool FileBytes::Refill() {
  std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  const size_t count = ReadFile(buffer_.get() + end_, kBuffer - end_);
  end_ += count;
  return count > 0;
}

// A second byte is waited for only where the first is right.
bool FileBytes::BeginsGzip() {
  constexpr char kMagic[] = {'\x1f', '\x8b'};
  if (begin_ == end_) Refill();
  if (end_ - begin_ == 1 && buffer_[begin_] == kMagic[0]) Refill();
  return end_ - begin_ >= 2 && std::memcmp(buffer_.get() + begin_, kMagic, 2) == 0;
}

// False when it cannot be read.
bool FileBytes::FindContent() {
  knows_content_ = true;
  if (!BeginsGzip()) return status_.ok();
  inflater_ = std::make_unique<z_stream_s>();
  in_member_ = true;
  if (inflateInit2(inflater_.get(), kGzipOnly) == Z_OK) return true;
  status_ = absl::ResourceExhaustedError("out of memory");
  return false;
}

size_t FileBytes::ReadPlain(absl::Span<char> out) {
  if (buffer_ == nullptr) return ReadFile(out.data(), out.size());
  const size_t count = std::min(out.size(), end_ - begin_);
  std::memcpy(out.data(), buffer_.get() + begin_, count);
  begin_ += count;
  if (begin_ == end_) buffer_.reset();
  return count;
}

size_t FileBytes::Inflate(absl::Span<char> out) {
  inflater_->next_out = reinterpret_cast<Bytef*>(out.data());
  inflater_->avail_out = static_cast<uInt>(out.size());
  while (inflater_->avail_out == out.size() && InflateSome()) {
  }
  return out.size() - inflater_->avail_out;
}

// False at the end or on damage.
bool FileBytes::InflateSome() {
  if (!status_.ok()) return false;
  if (!in_member_) {
    in_member_ = !ended_ && BeginsGzip() && inflateReset(inflater_.get()) == Z_OK;
    ended_ = !in_member_;
    return in_member_;
  }
  if (begin_ == end_ && !Refill()) {
    if (status_.ok()) status_ = absl::DataLossError("unexpected end of file");
    return false;
  }
  inflater_->next_in = reinterpret_cast<Bytef*>(buffer_.get() + begin_);
  inflater_->avail_in = static_cast<uInt>(end_ - begin_);
  const int result = inflate(inflater_.get(), Z_NO_FLUSH);
  begin_ = end_ - inflater_->avail_in;
  in_member_ = result != Z_STREAM_END;
  if (result == Z_OK || result == Z_STREAM_END) return true;
  const char* reason = inflater_->msg;
  status_ = absl::DataLossError(reason == nullptr ? "compressed data error" : reason);
  return false;
}

}  // namespace sequitur::pipeline
