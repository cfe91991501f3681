#pragma once

// Config: what one site tells sequitur, as plain values with their defaults.
// config/sequitur.yaml is this, with a comment on every key; load.h reads it.
//
// Nothing here is looked up or opened, secrets (secrets.h) excepted; the pipeline
// turns each part into the options of the module it belongs to.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/diagnostic.h"
#include "decode/source.h"
#include "event/time.h"
#include "rules/tuning.h"

namespace sequitur::config {

// Where the site's other files are; folders or files, from the working
// directory (load.h has already put the configuration's own folder in front).
struct Paths {
  std::vector<std::string> rules;
  std::vector<std::string> lists;
  std::vector<std::string> allowlists;
  std::string services;    // empty: none
  std::string indicators;  // empty: none
  std::string learnt;      // what baselines begin with; empty: nothing
};

// What is known about the telemetry of some topics or files.
struct Source {
  std::string match;  // glob over topic or file name
  decode::SourceOptions options;
  std::optional<absl::Duration> lateness;  // unset: the site's
  Diagnostic lateness_here;                // its place
};

// One host, however its telemetry calls it.
struct Host {
  std::string name;                    // the canonical one
  std::vector<std::string> ids;        // machine or agent ids, other names
  std::vector<std::string> addresses;  // its own, so that flows find it
  std::optional<absl::TimeZone> time_zone;
};

// What is inside and what is outside.
struct Network {
  std::vector<std::string> own_ranges;      // the organisation's public addresses
  std::vector<std::string> egress_proxies;  // going there is going out
  std::vector<std::string> not_egress;      // more ranges that are not outside
  // Replaces the built-in ranges that are not outside (private, multicast ...).
  std::optional<std::vector<std::string>> not_egress_override;
};

// What counts as the first time.
struct Baseline {
  std::string name;
  std::vector<std::string> fields;
  std::string when;      // EQL condition; empty: every event
  Diagnostic when_here;  // its place, for what EQL says of it
  absl::Duration learning_period = absl::Hours(14 * 24);
  // Ends learning at this event time instead, learning_period unused.
  std::optional<event::TimeNs> learning_until;
  absl::Duration age = absl::Hours(90 * 24);  // unseen for so long: new again
  int64_t cap = 100'000;                      // tuples kept; the oldest go
};

struct Clock {
  // A sensor's time may be ahead of the record's own by this much.
  absl::Duration max_future = absl::Minutes(5);
  Diagnostic max_future_here;  // its place; no line: it is not set
};

// When a host counts as not sending something.
struct Coverage {
  absl::Duration window = absl::Minutes(30);
};

// Whether the daemon proves its rules alive, all the time.
struct Canaries {
  bool enabled = false;
  absl::Duration every = absl::Minutes(5);  // each rule, on each partition
};

// The daemon's own pages.
struct Http {
  std::string listen = "127.0.0.1:9464";  // address:port; empty: none
};

struct Limits {
  int64_t memory = int64_t{1} << 30;          // bytes of correlation state, whole process
  int64_t host_memory_percent = 10;           // of it, for any one host
  int64_t process_memory = int64_t{1} << 30;  // bytes of hosts' processes, whole process
  int64_t hosts = 100'000;                    // known at one time
  int64_t hits_per_key = 8'192;               // waiting, per rule and join key
};

// Where records come from and alerts go.
struct Kafka {
  // kShuffle: by host, through events_topic. kKeyed: the sources are keyed by
  // host and partitioned alike, and read as they are.
  enum class Placement { kShuffle, kKeyed };

  std::vector<std::string> brokers;  // host:port; empty: no Kafka is configured
  std::vector<std::string> topics;   // sources; ^... is a regular expression
  Placement placement = Placement::kShuffle;
  std::string group = "sequitur";  // of correlating; ingest uses <group>-ingest
  std::string instance;            // prefix of group.instance.id; empty: dynamic membership
  int64_t workers = 1;             // threads, per stage
  std::string events_topic = "sequitur.events";
  std::string alerts_topic = "sequitur.alerts";
  std::string shadow_topic = "sequitur.alerts.shadow";
  std::string canary_topic = "sequitur.alerts.canary";  // used with canaries only
  std::string dead_letter_topic = "sequitur.dlq";
  std::string baselines_topic = "sequitur.baselines";
  int64_t partitions = 12;  // of topics that `sequitur topics --create` makes
  int64_t replication_factor = 1;
  absl::Duration commit_interval = absl::Seconds(1);
  absl::Duration drain = absl::Seconds(10);  // a clean stop takes no longer
  // librdkafka's, by name, secrets resolved: of every client, and on top of
  // these of consumers and of producers. None that must not be changed.
  std::map<std::string, std::string> properties, consumer, producer;
};

struct Log {
  std::string level = "info";  // trace, debug, info, warning or error
  bool json = false;
};

// Shown in alerts when an event has them, besides what the rules read.
std::vector<std::string> DefaultEvidenceFields();

// The halves of address:port, brackets of an IPv6 address removed; unset when it
// is neither. Port 0: any that is free.
struct HostPort {
  std::string host;
  int port = 0;
};
std::optional<HostPort> SplitAddress(absl::string_view text);

struct Config {
  std::string file;  // empty: built-in defaults

  Paths paths;
  std::vector<Source> sources;  // the first that matches counts
  std::vector<Host> hosts;
  std::vector<std::string> strip_domains;
  Network network;
  std::vector<Baseline> baselines;
  absl::Duration lateness = absl::Minutes(10);
  Diagnostic lateness_here;  // its place; no line: it is not set
  Clock clock;
  Coverage coverage;
  Canaries canaries;
  Limits limits;
  Kafka kafka;
  Http http;
  Log log;
  std::map<std::string, rules::Tuning> tuning;  // by rule id
  std::vector<std::string> evidence_fields = DefaultEvidenceFields();
};

}  // namespace sequitur::config
