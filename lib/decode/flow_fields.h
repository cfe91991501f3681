#pragma once

// What every flow sensor says in its own words, and the one way it becomes
// ECS: a decoder fills a Flow from its record, FillFlow writes the event.
// Whoever sent the first packet is `source`, and the event's time is the
// start of the flow, however late the record came.
//
// Bounds:   looks at each text once; keeps nothing.
// Threads:  none.
// Lifetime: views in a Flow are into the record or the event's arena.

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "decode/source.h"
#include "decode/text_source.h"
#include "event/event.h"

namespace sequitur::decode {

struct FlowEnd {
  absl::string_view address;  // in any spelling
  std::optional<int64_t> port;
  std::optional<int64_t> bytes;  // sent by this end
  std::optional<int64_t> packets;
};

struct Flow {
  enum class Report : uint8_t {
    kWhole,  // the flow's own record, usually written at its end
    kEarly,  // what a sensor says of a flow that may still run
  };

  FlowEnd initiator;
  FlowEnd responder;
  event::TimeNs stamp = event::kNoTime;  // the record's own
  event::TimeNs start = event::kNoTime;
  event::TimeNs end = event::kNoTime;
  std::optional<event::TimeNs> duration;
  absl::string_view transport;  // name or IANA number, any case
  absl::string_view protocol;   // of the application: names separated by commas
  absl::string_view module;     // constants: "zeek", "zeek.connection"
  absl::string_view dataset;
  Report report = Report::kWhole;
  bool established = false;
  bool seen_start = false;
  bool seen_end = false;
  // Nothing but convention says which end is the initiator.
  bool direction_guessed = false;
};

// Writes the flow, or kMalformedLine (an end that is no address) or
// kNoTimestamp, and then the event is of no use. Ports of ICMP are types and
// codes and are not written.
DecodeResult FillFlow(const Flow& flow, event::Event& event);

struct OneWayHints {
  std::optional<int64_t> tcp_flags;  // of all packets together
  std::optional<int64_t> icmp_type;
};
// One direction of a conversation, as NetFlow and its kin report it, with the
// sending side as `flow`'s initiator: says what it shows of the connection's
// life, and swaps the ends when the sending side is the one that answered.
void ReadOneWay(const OneWayHints& hints, Flow& flow);
// By the ports alone: the lower one answers. Marks the flow as guessed.
void OrientByPorts(Flow& flow);
void SwapEnds(Flow& flow);

// Whether `transport` names ICMP of either version.
bool IsIcmp(absl::string_view transport);
bool IsTcp(absl::string_view transport);

// TCP flag bits.
inline constexpr int64_t kTcpFin = 0x01;
inline constexpr int64_t kTcpSyn = 0x02;
inline constexpr int64_t kTcpRst = 0x04;
inline constexpr int64_t kTcpPush = 0x08;
inline constexpr int64_t kTcpAck = 0x10;

// The canonical text of an address, or empty when it is none: IPv6 shortened,
// zone dropped, v4-mapped unmapped (event/ip_address.h).
absl::string_view NormaliseAddress(absl::string_view text, Arena& arena);

// The sensor that saw the flow: never the host it happened on. An address is
// no name; it becomes observer.ip.
void SetSensor(absl::string_view name, event::Event& event);

// Times as sensors write them: ISO 8601, or a number of seconds, milli-, micro-
// or nanoseconds since the epoch, told apart by its size; integers are exact.
class FlowClock {
 public:
  explicit FlowClock(const LineContext& lines) : lines_(lines) {}

  // nullopt when the value is there and cannot be read; kNoTime when it is not there.
  std::optional<event::TimeNs> Read(const event::Value& value);
  // True once a time without a zone was read in a zone nobody named.
  bool assumed_zone() const { return assumed_zone_; }

 private:
  std::optional<event::TimeNs> ReadText(absl::string_view text);

  const LineContext& lines_;
  bool assumed_zone_ = false;
};

// A count: an integer, also when quoted; never negative.
std::optional<int64_t> FlowCount(const event::Value& value);
// A length in seconds, with a fraction, also when quoted; never negative.
std::optional<event::TimeNs> FlowSeconds(const event::Value& value);
// A number as text (ids are keywords in ECS), a text as itself.
absl::string_view FlowText(const event::Value& value, Arena& arena);

// Fields under a sensor's own prefix (suricata.eve.alert.signature) that a rule
// names and that no decoder knows: the wanted ones, each with the rest of its path.
struct OwnField {
  event::FieldId id;
  absl::string_view rest;
};
std::vector<OwnField> OwnFields(const event::Projection& projection, absl::string_view prefix);

// A time as ECS writes it, in the arena.
void SetTime(event::FieldId field, event::TimeNs time, event::Event& event);

// The same parts give the same number in every process and release.
uint64_t IdentityOf(std::initializer_list<absl::string_view> parts);

}  // namespace sequitur::decode
