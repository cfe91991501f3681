#pragma once

// ErrorLine: one entry of a server's error log, taken apart but not yet an
// event, whichever server wrote it. PublishError decides what kind of fact it
// is and fills the event.
//
// event.action, where a line deserves one:
//   worker_crash     a worker died by a signal, or fatally (category process)
//   worker_exit      a worker ended with an exit code (category process)
//   upstream_error   a backend refused, reset, timed out or sent nonsense
//   script_error     what a script or its runtime wrote to stderr
//   invalid_request  the server refused to parse the request
//   access_denied    refused by configuration or for want of a password
//
// Bounds:   views into the line; no allocation but the arena's.
// Threads:  none.
// Lifetime: of the line.

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "decode/request_line.h"
#include "decode/source.h"
#include "decode/text_source.h"
#include "event/event.h"

namespace sequitur::decode {

// How a process ended, as its parent reported it.
struct WorkerEnd {
  int64_t pid = 0;
  std::optional<int64_t> signal;
  std::optional<int64_t> exit_code;
  bool fatal = false;  // the server gave up on it
};

struct ErrorOrigin {
  SourceKind kind;
  absl::string_view module;
  absl::string_view dataset;
  absl::string_view process_name;
};

struct ErrorLine {
  event::TimeNs time = event::kNoTime;
  bool zone_used = false;    // the time had no zone of its own
  absl::string_view level;   // lower case
  absl::string_view logger;  // httpd's module
  absl::string_view code;    // AH00051
  absl::string_view message;
  absl::string_view cause;  // the errno text beside the message
  absl::string_view action;
  std::optional<int64_t> pid;
  std::optional<int64_t> thread;
  std::optional<int64_t> connection;
  std::optional<WorkerEnd> end;

  // Set only where no client can have forged them.
  absl::string_view client;
  std::optional<int64_t> client_port;
  absl::string_view backend;
  std::optional<int64_t> backend_port;
  RequestLine request;
  absl::string_view request_id;
  absl::string_view host;
  absl::string_view referrer;
  absl::string_view file;
};

// True for warn and worse, and for a line without a level (a script's stderr).
bool IsErrorLevel(absl::string_view level);

void PublishError(const ErrorLine& line, const ErrorOrigin& origin, const LineContext& lines,
                  absl::string_view original, event::Event& event);

// Remembers the entry for the lines without a prefix that may follow it.
void Remember(const ErrorLine& line, const LineContext& lines);

// Dates a line without a prefix by the last that had one, else by when it was
// read. False when neither is known.
bool DateByMemory(const LineContext& lines, ErrorLine* line);

// The integer at the front of `text`, taken off it.
std::optional<int64_t> TakeInteger(absl::string_view* text);

}  // namespace sequitur::decode
