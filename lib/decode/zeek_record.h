#pragma once

// A Zeek log entry, wherever its columns came from (JSON keys or TSV), and what
// it says of a connection. conn is the connection itself; conn_long, ssl, http,
// dns and ssh entries name the same connection (uid) while it still runs; all
// other streams are of no use.
// Format: https://docs.zeek.org/en/master/logs/conn.html
//
// Threads:  none.
// Lifetime: a ZeekRecord holds views, as long as its source's.

#include <array>
#include <optional>

#include "absl/strings/string_view.h"
#include "decode/source.h"
#include "decode/text_source.h"
#include "event/event.h"
#include "event/value.h"

namespace sequitur::decode {

enum class ZeekColumn : uint8_t {
  kTs,
  kUid,
  kOrigHost,
  kOrigPort,
  kRespHost,
  kRespPort,
  kProto,
  kIpProto,
  kService,
  kDuration,
  kOrigBytes,
  kRespBytes,
  kConnState,
  kHistory,
  kOrigPackets,
  kRespPackets,
  kCommunityId,
  // http
  kTransDepth,
  kMethod,
  kHttpHost,
  kUri,
  kUserAgent,
  kStatusCode,
  // dns
  kTransId,
  kQuery,
  // ssl
  kCipher,
  kServerName,
  kEstablished,
  // ssh
  kAuthAttempts,
  // Corelight
  kSystemName,
};
inline constexpr size_t kZeekColumns = 30;

// The column's name as Zeek writes it.
absl::string_view ZeekColumnName(ZeekColumn column);
// Its other name, as Logstash pipelines write it (id_orig_h), or empty.
absl::string_view ZeekColumnAlias(ZeekColumn column);
// By either name.
std::optional<ZeekColumn> FindZeekColumn(absl::string_view name);

// S0, SF, OTH ...
bool IsZeekConnState(absl::string_view text);

struct ZeekRecord {
  std::array<event::Value, kZeekColumns> columns;
  absl::string_view stream;  // `_path`, `#path`; empty: told by the columns

  const event::Value& Get(ZeekColumn c) const { return columns[static_cast<size_t>(c)]; }
  absl::string_view Text(ZeekColumn c) const { return Get(c).text(); }
  bool Has(ZeekColumn c) const { return !Get(c).is_null(); }
};

// "zeek.connection", "zeek.http" ...; empty for a stream of no use.
absl::string_view ZeekDataset(const ZeekRecord& record);

DecodeResult DecodeZeek(const ZeekRecord& record, const LineContext& lines, event::Event& event);

}  // namespace sequitur::decode
