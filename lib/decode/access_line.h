#pragma once

// AccessLine: one request as an access log wrote it, field by field, before it
// means anything. The stock formats, a configured log format and JSON logs all
// fill one; PublishAccess turns it into the event.
//
// Bounds:   views into the line; no allocation but the arena's.
// Threads:  none.
// Lifetime: of the line.

#include <array>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "decode/source.h"
#include "decode/text_source.h"
#include "event/event.h"

namespace sequitur::decode {

enum class AccessField : uint8_t {
  kIgnored,
  kRemote,     // the client, or a list of proxies and client
  kPeer,       // the other end of the connection: the client for want of better
  kForwarded,  // X-Forwarded-For
  kRemotePort,
  kHost,  // the virtual host, with or without a port
  kServerAddress,
  kServerPort,
  kScheme,
  kUser,
  kRequest,  // the whole request line
  kMethod,
  kTarget,  // path and query, as sent
  kPath,
  kQueryMark,  // "?" or nothing
  kQuery,
  kProtocol,  // HTTP/1.1
  kStatus,
  kBodyBytes,
  kBytes,
  kRequestBytes,
  kReferrer,
  kAgent,
  kRequestId,
  kLogId,  // the request's id in the error log
  kPid,
  kThread,
  kConnection,
  kUpstreamName,
  kUpstreamAddress,
  kUpstreamStatus,
  kUpstreamTime,
  kTlsProtocol,
  kTlsCipher,
};
inline constexpr size_t kAccessFields = 34;

struct AccessLine {
  absl::string_view& operator[](AccessField f) { return text[static_cast<size_t>(f)]; }
  absl::string_view operator[](AccessField f) const { return text[static_cast<size_t>(f)]; }
  // Keeps the first that has a value: formats name one thing twice.
  void Offer(AccessField f, absl::string_view value) {
    absl::string_view& held = (*this)[f];
    if (held.empty() || held == "-") held = value;
  }

  std::array<absl::string_view, kAccessFields> text;
  event::TimeNs start = event::kNoTime;
  event::TimeNs end = event::kNoTime;
  std::optional<int64_t> duration;  // nanoseconds
  bool zone_used = false;           // a time had no zone of its own
};

// Whose line it is, and how its bytes were escaped.
struct AccessOrigin {
  SourceKind kind = SourceKind::kNginxAccess;
  absl::string_view module;   // nginx, apache
  absl::string_view dataset;  // nginx.access, apache.access ...
  enum class Escaping : uint8_t { kEscaped, kPlain } escaping = Escaping::kEscaped;
};

// The instant is the start of the request where it is known or follows from end
// and duration, else the logged time. kNoTimestamp when there is none,
// kMalformedLine when the status is no number; else kDecoded.
//
// source.ip is the client: of a list of proxies the peer if that is public (a
// list is what the client said), else the first public address, else the first.
DecodeResult PublishAccess(const AccessLine& line, const AccessOrigin& origin,
                           const LineContext& lines, absl::string_view original,
                           event::Event& event);

}  // namespace sequitur::decode
