#pragma once

// Access lines of nginx: `combined`, `main`, forms with virtual hosts or lists
// of proxies in front, ingress-nginx, or one configured `log_format`.
// Formats: ngx_http_log_module and the variables it names; the forms in front
// as Elastic's nginx module reads them; ingress-nginx's log-format-upstream.
//
// nginx dates a line by the END of its request, to the second; the start
// follows where the line has $request_time.
//
// Bounds:   one pass over the line; no allocation but the arena's.
// Threads:  none needed; const once created.

#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "decode/log_format.h"
#include "decode/source.h"
#include "decode/text_source.h"
#include "event/event.h"

namespace sequitur::decode {

class NginxAccess {
 public:
  // "": the stock formats, told apart line by line. Else what follows the name
  // in a `log_format` directive, or the whole directive, escape= included.
  static absl::StatusOr<NginxAccess> Create(absl::string_view log_format);

  static bool Recognises(absl::string_view line);
  // The same of a line whose head SplitStockLine found.
  static bool RecognisesHead(absl::string_view head);

  DecodeResult Decode(absl::string_view line, const LineContext& lines, event::Event& event) const;

 private:
  NginxAccess() = default;

  std::optional<LogFormat> format_;
};

}  // namespace sequitur::decode
