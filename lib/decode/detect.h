#pragma once

// Which source a line of text is from, told from its content first. Formats
// with a shape of their own at the line's start are asked before the access
// formats, and nothing but the start decides, so what a client sent cannot make
// its line another source's.
//
// nginx and httpd write the same combined line. The hint decides; without one,
// the common format, a virtual host with port in front, `-` for no bytes and
// backslash escapes other than \x are httpd's, and the rest is taken for
// nginx's. (Both decoders date such a line alike, so a wrong guess costs the
// name and not the time.)
//
// Threads:  pure functions.

#include <optional>

#include "absl/strings/string_view.h"
#include "decode/source.h"
#include "decode/stock_access.h"
#include "decode/stream_hint.h"

namespace sequitur::decode {

// kAuto when no text source has this shape. `parts`, where given: those of an
// access line by which it was recognised.
SourceKind RecogniseLine(absl::string_view line, const StreamHint& hint,
                         std::optional<StockLine>* parts = nullptr);

// Whether an access line that both servers could have written is httpd's.
bool LooksLikeHttpd(absl::string_view line);

}  // namespace sequitur::decode
