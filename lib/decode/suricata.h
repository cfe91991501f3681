#pragma once

// Suricata EVE: `flow` (both directions, written when the flow is over),
// `netflow` (one direction a record), and what names a flow while it runs:
// http, tls, dns, ssh and alert. Everything else is of no use.
// Format: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html
//
// Threads:  const once built.

#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "decode/flow_fields.h"
#include "decode/json_reader.h"
#include "decode/source.h"
#include "decode/text_source.h"
#include "event/event.h"

namespace sequitur::decode {

class Suricata {
 public:
  Suricata(JsonPaths& paths, const event::Projection& projection);

  // An `event_type` with a timestamp, and the flow's ends or statistics.
  bool Recognises(const JsonCaptures& found) const;
  // Calls emit once for a record that tells of a flow.
  DecodeResult Decode(const JsonCaptures& found, const LineContext& lines, event::Event& event,
                      EmitEvent emit) const;

 private:
  // The paths of one place where a record may stand.
  struct Place {
    PathId timestamp, event_type, flow_id, tx_id, direction, host, community_id;
    PathId src_ip, src_port, dest_ip, dest_port, proto, app_proto, icmp_type;
    PathId flow_start, flow_end, flow_state;
    PathId flow_src_ip, flow_src_port, flow_dest_ip, flow_dest_port;
    PathId packets_to_server, packets_to_client, bytes_to_server, bytes_to_client;
    PathId netflow_packets, netflow_bytes, netflow_start, netflow_end;
    PathId tcp_flags, tcp_flags_to_server, tcp_flags_to_client, tcp_state;
    PathId dns_type, dns_name, dns_query_name, tls_sni;
    PathId http_host, http_url, http_user_agent, http_method, http_status;
    PathId stats_uptime;
    std::vector<std::pair<event::FieldId, PathId>> own;  // suricata.eve.* that rules name
  };

  static Place AddPlace(JsonPaths& paths, absl::string_view prefix,
                        const event::Projection& projection);
  static bool IsRecord(const Place& place, const JsonCaptures& found);
  const Place* Find(const JsonCaptures& found) const;

  // One record being read.
  class Reading;

  std::vector<Place> places_;
};

}  // namespace sequitur::decode
