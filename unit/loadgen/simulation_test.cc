#include "loadgen/simulation.h"

#include <rapidjson/document.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::loadgen {
namespace {

using ::testing::Contains;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::Not;

// Keeps everything, by stream.
class MemorySink final : public Sink {
 public:
  Place Write(Stream stream, absl::string_view host, TimeNs time, absl::string_view line) override {
    auto& lines = streams[std::string(StreamName(stream))];
    lines.emplace_back(line);
    hosts.emplace_back(host);
    times.push_back(time);
    times_of[std::string(StreamName(stream))].push_back(time);
    return {StreamName(stream), static_cast<int64_t>(lines.size())};
  }
  absl::Status Close() override { return absl::OkStatus(); }
  bool Failed() const override { return failed; }

  const std::string& At(const Place& place) const {
    return streams.at(std::string(place.file)).at(static_cast<size_t>(place.line - 1));
  }

  std::map<std::string, std::vector<std::string>> streams;
  std::vector<std::string> hosts;
  std::vector<TimeNs> times;
  std::map<std::string, std::vector<TimeNs>> times_of;
  bool failed = false;
};

Options SmallFleet() {
  Options options;
  options.hosts = 5;
  options.start = 1'795'507'200 * kSecond;
  options.duration = 4 * kMinute;
  options.rate = 60;
  options.attacks = 12;
  options.look_alikes = 8;
  return options;
}

struct Result {
  explicit Result(const Options& options) : run(options, sink, nullptr) {
    EXPECT_TRUE(run.Run().ok());
  }
  std::vector<const Planted*> Of(absl::string_view scenario) const {
    std::vector<const Planted*> found;
    for (const auto& planted : run.Planted().Entries()) {
      if (planted->scenario == scenario) found.push_back(planted.get());
    }
    return found;
  }
  const std::string& LineOf(const Planted& planted, absl::string_view step) const {
    for (const Proof& proof : planted.evidence) {
      if (proof.step == step) return sink.At(proof.place);
    }
    ADD_FAILURE() << planted.id << " has no " << step;
    static const std::string kNone;
    return kNone;
  }

  MemorySink sink;
  Simulation run;
};

// The eslogger object in a record, however Filebeat wrapped it.
rapidjson::Document EsloggerEvent(const std::string& line) {
  rapidjson::Document document;
  document.Parse(line.c_str(), line.size());
  EXPECT_FALSE(document.HasParseError()) << line;
  if (document.HasMember("event_type")) return document;
  rapidjson::Document inner;
  if (document.HasMember("json")) {
    inner.CopyFrom(document["json"], inner.GetAllocator());
  } else {
    inner.Parse(document["message"].GetString());
  }
  EXPECT_TRUE(inner.HasMember("event_type")) << line;
  return inner;
}

std::string HostOf(const std::string& line) {
  rapidjson::Document document;
  document.Parse(line.c_str(), line.size());
  return document["host"]["name"].GetString();
}

std::pair<int, int> PidAndVersion(const rapidjson::Value& token) {
  if (token.IsArray()) return {token[5].GetInt(), token[7].GetInt()};
  return {token["pid"].GetInt(), token["pidversion"].GetInt()};
}

std::map<std::string, std::map<int64_t, rapidjson::Document>> EsloggerByHost(
    const MemorySink& sink) {
  std::map<std::string, std::map<int64_t, rapidjson::Document>> hosts;
  for (const std::string& line : sink.streams.at("eslogger")) {
    rapidjson::Document event = EsloggerEvent(line);
    const int64_t sequence = event["global_seq_num"].GetInt64();
    const bool fresh = hosts[HostOf(line)].emplace(sequence, std::move(event)).second;
    EXPECT_TRUE(fresh) << sequence;
  }
  return hosts;
}

TEST(Simulation, GivesTheSameBytesForTheSameOptions) {
  const Result first(SmallFleet()), second(SmallFleet());
  EXPECT_EQ(first.sink.streams, second.sink.streams);
  EXPECT_EQ(first.sink.hosts, second.sink.hosts);
  Options other = SmallFleet();
  other.seed = 2;
  EXPECT_NE(Result(other).sink.streams, first.sink.streams);
}

TEST(Simulation, LeavingStreamsOutDoesNotChangeTheOthers) {
  const Result all(SmallFleet());
  Options options = SmallFleet();
  options.streams = 1u << static_cast<int>(Stream::kEslogger);
  const Result some(options);
  EXPECT_EQ(some.sink.streams.size(), 1u);
  EXPECT_EQ(some.sink.streams.at("eslogger"), all.sink.streams.at("eslogger"));
}

TEST(Simulation, EveryRecordIsOneJsonDocument) {
  const Result result(SmallFleet());
  for (const auto& [stream, lines] : result.sink.streams) {
    for (const std::string& line : lines) {
      rapidjson::Document document;
      document.Parse(line.c_str(), line.size());
      ASSERT_FALSE(document.HasParseError()) << stream << ": " << line;
      ASSERT_TRUE(document["host"].HasMember("name")) << line;
    }
  }
}

TEST(Simulation, ArrivalsAreInOrderAndWithinTheDisorder) {
  Options options = SmallFleet();
  options.disorder = 3 * kSecond;
  const Result result(options);
  EXPECT_TRUE(std::is_sorted(result.sink.times.begin(), result.sink.times.end()));
  const std::vector<std::string>& lines = result.sink.streams.at("eslogger");
  const std::vector<TimeNs>& times = result.sink.times_of.at("eslogger");
  bool overtaken = false;
  int64_t last = 0;
  for (size_t i = 0; i < lines.size(); ++i) {
    const rapidjson::Document event = EsloggerEvent(lines[i]);
    const TimeNs lag = times[i] - *event::ParseIso8601(event["time"].GetString());
    EXPECT_GE(lag, 0);
    EXPECT_LE(lag, options.disorder + 2 * kMillisecond);
    if (HostOf(lines[i]) != "web-01") continue;
    overtaken |= event["global_seq_num"].GetInt64() < last;
    last = std::max(last, event["global_seq_num"].GetInt64());
  }
  EXPECT_TRUE(overtaken);
}

TEST(Simulation, SequenceNumbersHaveNoGapsAndFollowTime) {
  const Result result(SmallFleet());
  for (const auto& [host, events] : EsloggerByHost(result.sink)) {
    EXPECT_EQ(events.rbegin()->first - events.begin()->first + 1,
              static_cast<int64_t>(events.size()));
    std::string before;
    for (const auto& [sequence, event] : events) {
      const std::string time = event["time"].GetString();
      EXPECT_LE(before, time);
      before = time;
    }
  }
}

// Follows one host's processes through its events.
class Lineage {
 public:
  void Take(const rapidjson::Value& event) {
    const rapidjson::Value& process = event["process"];
    const auto [pid, version] = PidAndVersion(process["audit_token"]);
    const auto known = living_.try_emplace(pid, Image{version, Start(process)}).first;
    EXPECT_EQ(known->second, (Image{version, Start(process)})) << "pid " << pid;
    const rapidjson::Value& payload = event["event"];
    if (payload.HasMember("fork")) {
      Fork(process, payload["fork"]["child"]);
    } else if (payload.HasMember("exec")) {
      Exec(process, payload["exec"]["target"]);
    } else if (payload.HasMember("exit")) {
      living_.erase(pid);
    }
  }

