#include "decode/zeek_record.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "decode/flow_fields.h"

namespace sequitur::decode {

using event::Event;
using event::Value;
namespace field = event::field;

namespace {

struct ColumnNames {
  absl::string_view name;
  absl::string_view alias;
};

// In the order of ZeekColumn.
constexpr ColumnNames kColumnNames[] = {
    {"ts", ""},
    {"uid", ""},
    {"id.orig_h", "id_orig_h"},
    {"id.orig_p", "id_orig_p"},
    {"id.resp_h", "id_resp_h"},
    {"id.resp_p", "id_resp_p"},
    {"proto", ""},
    {"ip_proto", ""},
    {"service", ""},
    {"duration", ""},
    {"orig_bytes", ""},
    {"resp_bytes", ""},
    {"conn_state", ""},
    {"history", ""},
    {"orig_pkts", ""},
    {"resp_pkts", ""},
    {"community_id", ""},
    {"trans_depth", ""},
    {"method", ""},
    {"host", ""},
    {"uri", ""},
    {"user_agent", ""},
    {"status_code", ""},
    {"trans_id", ""},
    {"query", ""},
    {"cipher", ""},
    {"server_name", ""},
    {"established", ""},
    {"auth_attempts", ""},
    {"_system_name", "system_name"},
};
static_assert(std::size(kColumnNames) == kZeekColumns);

enum class Stream { kConn, kConnLong, kHttp, kSsl, kDns, kSsh, kOther };

struct StreamNames {
  absl::string_view path;
  Stream stream;
  absl::string_view dataset;
  absl::string_view protocol;
};

constexpr StreamNames kStreams[] = {
    {"conn", Stream::kConn, "zeek.connection", ""},
    {"conn_red", Stream::kConn, "zeek.connection", ""},  // Corelight's reduced stream
    {"conn_long", Stream::kConnLong, "zeek.conn_long", ""},
    {"http", Stream::kHttp, "zeek.http", "http"},
    {"ssl", Stream::kSsl, "zeek.ssl", "ssl"},
    {"dns", Stream::kDns, "zeek.dns", "dns"},
    {"ssh", Stream::kSsh, "zeek.ssh", "ssh"},
};
constexpr StreamNames kOtherStream = {"", Stream::kOther, "", ""};

const StreamNames& FindStream(absl::string_view path) {
  for (const StreamNames& names : kStreams) {
    if (names.path == path) return names;
  }
  return kOtherStream;
}

// Told by columns that only this stream has.
const StreamNames& StreamOf(const ZeekRecord& r) {
  if (!r.stream.empty()) return FindStream(r.stream);
  if (r.Has(ZeekColumn::kConnState)) return FindStream("conn");
  if (r.Has(ZeekColumn::kTransDepth)) return FindStream("http");
  if (r.Has(ZeekColumn::kTransId)) return FindStream("dns");
  if (r.Has(ZeekColumn::kCipher) || r.Has(ZeekColumn::kEstablished)) return FindStream("ssl");
  if (r.Has(ZeekColumn::kAuthAttempts)) return FindStream("ssh");
  return kOtherStream;
}

struct ConnState {
  absl::string_view name;
  bool established;
  bool seen_start;  // the first packets were the first of the connection
  bool seen_end;    // finished by both sides, or reset
};

constexpr ConnState kConnStates[] = {
    {"S0", false, true, false},   {"S1", true, true, false},     {"SF", true, true, true},
    {"REJ", false, true, true},   {"S2", true, true, false},     {"S3", true, true, false},
    {"RSTO", true, true, true},   {"RSTR", true, true, true},    {"RSTOS0", false, true, true},
    {"SH", false, true, false},   {"RSTRH", false, false, true}, {"SHR", false, false, false},
    {"OTH", false, false, false},
};

void ReadConnState(const ZeekRecord& r, Flow& flow) {
  const absl::string_view name = r.Text(ZeekColumn::kConnState);
  for (const ConnState& state : kConnStates) {
    if (state.name != name) continue;
    flow.established = state.established;
    // The state is TCP's. Zeek calls unanswered ICMP "OTH" too, and there it
    // means nothing.
    const bool tcp = IsTcp(flow.transport);
    flow.seen_start = state.seen_start || !tcp;
    flow.seen_end = state.seen_end;
    flow.direction_guessed = tcp && !state.seen_start;
  }
  // '^': Zeek itself turned the connection round by a heuristic.
  const absl::string_view history = r.Text(ZeekColumn::kHistory);
  flow.direction_guessed |= history.find('^') != history.npos;
}

void ReadEnds(const ZeekRecord& r, Flow& flow) {
  flow.initiator.address = r.Text(ZeekColumn::kOrigHost);
  flow.initiator.port = FlowCount(r.Get(ZeekColumn::kOrigPort));
  flow.responder.address = r.Text(ZeekColumn::kRespHost);
  flow.responder.port = FlowCount(r.Get(ZeekColumn::kRespPort));
}

void ReadTraffic(const ZeekRecord& r, Flow& flow) {
  flow.initiator.bytes = FlowCount(r.Get(ZeekColumn::kOrigBytes));
  flow.initiator.packets = FlowCount(r.Get(ZeekColumn::kOrigPackets));
  flow.responder.bytes = FlowCount(r.Get(ZeekColumn::kRespBytes));
  flow.responder.packets = FlowCount(r.Get(ZeekColumn::kRespPackets));
  flow.duration = FlowSeconds(r.Get(ZeekColumn::kDuration));
}

// Streams that log no transport run over the one their protocol implies.
absl::string_view TransportOf(const ZeekRecord& r, Stream stream, Arena& arena) {
  const absl::string_view proto = r.Text(ZeekColumn::kProto);
  if (!proto.empty() && proto != "unknown_transport") return proto;
  if (r.Has(ZeekColumn::kIpProto)) return FlowText(r.Get(ZeekColumn::kIpProto), arena);
  const bool tcp = stream == Stream::kHttp || stream == Stream::kSsl || stream == Stream::kSsh;
  return tcp ? "tcp" : "";
}

void ReadEarly(const StreamNames& names, Flow& flow) {
  flow.report = Flow::Report::kEarly;
  flow.seen_start = true;
  flow.seen_end = false;
  if (names.stream == Stream::kConnLong) return;
  // Whoever speaks HTTP, TLS or SSH has a connection; a DNS query may go unanswered.
  flow.established = names.stream != Stream::kDns;
}

void SetApplication(const ZeekRecord& r, Stream stream, Event& event) {
  if (stream == Stream::kDns) {
    event.SetString(field::kDnsQuestionName, r.Text(ZeekColumn::kQuery));
  } else if (stream == Stream::kSsl) {
    event.SetString(field::kDestinationDomain, r.Text(ZeekColumn::kServerName));
  } else if (stream == Stream::kHttp) {
    event.SetString(field::kHttpRequestMethod, r.Text(ZeekColumn::kMethod));
    event.SetString(field::kDestinationDomain, r.Text(ZeekColumn::kHttpHost));
    event.SetString(field::kUrlDomain, r.Text(ZeekColumn::kHttpHost));
    event.SetString(field::kUrlOriginal, r.Text(ZeekColumn::kUri));
    event.SetString(field::kUserAgentOriginal, r.Text(ZeekColumn::kUserAgent));
    const auto status = FlowCount(r.Get(ZeekColumn::kStatusCode));
    if (status) event.SetInt(field::kHttpResponseStatusCode, *status);
  }
}

void SetSession(const ZeekRecord& r, Event& event) {
  event.SetString(field::kEventId, r.Text(ZeekColumn::kUid));
  event.SetString(field::kZeekSessionId, r.Text(ZeekColumn::kUid));
  event.SetString(field::kZeekConnState, r.Text(ZeekColumn::kConnState));
  event.SetString(field::kZeekConnHistory, r.Text(ZeekColumn::kHistory));
  event.SetString(field::kNetworkCommunityId, r.Text(ZeekColumn::kCommunityId));
}

// One entry per connection in conn; the other streams have several with one
// uid, told apart by time and by the transaction's number.
uint64_t Identify(const ZeekRecord& r, const StreamNames& names, const Flow& flow, Event& event) {
  Arena& arena = event.arena();
  const absl::string_view uid = r.Text(ZeekColumn::kUid);
  const absl::AlphaNum start(flow.start);
  if (uid.empty()) {
    return IdentityOf({names.dataset, flow.initiator.address, flow.responder.address,
                       FlowText(r.Get(ZeekColumn::kOrigPort), arena),
                       FlowText(r.Get(ZeekColumn::kRespPort), arena), flow.transport,
                       start.Piece()});
  }
  if (names.stream == Stream::kConn) return IdentityOf({names.dataset, uid});
  return IdentityOf({names.dataset, uid, start.Piece(),
                     FlowText(r.Get(ZeekColumn::kTransDepth), arena),
                     FlowText(r.Get(ZeekColumn::kTransId), arena),
                     absl::AlphaNum(flow.duration.value_or(0)).Piece()});
}

}  // namespace

absl::string_view ZeekColumnName(ZeekColumn column) {
  return kColumnNames[static_cast<size_t>(column)].name;
}

absl::string_view ZeekColumnAlias(ZeekColumn column) {
  return kColumnNames[static_cast<size_t>(column)].alias;
}

std::optional<ZeekColumn> FindZeekColumn(absl::string_view name) {
  if (name.empty()) return std::nullopt;
  for (size_t i = 0; i < kZeekColumns; ++i) {
    if (name == kColumnNames[i].name || name == kColumnNames[i].alias) {
      return static_cast<ZeekColumn>(i);
    }
  }
  return std::nullopt;
}

bool IsZeekConnState(absl::string_view text) {
  return std::any_of(std::begin(kConnStates), std::end(kConnStates),
                     [text](const ConnState& state) { return state.name == text; });
}

absl::string_view ZeekDataset(const ZeekRecord& record) { return StreamOf(record).dataset; }

DecodeResult DecodeZeek(const ZeekRecord& record, const LineContext& lines, Event& event) {
  const StreamNames& names = StreamOf(record);
  if (names.stream == Stream::kOther) return DecodeResult::kNotAnEvent;
  FlowClock clock(lines);
  const auto start = clock.Read(record.Get(ZeekColumn::kTs));
  if (!start) return DecodeResult::kBadTimestamp;

  Flow flow;
  flow.module = "zeek";
  flow.dataset = names.dataset;
  flow.start = *start;
  flow.transport = TransportOf(record, names.stream, event.arena());
  flow.protocol = names.protocol.empty() ? record.Text(ZeekColumn::kService) : names.protocol;
  ReadEnds(record, flow);
  if (names.stream == Stream::kConn || names.stream == Stream::kConnLong) {
    ReadTraffic(record, flow);
    ReadConnState(record, flow);
  }
  if (names.stream != Stream::kConn) ReadEarly(names, flow);
  const DecodeResult result = FillFlow(flow, event);
  if (result != DecodeResult::kDecoded) return result;

  SetSession(record, event);
  SetApplication(record, names.stream, event);
  SetSensor(record.Text(ZeekColumn::kSystemName), event);
  event.identity = Identify(record, names, flow, event);
  if (clock.assumed_zone()) {
    event.Append(field::kSequiturFlags, Value::String("time_assumed_utc"));
  }
  return DecodeResult::kDecoded;
}

}  // namespace sequitur::decode
