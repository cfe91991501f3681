#include "pipeline/status_json.h"

#include "rapidjson/stringbuffer.h"
#include "rapidjson/writer.h"

namespace sequitur::pipeline {
namespace {

// Writes members of an object; the overloads say what a value looks like.
class Json {
 public:
  explicit Json(rapidjson::StringBuffer& buffer) : writer_(buffer) {}

  void Member(const std::string& key, const std::string& value) {
    Key(key);
    Value(value);
  }
  void Member(const std::string& key, const char* value) { Member(key, std::string(value)); }
  void Member(const std::string& key, bool value) {
    Key(key);
    writer_.Bool(value);
  }
  void Member(const std::string& key, uint64_t value) {
    Key(key);
    writer_.Uint64(value);
  }
  void Member(const std::string& key, int64_t value) {
    Key(key);
    writer_.Int64(value);
  }
  void Member(const std::string& key, double value) {
    Key(key);
    writer_.Double(value);
  }
  void Member(const std::string& key, const std::vector<std::string>& values) {
    Array(key, values, [&](const std::string& value) { Value(value); });
  }
  void Member(const std::string& key, const std::vector<uint64_t>& values) {
    Array(key, values, [&](uint64_t value) { writer_.Uint64(value); });
  }
  template <typename Count>
  void Member(const std::string& key, const std::map<std::string, Count>& counts) {
    Object(key, [&] {
      for (const auto& [name, count] : counts) Member(name, count);
    });
  }
  template <typename Write>
  void Object(const std::string& key, Write write) {
    Key(key);
    Object(write);
  }
  template <typename Write>
  void Object(Write write) {
    writer_.StartObject();
    write();
    writer_.EndObject();
  }
  void Element(int64_t value) { writer_.Int64(value); }
  template <typename Range, typename Write>
  void Array(const std::string& key, const Range& range, Write write) {
    Key(key);
    writer_.StartArray();
    for (const auto& element : range) write(element);
    writer_.EndArray();
  }

 private:
  void Key(const std::string& key) {
    writer_.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
  }
  void Value(const std::string& value) {
    writer_.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
  }

