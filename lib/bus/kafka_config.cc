#include "bus/kafka_config.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace sequitur::bus {
namespace {

absl::Status SetProperty(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  char why[512];
  const auto result = rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why, sizeof(why));
  if (result == RD_KAFKA_CONF_OK) return absl::OkStatus();
  // librdkafka's own text repeats the value, which may be a secret.
  return absl::InvalidArgumentError(absl::StrCat("Kafka property '", name, "': ",
                                                 result == RD_KAFKA_CONF_UNKNOWN
                                                     ? "librdkafka knows no such property"
                                                     : "librdkafka does not accept the value"));
}

void OnLog(const rd_kafka_t* client, int level, const char* facility, const char* text) {
  const auto* opaque = static_cast<const ClientOpaque*>(rd_kafka_opaque(client));
  opaque->Write(level, absl::StrCat("kafka: ", facility, ": ", text));
}

}  // namespace

absl::StatusOr<ConfHandle> MakeConf(const KafkaOptions& options, const PropertyList& defaults,
                                    const PropertyList& fixed, ClientOpaque& opaque) {
  ConfHandle conf(rd_kafka_conf_new());
  const auto set_all = [&](const auto& properties) {
    for (const auto& [name, value] : properties) {
      absl::Status set = SetProperty(conf.get(), name, value);
      if (!set.ok()) return set;
    }
    return absl::OkStatus();
  };
  absl::Status set = set_all(defaults);
  if (set.ok()) set = set_all(options.properties);
  if (set.ok()) set = set_all(fixed);
  if (set.ok()) {
    set = set_all(PropertyList{{"bootstrap.servers", absl::StrJoin(options.brokers, ",")},
                               {"client.id", options.client_id}});
  }
  if (!set.ok()) return set;
  rd_kafka_conf_set_opaque(conf.get(), &opaque);
  rd_kafka_conf_set_log_cb(conf.get(), OnLog);
  return conf;
}

absl::StatusOr<ClientHandle> MakeClient(rd_kafka_type_t type, ConfHandle conf) {
  char why[512];
  // rd_kafka_new owns the configuration only when it succeeds.
  rd_kafka_t* client = rd_kafka_new(type, conf.get(), why, sizeof(why));
  if (client == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("Kafka client: ", why));
  }
  (void)conf.release();
  return ClientHandle(client);
}

bool IsFatal(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
      return true;
    default:
      return false;
  }
}

absl::Status FatalStatus(rd_kafka_t* client, rd_kafka_resp_err_t error, absl::string_view reason) {
  if (!IsFatal(error)) return absl::OkStatus();
  if (error != RD_KAFKA_RESP_ERR__FATAL) {
    return absl::PermissionDeniedError(absl::StrCat("Kafka: ", reason));
  }
  char text[512];
  (void)rd_kafka_fatal_error(client, text, sizeof(text));
  return absl::FailedPreconditionError(absl::StrCat("Kafka: ", text));
}

std::string ClientVersion() { return rd_kafka_version_str(); }

int TimeoutMs(absl::Duration duration) {
  return static_cast<int>(std::clamp<int64_t>(absl::ToInt64Milliseconds(duration), 0, 1 << 30));
}

absl::Status ToStatus(rd_kafka_resp_err_t error, absl::string_view doing) {
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
  const std::string text = absl::StrCat(doing, ": ", rd_kafka_err2str(error));
  switch (error) {
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
      return absl::DeadlineExceededError(text);
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
      return absl::ResourceExhaustedError(text);
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      return absl::NotFoundError(text);
    default:
      return IsFatal(error) ? absl::PermissionDeniedError(text) : absl::UnavailableError(text);
  }
}

}  // namespace sequitur::bus
