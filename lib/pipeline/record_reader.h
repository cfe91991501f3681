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

  enum class Wait { kNo, kYes };
  enum class Found {
    kRecord,
    kNotYet,  // without waiting for somebody to write; only when told not to wait
    kEnd,     // or damage: then lines().status() says so
  };
  Found Next(absl::string_view* record, Wait wait = Wait::kYes);

  int64_t line_number() const { return line_number_; }  // where the record begins
  const LineReader& lines() const { return *lines_; }

 private:
  // How deep in brackets a text is, strings passed over.
  class Depth {
   public:
    // Bytes of `line` up to where the outermost bracket closes, or all of it.
    size_t Read(absl::string_view line);
    bool closed() const { return depth_ <= 0; }

   private:
    int64_t depth_ = 0;
  };

  bool Read(absl::string_view* record);
  bool ReadOfDocument(absl::string_view* record);

  std::unique_ptr<LineReader> lines_;
  absl::string_view line_;  // the latest; it comes again when it was read too far
  bool comes_again_ = false;
  bool in_document_ = false;
  std::string document_;
  std::string opening_;  // its first line
  Depth depth_;
  bool begun_ = false;
  bool in_array_ = false;
  int64_t line_number_ = 0;
};

}  // namespace sequitur::pipeline