  // Invalid UTF-8 cannot come in here: hosts and timelines are printable text.
  rapidjson::Writer<rapidjson::StringBuffer> writer_;
};

void WritePartition(const metrics::PartitionReport& partition, absl::Time now, Json& json) {
  json.Object([&] {
    json.Member("topic", partition.topic);
    json.Member("partition", static_cast<int64_t>(partition.partition));
    json.Member("behind", partition.behind);
    json.Member("record_lag_seconds", partition.RecordLag(now));
    json.Member("event_lag_seconds", partition.EventLag(now));
    json.Member("last_record", partition.record_time);
    json.Member("rebuilding", partition.rebuilding);
  });
}

void WriteStage(const metrics::WorkerReport& stage, absl::Time now, Json& json) {
  json.Member("records", stage.records);
  json.Array("partitions", stage.partitions, [&](const metrics::PartitionReport& partition) {
    WritePartition(partition, now, json);
  });
  json.Member("outstanding", stage.outstanding);
  json.Member("stalled", stage.stalled);
  json.Member("rewinds_cut", stage.rewinds_cut);
  json.Member("records_lost", stage.records_lost);
  json.Member("duplicate_events", stage.duplicate_events);
  json.Member("canaries_passed_over", stage.canaries_passed_over);
  json.Member("misplaced_hosts", stage.misplaced_hosts);
  json.Array("decoded", stage.decoded, [&](const auto& entry) {
    json.Object([&] {
      json.Member("source", entry.first.first);
      json.Member("result", entry.first.second);
      json.Member("records", entry.second);
    });
  });
  json.Member("dead_letters", stage.dead_letters);
  json.Member("last_record_by_topic", stage.last_record_time);
  json.Member("forwarded", stage.forwarded);
  json.Member("unneeded", stage.unneeded);
  json.Member("clamped", stage.clamped);
  json.Member("sequence_gaps", stage.sequence_gaps);
  json.Member("sequence_missing", stage.sequence_missing);
  json.Member("sequence_unwatched", stage.sequence_unwatched);
}

void WriteRule(const std::string& id, const metrics::RuleReport& rule, Json& json) {
  json.Object([&] {
    json.Member("id", id);
    json.Member("name", rule.name);
    json.Member("severity", rule.severity);
    json.Member("mode", rule.mode);
    json.Member("stage_hits", rule.stage_hits);
    if (rule.until_hits.has_value()) json.Member("until_hits", *rule.until_hits);
    json.Member("keyless_hits", rule.keyless_hits);
    json.Member("expired_after", rule.expired_after);
    json.Member("matches", rule.matches);
    json.Member("alerts", rule.alerts);
    json.Member("suppressed", rule.suppressed);
    json.Member("expired", rule.expired);
    json.Member("late_hits", rule.late_hits);
    json.Member("duplicate_hits", rule.duplicate_hits);
    json.Member("evicted", rule.evicted);
    json.Member("evicted_advanced", rule.evicted_advanced);
    json.Member("held_hits", rule.held_hits);
    json.Member("held_bytes", rule.held_bytes);
    json.Member("hosts_lacking", rule.hosts_lacking);
    json.Member("hosts_degraded", rule.hosts_degraded);
    json.Member("maxspan", rule.maxspan);
    json.Member("last_match", rule.last_match);
    json.Member("complete_from", rule.complete_from);
  });
}

void WriteEngine(const metrics::EngineReport& engine, Json& json) {
  json.Member("events", engine.events);
  json.Member("late_events", engine.late_events);
  json.Member("clock_outliers", engine.clock_outliers);
  json.Member("unknown_host_events", engine.unknown_host_events);
  json.Member("hosts_crowded_out", engine.hosts_crowded_out);
  json.Member("already_published", engine.already_published);
  json.Object("hosts", [&] {
    json.Member("known", engine.hosts);
    json.Member("active", engine.hosts_active);
    json.Member("with_gaps", engine.hosts_with_gaps);
    json.Array("gaps", engine.host_gaps, [&](const auto& gap) {
      json.Object([&] {
        json.Member("host", gap.first);
        json.Member("lacks", gap.second.lacks);
        json.Member("degraded", gap.second.degraded);
      });
    });
  });
  json.Object("memory", [&] {
    json.Member("bytes", engine.memory);
    json.Member("limit", engine.memory_limit);
    json.Member("processes", engine.process_memory);
  });
  json.Array("rules", engine.rules,
             [&](const auto& entry) { WriteRule(entry.first, entry.second, json); });
  json.Array("allowlist", engine.allowlist, [&](const auto& entry) {
    json.Object([&] {
      json.Member("rule", entry.first.first);
      json.Member("entry", entry.first.second);
      json.Member("hits", entry.second.hits);
      json.Member("expires", entry.second.expires);
    });
  });
  json.Array("baselines", engine.baselines, [&](const auto& entry) {
    json.Object([&] {
      json.Member("name", entry.first);
      json.Member("tuples", entry.second.tuples);
      json.Member("novel", entry.second.novel);
      json.Member("learning", entry.second.learning);
    });
  });
}

void WriteCanary(const std::string& id, const metrics::CanaryReport& canary, Json& json) {
  json.Object([&] {
    json.Member("rule", id);
    if (!canary.none.empty()) {
      json.Member("none", canary.none);
      return;
    }
    json.Member("injected", canary.injected);
    json.Member("detected", canary.detected);
    json.Member("missed", canary.missed);
    json.Member("last_detected", canary.last_detected);
    json.Member("last_delay_seconds", canary.last_delay);
    json.Array("missing_on_partitions", canary.missing_on,
               [&](int32_t partition) { json.Element(static_cast<int64_t>(partition)); });
  });
}

void WriteCanaries(const metrics::CanariesReport& canaries, Json& json) {
  json.Member("every_seconds", canaries.every);
  json.Array("rules", canaries.rules,
             [&](const auto& entry) { WriteCanary(entry.first, entry.second, json); });
}

void WriteConfig(const metrics::ConfigReport& config, Json& json) {
  json.Member("reloads", config.reloads);
  json.Member("reload_failures", config.reload_failures);
  json.Member("last_reload_ok", config.last_reload_ok);
  json.Member("last_success", config.last_success);
  json.Member("last_problem", config.last_problem);
  json.Member("rules", config.rules);
}

}  // namespace

std::string StatusJson(const metrics::Report& report, const Health& health,
                       const std::vector<RecentAlerts::Entry>& alerts, const metrics::Build& build,
                       absl::Time now) {
  rapidjson::StringBuffer buffer;
  Json json(buffer);
  metrics::EngineReport engine;
  metrics::CanariesReport canaries;
  for (const auto& [name, stage] : report.stages) {
    engine.Add(stage.engine);
    canaries.Add(stage.canaries);
  }
  json.Object([&] {
    json.Member("version", build.version);
    json.Member("librdkafka", build.librdkafka);
    json.Member("time", absl::ToDoubleSeconds(now - absl::UnixEpoch()));
    json.Member("ready", report.ready);
    json.Member("not_ready", health.not_ready);
    json.Member("healthy", report.healthy);
    json.Member("not_healthy", health.not_healthy);
    json.Member("broker_connected", report.broker_connected);
    json.Object("stages", [&] {
      for (const auto& [name, stage] : report.stages) {
        json.Object(name, [&] { WriteStage(stage, now, json); });
      }
    });
    WriteEngine(engine, json);
    // Where canaries are off, there is nothing of them.
    if (canaries.every != 0) json.Object("canaries", [&] { WriteCanaries(canaries, json); });
    json.Object("config", [&] { WriteConfig(report.config, json); });
    json.Array("alerts", alerts, [&](const RecentAlerts::Entry& alert) {
      json.Object([&] {
        json.Member("id", alert.id);
        json.Member("rule", alert.rule);
        json.Member("severity", alert.severity);
        json.Member("host", alert.host);
        json.Member("created", alert.created);
        json.Member("coverage_gaps", alert.coverage_gaps);
        json.Member("timeline", alert.timeline);
      });
    });
  });
  return std::string(buffer.GetString(), buffer.GetSize());
}

}  // namespace sequitur::pipeline
