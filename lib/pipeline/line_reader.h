#pragma once

// LineReader: the lines of a file, a gzip file or standard input, one at a
// time, whatever their size.
//
// Bounds:   a line above kMaxLine is given cut to kMaxLine + 1 bytes, so that
//           the decoder refuses it for its size, and the rest is passed over;
//           memory is kMaxLine and a read buffer.
// Threads:  none. Lifetime: a line is valid until the next call.

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pipeline/file_bytes.h"

namespace sequitur::pipeline {

class LineReader {
 public:
  static constexpr size_t kMaxLine = 1 << 20;

  // "-" is standard input. Plain and gzip content are told apart by content.
  static absl::StatusOr<std::unique_ptr<LineReader>> Open(const std::string& path);

  // False at the end or on damage (then status() says so). Without the line
  // end, \n or \r\n.
  bool Next(absl::string_view* line);
  absl::Status status() const { return status_; }
  // Whether Next would have to wait for somebody to write, the end of the input
  // included.
  bool WouldWait() const;

  int64_t line_number() const { return line_number_; }  // of the last line; 1-based
  // Bytes of the file consumed, compressed ones for gzip; and its size, or 0.
  int64_t bytes_read() const { return bytes_->bytes_read(); }
  int64_t bytes_total() const { return bytes_->bytes_total(); }

 private:
  LineReader(std::unique_ptr<FileBytes> bytes, std::string path);
  bool Fill();

  const std::unique_ptr<FileBytes> bytes_;
  const std::string path_;
  const std::unique_ptr<char[]> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  std::string long_line_;  // a line that did not fit the buffer in one piece
  int64_t line_number_ = 0;
  absl::Status status_;
};

}  // namespace sequitur::pipeline
