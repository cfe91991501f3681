#pragma once

// RecordReader: the records of an input. A record is a line; but a JSON document
// that somebody has indented (`jq .`, exports of consoles) is one record, too,
// and so is each element of an indented array.
//
// An indented document begins with a line that is `{` and nothing else, and
// ends where its brackets close; in front of a next such line at the same
// indentation it was cut off. An array begins with a first line `[`.
//
// Bounds:   as LineReader; a longer document is cut, too.
// Threads:  none. Lifetime: a record is valid until the next call.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "pipeline/line_reader.h"

namespace sequitur::pipeline {

class RecordReader {
 public:
  explicit RecordReader(std::unique_ptr<LineReader> lines) : lines_(std::move(lines)) {}

  // False at the end or on damage (then lines().status() says so).
  bool Next(absl::string_view* record);

  int64_t line_number() const { return line_number_; }  // where the record begins
  const LineReader& lines() const { return *lines_; }

 private:
  void ReadDocument(absl::string_view opening);

  std::unique_ptr<LineReader> lines_;
  std::string document_;
  std::string opening_;  // of the next document, when read too far
  bool read_ahead_ = false;
  bool begun_ = false;
  bool in_array_ = false;
  int64_t line_number_ = 0;
};

}  // namespace sequitur::pipeline
