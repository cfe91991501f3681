#pragma once

// The access formats that nginx and httpd write unless told otherwise, in one
// scan: whatever comes first, then `[time] "request" status bytes` and, if it
// is there, `"referrer" "agent"`, and the rest.
//
// The anchor is `[time] "`. Neither server leaves a '"' unescaped in a user's
// name or a header, so no client can write one; everything before it may hold
// blanks, commas and quotes.

#include "absl/strings/string_view.h"

namespace sequitur::decode {

struct StockLine {
  absl::string_view head;  // before ` [`
  absl::string_view time;  // in Common Log Format, without brackets
  // Between `]` and the request: blank, or ssl_request_log's host and cipher.
  absl::string_view between;
  absl::string_view request;
  absl::string_view status;
  absl::string_view bytes;
  absl::string_view referrer;
  absl::string_view agent;
  absl::string_view rest;  // what a site's format added behind
};

// False when the line is not of that shape. Unset fields are views of no text.
bool SplitStockLine(absl::string_view line, StockLine* stock);
// `[time] host protocol cipher "request" bytes`.
bool SplitTlsRequestLine(absl::string_view line, StockLine* stock);

// Takes the next word, or the inside of the next "quoted text", off `rest`.
// False at the end.
bool TakeWord(absl::string_view* rest, absl::string_view* word);

}  // namespace sequitur::decode
