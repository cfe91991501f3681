#pragma once

// ErrorLogFormat: httpd's directive of that name, compiled and run over lines.
//
// The format is a row of parts divided by blanks; httpd leaves a part out when
// its item has nothing to say, so a part that does not fit where it should is
// taken to be absent. `%M` is the message and runs to the end of the line, less
// what the format puts behind it.
// Format: "ErrorLogFormat" in httpd's core documentation, server/log.c.
//
// Bounds:   kMaxParts parts; one walk over the line.
// Threads:  const once compiled.

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "decode/error_line.h"

namespace sequitur::decode {

class ErrorLogFormat {
 public:
  static constexpr size_t kMaxParts = 64;

  static absl::StatusOr<ErrorLogFormat> Create(absl::string_view directive);

  // False when the line has no time where the format wants one: it is not an
  // entry but the stderr of a child. A time that cannot be is kNoTime.
  bool Split(absl::string_view text, const LineContext& lines, ErrorLine* line) const;

 private:
  struct Piece {
    std::string before;  // literal text
    char item = 0;       // the directive's letter; 0 = literal only
    std::string argument;
  };
  struct Part {
    std::vector<Piece> pieces;
    std::string tail;
    bool is_message = false;
    bool is_time = false;
  };

  bool TakePart(const Part& part, absl::string_view* rest, const LineContext& lines,
                ErrorLine* line) const;
  void CutSuffix(absl::string_view* text, ErrorLine* line) const;

  std::vector<Part> parts_;   // up to and with the message
  std::vector<Part> suffix_;  // behind the message
};

}  // namespace sequitur::decode
