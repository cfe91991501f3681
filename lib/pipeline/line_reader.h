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
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct gzFile_s;

namespace sequitur::pipeline {

class LineReader {
 public:
  static constexpr size_t kMaxLine = 1 << 20;

  // "-" is standard input. Plain and gzip content are told apart by content.
  static absl::StatusOr<std::unique_ptr<LineReader>> Open(const std::string& path);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  // False at the end or on damage (then status() says so). Without the line
  // end, \n or \r\n.
  bool Next(absl::string_view* line);
  absl::Status status() const { return status_; }

  int64_t line_number() const { return line_number_; }  // of the last line; 1-based
  // Bytes of the file consumed, compressed ones for gzip; and its size, or 0.
  int64_t bytes_read() const;
  int64_t bytes_total() const { return bytes_total_; }

 private:
  LineReader(gzFile_s* file, std::string path, int64_t bytes_total);
  bool Fill();

  gzFile_s* file_;
  const std::string path_;
  const int64_t bytes_total_;
  std::vector<char> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  std::string long_line_;  // a line that did not fit the buffer in one piece
  int64_t line_number_ = 0;
  absl::Status status_;
};

}  // namespace sequitur::pipeline
