#pragma once

// What a Kafka client is made from. Sequitur's own settings come first, then the
// operator's (any librdkafka property), then those that correctness rests on.
//
// Defaults that differ from librdkafka's, and why (measured): fetch.max.bytes
// 4 MiB, as larger responses cost page faults; queued.max.messages.kbytes 32 MiB,
// the one limit of what is fetched ahead (queued.min.messages is raised out of its
// way): more takes memory and brings nothing, as long as fetching goes on when a part
// has been read; partitioner murmur2, so that keys go where Java's clients put them.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "bus/kafka_handles.h"

namespace sequitur::bus {

// 3 error, 4 warning, 6 info, 7 debug: syslog's levels. May be called from the
// client's threads.
using Log = std::function<void(int level, absl::string_view text)>;

struct KafkaOptions {
  std::vector<std::string> brokers;
  std::map<std::string, std::string> properties;  // of this client, secrets resolved
  std::string client_id = "sequitur";
  std::string group;     // consumers
  std::string instance;  // consumers: group.instance.id; empty: dynamic membership
  // Producers: what will be written to. Looked up ahead, since the first record to
  // a topic that the client has not heard of waits for up to a second.
  std::vector<std::string> topics;
  Log log;  // may be empty
};

// The opaque pointer of every client made here, behind all its callbacks.
struct ClientOpaque {
  Log log;
  void* owner = nullptr;

  void Write(int level, absl::string_view text) const {
    if (log) log(level, text);
  }
};

using PropertyList = std::vector<std::pair<std::string, std::string>>;

// InvalidArgument names the property that is wrong, never a value. `opaque` must
// outlive the client.
absl::StatusOr<ConfHandle> MakeConf(const KafkaOptions& options, const PropertyList& defaults,
                                    const PropertyList& fixed, ClientOpaque& opaque);

// Creates the client; conf is consumed.
absl::StatusOr<ClientHandle> MakeClient(rd_kafka_type_t type, ConfHandle conf);

// True for what no waiting heals: authentication, authorisation, a fenced or
// otherwise dead client. The text says what to do.
bool IsFatal(rd_kafka_resp_err_t error);
// What an error that the client reports means for its owner: OK unless fatal.
absl::Status FatalStatus(rd_kafka_t* client, rd_kafka_resp_err_t error, absl::string_view reason);
absl::Status ToStatus(rd_kafka_resp_err_t error, absl::string_view doing);

// librdkafka's, as it runs.
std::string ClientVersion();

// A time-out as librdkafka takes it, none of them infinite.
int TimeoutMs(absl::Duration duration);

}  // namespace sequitur::bus
