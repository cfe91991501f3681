#include "loadgen/flow.h"

#include "absl/strings/str_cat.h"
#include "loadgen/json_text.h"

namespace sequitur::loadgen {

// The networks that a run draws its own machines from.
bool IsPrivateAddress(absl::string_view ip) { return ip.substr(0, 3) == "10."; }

void ZeekLog::Write(const Flow& flow, absl::string_view host, Mark mark) {
  const bool tcp = flow.transport == "tcp";
  const int64_t sent_packets = flow.sent / 900 + (tcp ? 5 : 1);
  const int64_t received_packets = flow.received / 1300 + (tcp ? 4 : 1);
  std::string line;
  JsonText json(line);
  json.BeginObject().Json("ts", DecimalSeconds(flow.start, 6));
  json.Text("uid", absl::StrCat("C", random_.Letters(17)));
  json.Text("id.orig_h", flow.from).Number("id.orig_p", flow.from_port);
  json.Text("id.resp_h", flow.to).Number("id.resp_p", flow.to_port);
  json.Text("proto", flow.transport);
  if (!flow.service.empty()) json.Text("service", flow.service);
  json.Json("duration", DecimalSeconds(flow.duration, 6)).Number("orig_bytes", flow.sent);
  json.Number("resp_bytes", flow.received).Text("conn_state", "SF");
  json.Flag("local_orig", IsPrivateAddress(flow.from));
  json.Flag("local_resp", IsPrivateAddress(flow.to)).Number("missed_bytes", 0);
  json.Text("history", tcp ? "ShADadFf" : "Dd").Number("orig_pkts", sent_packets);
  json.Number("orig_ip_bytes", flow.sent + 40 * sent_packets);
  json.Number("resp_pkts", received_packets);
  json.Number("resp_ip_bytes", flow.received + 40 * received_packets);
  json.Text("community_id", absl::StrCat("1:", random_.Letters(27), "=")).EndObject();
  sensor_.SetHostKey(host);
  sensor_.ShipLine(Stream::kFlows, line, mark);
}

}  // namespace sequitur::loadgen
