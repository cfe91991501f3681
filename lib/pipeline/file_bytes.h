#pragma once

// FileBytes: the bytes of a file, a gzip file (inflated) or standard input, as
// they come: whoever writes to a pipe now and then is heard at once.
//
// Plain and gzip content are told apart by content. Several gzip files in one
// are read one after the other; what follows them and is none is passed over.
//
// Bounds:   a read buffer.
// Threads:  none.

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

struct z_stream_s;

namespace sequitur::pipeline {

class FileBytes {
 public:
  // "-" is standard input.
  static absl::StatusOr<std::unique_ptr<FileBytes>> Open(const std::string& path);
  ~FileBytes();
  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;

  // The next bytes, as many as there are; waits only when there are none. 0 at
  // the end or on damage: then status() says so, without naming the file.
  size_t Read(absl::Span<char> out);
  const absl::Status& status() const { return status_; }

  // Whether Read may have to wait for somebody to write.
  bool may_wait() const { return may_wait_; }
  // Bytes of the file consumed, compressed ones for gzip; and its size, or 0.
  int64_t bytes_read() const { return taken_ - static_cast<int64_t>(end_ - begin_); }
  int64_t bytes_total() const { return bytes_total_; }

 private:
  FileBytes(int fd, bool may_wait, int64_t bytes_total);
  size_t ReadFile(char* to, size_t size);
  bool Refill();
  bool BeginsGzip();
  bool FindContent();
  size_t ReadPlain(absl::Span<char> out);
  size_t Inflate(absl::Span<char> out);
  bool InflateSome();

  const int fd_;
  const bool may_wait_;
  const int64_t bytes_total_;
  int64_t taken_ = 0;  // from the file
  bool ended_ = false;
  absl::Status status_;
  // What was taken and not consumed yet; null: plain, and nothing is left of it.
  std::unique_ptr<char[]> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  bool knows_content_ = false;
  std::unique_ptr<z_stream_s> inflater_;  // null: plain
  bool in_member_ = false;                // of a gzip file; false: between two
};

}  // namespace sequitur::pipeline
