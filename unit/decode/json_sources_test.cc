#include "decode/json_sources.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

class JsonSourcesTest : public ::testing::Test {
 protected:
  JsonSourcesTest() : projection_(fields_) { projection_.AddAllKnown(); }

  // "own kind, access, ecs, finished ecs", the last three as they hold.
  std::string Judge(absl::string_view json, const SourceOptions& options = SourceOptions()) {
    JsonPaths paths;
    const JsonSources sources(paths, projection_, options);
    JsonCaptures found;
    EXPECT_EQ(JsonReader(paths).Read(json, arena_, found), DecodeResult::kDecoded) << json;
    return absl::StrCat(
        SourceKindName(sources.RecogniseOwn(found)), sources.IsAccess(found) ? " access" : "",
        sources.IsEcs(found) ? " ecs" : "", sources.IsFinishedEcs(found) ? " finished" : "");
  }

  event::FieldTable fields_;
  event::Projection projection_;
  Arena arena_;
};

constexpr absl::string_view kFlow =
    R"({"timestamp":"2026-11-24T03:49:20+0000","flow_id":5,"event_type":"flow","proto":"TCP",)"
    R"("src_ip":"192.0.2.7","src_port":5,"dest_ip":"203.0.113.9","dest_port":443,"flow":{}})";
constexpr absl::string_view kConn =
    R"({"ts":1795492150.0,"uid":"C1","id.orig_h":"192.0.2.7","id.orig_p":5,)"
    R"("id.resp_h":"203.0.113.9","id.resp_p":443,"proto":"tcp","conn_state":"SF"})";

TEST_F(JsonSourcesTest, TellsDocumentsApart) {
  EXPECT_EQ(Judge(kFlow), "suricata");
  EXPECT_EQ(Judge(kConn), "zeek");
  EXPECT_EQ(Judge(R"({"type":"IPFIX","time_received_ns":1795492150000000000,
                      "sampler_address":"192.0.2.1","src_addr":"192.0.2.7",
                      "dst_addr":"203.0.113.9","src_port":5,"dst_port":443,"proto":"TCP"})"),
            "goflow2");
  EXPECT_EQ(Judge(R"({"name":"pack/es_process_events","hostIdentifier":"web-03","unixTime":1,
                      "columns":{"pid":"7"},"action":"added"})"),
            "osquery");
  EXPECT_EQ(Judge(R"({"time":"2026-11-24T03:49:10+00:00","remote_addr":"203.0.113.7",
                      "request":"GET / HTTP/1.1","status":200})"),
            "auto access");
  EXPECT_EQ(Judge(R"({"@timestamp":"2026-11-24T03:49:10Z","message":"x","host":{"name":"h"},
                      "agent":{"type":"filebeat"},"ecs":{"version":"8"}})"),
            "auto");
}

TEST_F(JsonSourcesTest, AFinishedFactSaysItsCategoryAndIsNoWebLog) {
  const auto ecs = [](absl::string_view category) {
    return absl::StrCat(R"({"@timestamp":"2026-11-24T03:49:10Z","event":{"category":[")", category,
                        R"("],"type":["start"],"kind":"event"},"process":{"pid":7}})");
  };
  EXPECT_EQ(Judge(ecs("process")), "auto ecs finished");
  EXPECT_EQ(Judge(ecs("web")), "auto ecs");
}

TEST_F(JsonSourcesTest, ANamedKindIsTheOnlyOne) {
  SourceOptions options;
  options.kind = SourceKind::kZeek;
  EXPECT_EQ(Judge(kFlow, options), "auto");
  EXPECT_EQ(Judge(kConn, options), "zeek");
  options.kind = SourceKind::kNginxError;
  EXPECT_EQ(Judge(kConn, options), "auto");
}

}  // namespace
}  // namespace sequitur::decode
