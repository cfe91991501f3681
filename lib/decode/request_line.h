#pragma once

// The request line as servers log it, which is as the client sent it: any
// number of words, binary, absolute URI, empty. And the request target in
// parts, as ECS has them.
//
// Bounds:   linear; no allocation but the arena's.
// Threads:  none needed; pure.

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "event/event.h"

namespace sequitur::decode {

// method = first word if it could be one, version = last word if it is
// HTTP/<digit>..., target = all between, blanks included. What has no method
// (a TLS hello on a plain port) is all target.
struct RequestLine {
  absl::string_view method;
  absl::string_view target;
  absl::string_view version;  // "1.1"
};
RequestLine ParseRequestLine(absl::string_view text);

struct RequestTarget {
  absl::string_view scheme;  // absolute URI only
  absl::string_view domain;  // absolute URI, and CONNECT's host:port
  std::optional<int64_t> port;
  absl::string_view path;
  absl::string_view query;  // without '?'
};
RequestTarget SplitTarget(absl::string_view method, absl::string_view target);

// Sets http.request.method (case kept), http.version and url.*: url.original
// is the target as it was sent, url.path and url.query are percent-decoded
// once, as Elasticsearch's uri_parts has them.
void SetRequest(const RequestLine& request, event::Event& event);

// The parts of url.* alone.
void SetUrlParts(const RequestTarget& parts, event::Event& event);

}  // namespace sequitur::decode
