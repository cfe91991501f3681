#pragma once

// LogFormat: a configured nginx `log_format` or httpd `LogFormat`, compiled to
// a list of fields with the literal text before each, and run over lines.
//
// A field ends where the literal behind it begins. Text that a client controls
// may hold that literal, so a place counts only when the next field can begin
// there (a time, a number) and when a quote is not an escaped one.
//
// Bounds:   kMaxItems fields; a line is scanned forward, once per field that is
//           missing at worst.
// Threads:  const once compiled.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "decode/access_line.h"
#include "decode/text_source.h"

namespace sequitur::decode {

class LogFormat {
 public:
  static constexpr size_t kMaxItems = 128;

  enum class Shape : uint8_t {
    kText,      // anything, up to the next literal
    kNumber,    // digits, '.', or "-"
    kList,      // elements divided by ", " and " : ", as nginx writes upstreams
    kMark,      // "?" or nothing
    kTime,      // see TimeForm
    kDuration,  // a number of `unit` nanoseconds
  };
  enum class TimeForm : uint8_t {
    kClf,       // 28/Sep/1970:12:00:00 +0600
    kIso,       // 1970-09-28T12:00:00+06:00
    kEpoch,     // a number of `unit` nanoseconds since 1970
    kFraction,  // `digits` digits behind the second of another time field
    kCalendar,  // strftime's conversions in `calendar`
  };
  // Which end of the request a time is of.
  enum class Edge : uint8_t { kStart, kEnd };

  struct Item {
    std::string before;  // literal text
    AccessField field = AccessField::kIgnored;
    Shape shape = Shape::kText;
    TimeForm form = TimeForm::kClf;
    Edge edge = Edge::kEnd;
    int64_t unit = 0;      // nanoseconds; of kEpoch, kDuration and kFraction
    std::string calendar;  // of kCalendar
  };

  // Checks that each field's end can be found and that something says when.
  static absl::StatusOr<LogFormat> Create(std::vector<Item> items, std::string tail, bool escaped);

  // kDecoded, kMalformedLine or kBadTimestamp.
  DecodeResult Split(absl::string_view line, const LineContext& lines, AccessLine* out) const;

  // False for nginx's escape=none: bytes are as the client sent them.
  bool escaped() const { return escaped_; }

 private:
  friend class FormatScan;

  LogFormat(std::vector<Item> items, std::string tail, bool escaped)
      : items_(std::move(items)), tail_(std::move(tail)), escaped_(escaped) {}

  std::vector<Item> items_;
  std::string tail_;
  bool escaped_;
};

// What follows the name in nginx's `log_format`, or the whole directive.
absl::StatusOr<LogFormat> CompileNginxLogFormat(absl::string_view text);

// httpd's format string, the whole `LogFormat` directive, or the nickname of a
// stock format (common, combined, vhost_combined ...).
absl::StatusOr<LogFormat> CompileHttpdLogFormat(absl::string_view text);

// Takes one list as nginx writes it off `rest`, and the blank behind it.
absl::string_view TakeList(absl::string_view* rest);

}  // namespace sequitur::decode