 private:
  using Image = std::pair<int, std::string>;
  static std::string Start(const rapidjson::Value& p) { return p["start_time"].GetString(); }

  void Fork(const rapidjson::Value& parent, const rapidjson::Value& child) {
    const auto [pid, version] = PidAndVersion(child["audit_token"]);
    EXPECT_EQ(PidAndVersion(child["parent_audit_token"]), PidAndVersion(parent["audit_token"]));
    EXPECT_EQ(child["original_ppid"].GetInt(), PidAndVersion(parent["audit_token"]).first);
    EXPECT_STREQ(child["executable"]["path"].GetString(), parent["executable"]["path"].GetString());
    EXPECT_TRUE(living_.try_emplace(pid, Image{version, Start(child)}).second) << pid << " in use";
  }
  void Exec(const rapidjson::Value& before, const rapidjson::Value& target) {
    const auto [pid, version] = PidAndVersion(target["audit_token"]);
    EXPECT_EQ(pid, PidAndVersion(before["audit_token"]).first);
    EXPECT_GT(version, PidAndVersion(before["audit_token"]).second);
    EXPECT_EQ(Start(target), Start(before));
    living_[pid] = {version, Start(target)};
  }

  absl::flat_hash_map<int, Image> living_;
};

TEST(Simulation, ProcessesLiveAsTheKernelSaysTheyDo) {
  const Result result(SmallFleet());
  for (const auto& [host, events] : EsloggerByHost(result.sink)) {
    Lineage lineage;
    for (const auto& [sequence, event] : events) lineage.Take(event);
  }
}

TEST(Simulation, KeepsTheMix) {
  Options options = SmallFleet();
  options.rate = 400;
  options.attacks = options.look_alikes = 0;
  const Result result(options);
  const auto share = [&result](std::initializer_list<Stream> streams) {
    int64_t count = 0;
    for (const Stream stream : streams) count += result.run.Delivered().Delivered(stream);
    return 100.0 * static_cast<double>(count) /
           static_cast<double>(result.run.Delivered().DeliveredAll());
  };
  EXPECT_NEAR(share({Stream::kNginxAccess, Stream::kHttpdAccess}), 55, 3);
  EXPECT_NEAR(share({Stream::kNginxError, Stream::kHttpdError}), 5, 1.5);
  EXPECT_NEAR(share({Stream::kEslogger, Stream::kEndpoint}), 25, 3);
  EXPECT_NEAR(share({Stream::kFlows}), 15, 3);
  EXPECT_NEAR(static_cast<double>(result.run.Delivered().DeliveredAll()), 400.0 * 240, 8'000);
}

TEST(Simulation, PlantsEveryKindAndProvesIt) {
  const Result result(SmallFleet());
  for (const Scenario& scenario : AllScenarios()) {
    const auto found = result.Of(scenario.name);
    ASSERT_EQ(found.size(), 1u) << scenario.name;
    const Planted& planted = *found.front();
    EXPECT_THAT(planted.evidence, Not(IsEmpty())) << planted.id;
    for (const Proof& proof : planted.evidence) {
      const std::string& line = result.sink.At(proof.place);
      EXPECT_TRUE(absl::StrContains(line, planted.host) || proof.step == "egress") << line;
    }
    const bool attack = scenario.expectation == Expectation::kAttack;
    EXPECT_EQ(planted.variants.empty(), !attack) << planted.id;
    if (attack) {
      EXPECT_THAT(planted.variants, Contains(planted.rule));
    }
  }
}

TEST(Simulation, TheLineOfAnExploitIsWrittenAfterItsEffects) {
  Options options = SmallFleet();
  options.disorder = 0;
  options.only = {"exploit-500"};
  const Result result(options);
  ASSERT_THAT(result.Of("exploit-500"), Not(IsEmpty()));
  for (const Planted* planted : result.Of("exploit-500")) {
    std::vector<std::string> steps;
    for (const Proof& proof : planted->evidence) steps.emplace_back(proof.step);
    const auto at = [&steps](const char* step) {
      return std::find(steps.begin(), steps.end(), step) - steps.begin();
    };
    EXPECT_LT(at("spawn"), at("request")) << planted->id;
    EXPECT_TRUE(absl::StrContains(result.LineOf(*planted, "request"), " 500 ") ||
                absl::StrContains(result.LineOf(*planted, "request"), "\\\"500\\\""));
  }
}

TEST(Simulation, ACrashLeavesNoAccessLineOfItsRequest) {
  Options options = SmallFleet();
  options.only = {"exploit-crash"};
  const Result result(options);
  ASSERT_THAT(result.Of("exploit-crash"), Not(IsEmpty()));
  for (const Planted* planted : result.Of("exploit-crash")) {
    int crashes = 0;
    for (const Proof& proof : planted->evidence) {
      EXPECT_NE(proof.step, "request");
      crashes += proof.step == "crash";
    }
    EXPECT_THAT(crashes, Ge(2)) << "the sensor and the error log both tell";
  }
}

TEST(Simulation, AnOrphanConnectsUnderLaunchd) {
  Options options = SmallFleet();
  options.roles = {"nginx-php"};
  options.only = {"exploit-orphan"};
  options.attacks = 3;
  const Result result(options);
  ASSERT_THAT(result.Of("exploit-orphan"), Not(IsEmpty()));
  for (const Planted* planted : result.Of("exploit-orphan")) {
    const rapidjson::Document exec = EsloggerEvent(result.LineOf(*planted, "tool"));
    const rapidjson::Value& target = exec["event"]["exec"]["target"];
    EXPECT_EQ(target["ppid"].GetInt(), 1);
    EXPECT_NE(target["original_ppid"].GetInt(), 1);
    EXPECT_GE(planted->end - planted->start, 30 * kSecond);
  }
}

TEST(Simulation, SaysWhatItsFleetCannotPlay) {
  Options options = SmallFleet();
  options.roles = {"httpd"};
  const Result result(options);
  EXPECT_THAT(result.run.Unplayable(), Contains("installer-egress"));
  EXPECT_THAT(result.Of("installer-egress"), IsEmpty());
}

TEST(Simulation, StopsWhenTheSinkFails) {
  MemorySink sink;
  sink.failed = true;
  Options options = SmallFleet();
  options.duration = 60 * 24 * kMinute;
  options.attacks = options.look_alikes = 0;
  options.rate = 10;
  Simulation run(options, sink, nullptr);
  EXPECT_TRUE(run.Run().ok());
  EXPECT_LT(run.Delivered().DeliveredAll(), 60 * 24 * 60 * 10 / 50);
}

TEST(TruthLine, SaysWhatWasPlantedAndWhere) {
  Truth truth;
  Planted* planted = truth.Plant(Expectation::kAttack, "exploit-500", "web-03");
  planted->rule = "web-exploit-chain";
  planted->variants = {"web-exploit-chain"};
  planted->note = "n";
  Mark::Of(planted, "spawn", kSecond).Resolve({"eslogger.ndjson", 12});
  Mark::Of(planted, "egress", 3 * kSecond);  // of a stream that was left out
  EXPECT_EQ(TruthLine(*planted),
            R"({"id":"exploit-500-001","kind":"attack","scenario":"exploit-500",)"
            R"("rule":"web-exploit-chain","variants":["web-exploit-chain"],"host":"web-03",)"
            R"("start":"1970-01-01T00:00:01.000Z","end":"1970-01-01T00:00:03.000Z",)"
            R"("evidence":[{"step":"spawn","file":"eslogger.ndjson","line":12}],"note":"n"})");
}

}  // namespace
}  // namespace sequitur::loadgen
