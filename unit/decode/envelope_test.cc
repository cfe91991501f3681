#include "decode/envelope.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

using Role = EnvelopeReader::Role;

class EnvelopeTest : public ::testing::Test {
 protected:
  EnvelopeTest() : reader_(paths_) {}

  void Read(absl::string_view json, Role role = Role::kWrapper) {
    // Every document has captures of its own, as in the Unwrapper.
    JsonCaptures captures;
    ASSERT_EQ(JsonReader(paths_).Read(json, arena_, captures), DecodeResult::kDecoded) << json;
    reader_.Read(captures, role, arena_, envelope_);
  }

  // "id|name|agent|addresses" of the host after one document alone.
  std::string Host(absl::string_view json, Role role = Role::kWrapper) {
    envelope_ = Envelope();
    Read(json, role);
    return Host();
  }
  std::string Host() const {
    const HostEvidence& host = envelope_.host;
    return absl::StrCat(host.id, "|", host.name, "|", host.agent_id, "|",
                        host.addresses.is_null() ? "" : host.addresses.ToString());
  }

  JsonPaths paths_;
  EnvelopeReader reader_;
  Arena arena_;
  Envelope envelope_;
};

TEST_F(EnvelopeTest, FindsTheHostWhereEachShipperPutsIt) {
  EXPECT_EQ(Host(R"({"host":{"id":"I","name":"web-03","ip":["192.0.2.7","fe80::1"]},
                     "agent":{"id":"A","name":"other"}})"),
            "I|web-03|A|[192.0.2.7, fe80::1]");
  EXPECT_EQ(Host(R"({"agent":{"id":"A","hostname":"web-03"}})"), "|web-03|A|");
  EXPECT_EQ(Host(R"({"beat":{"hostname":"web-03","name":"web-03"}})"), "|web-03||");
  EXPECT_EQ(Host(R"({"host":"web-03","source_type":"file"})"), "|web-03||");
  EXPECT_EQ(Host(R"({"hostname":"web-03"})"), "|web-03||");
  EXPECT_EQ(Host(R"({"host":"192.0.2.1","sysloghost":"web-03"})"), "|web-03||");
  EXPECT_EQ(Host(R"({"_HOSTNAME":"web-03"})"), "|web-03||");
  EXPECT_EQ(Host(R"({"kubernetes":{"host":"node-1","pod_name":"web-x"}})"), "|node-1||");
  EXPECT_EQ(Host(R"({"kubernetes":{"pod":{"name":"web-x"}}})"), "|web-x||");
}

TEST_F(EnvelopeTest, HostsThatAreNoHostsNameNobody) {
  EXPECT_EQ(Host(R"({"host":"-"})"), "|||");
  EXPECT_EQ(Host(R"({"host":"localhost"})"), "|||");
  EXPECT_EQ(Host(R"({"host":42})"), "|||");
  EXPECT_EQ(Host(R"({"host":"192.0.2.1"})"), "|||[192.0.2.1]");
  EXPECT_EQ(Host(R"({"host":{"name":"192.0.2.1"}})"), "|||[192.0.2.1]");
  EXPECT_EQ(Host(R"({"host":"192.0.2.1","kubernetes":{"host":"node-1"}})"), "|node-1||");
}

TEST_F(EnvelopeTest, AnAccessDocumentsHostIsTheVirtualHost) {
  EXPECT_EQ(Host(R"({"host":"shop.example","status":200})", Role::kAccess), "|||");
  EXPECT_EQ(Host(R"({"host":"shop.example","hostname":"web-03"})", Role::kAccess), "|web-03||");
  EXPECT_EQ(Host(R"({"host":{"name":"web-03"}})", Role::kAccess), "|web-03||");
  // Taken apart by Fluent Bit's parser, the line kept beside it.
  EXPECT_EQ(Host(R"({"host":"client.example","method":"GET","path":"/etc/x","log":"LINE"})"),
            "|||");
  EXPECT_EQ(envelope_.path, "");
}

TEST_F(EnvelopeTest, InnermostAgentWinsAsAWhole) {
  Read(R"({"host":{"id":"RELAY","name":"relay","ip":["192.0.2.1"]},"agent":{"id":"R"}})");
  Read(R"({"host":{"name":"web-03"}})");
  EXPECT_EQ(Host(), "|web-03||");
}

TEST_F(EnvelopeTest, ABareHostDoesNotReplaceAnAgents) {
  Read(R"({"host":{"name":"web-03"}})");
  Read(R"({"host":"other"})");
  EXPECT_EQ(Host(), "|web-03||");
  envelope_ = Envelope();
  Read(R"({"host":"relay"})");
  Read(R"({"host":"web-03"})");
  EXPECT_EQ(Host(), "|web-03||");
}

TEST_F(EnvelopeTest, ASyslogHostReplacesACollectorButNotTheSameMachinesAgent) {
  SyslogPrefix prefix;
  prefix.host = "web-03";
  Read(R"({"host":{"id":"I","name":"WEB-03.example.org"}})");
  envelope_.Add(prefix);
  EXPECT_EQ(Host(), "I|WEB-03.example.org||");
  Read(R"({"host":{"id":"C","name":"collector"}})");
  envelope_.Add(prefix);
  EXPECT_EQ(Host(), "|web-03||");
}

TEST_F(EnvelopeTest, OutermostPathAndTagsInnermostOffsetAndZone) {
  Read(R"({"@timestamp":"1970-01-01T00:00:09Z","log":{"file":{"path":"/outer"},"offset":1},
           "tags":["a"],"event":{"timezone":"+01:00"}})");
  Read(R"({"@timestamp":"1970-01-01T00:00:05Z","log":{"file":{"path":"/inner"},"offset":2},
           "tags":["b"],"event":{"timezone":"+02:00"}})");
  EXPECT_EQ(envelope_.path, "/outer");
  EXPECT_EQ(envelope_.tags.ToString(), "a");
  EXPECT_EQ(envelope_.offset, 2);
  EXPECT_EQ(envelope_.timezone, "+02:00");
  EXPECT_EQ(envelope_.read_time, 5 * event::kSecond);
}

TEST_F(EnvelopeTest, FindsThePathWhereEachShipperPutsIt) {
  const auto path = [&](absl::string_view json) {
    envelope_ = Envelope();
    Read(json);
    return envelope_.path;
  };
  EXPECT_EQ(path(R"({"log":{"file":{"path":"/p"}},"file":"/q"})"), "/p");
  EXPECT_EQ(path(R"({"file":"/p","source_type":"file"})"), "/p");
  EXPECT_EQ(path(R"({"source":"C:\\logs\\access.log","offset":7,"beat":{"name":"h"}})"),
            "C:\\logs\\access.log");
  EXPECT_EQ(envelope_.offset, 7);
  EXPECT_EQ(path(R"({"source":"stdout"})"), "");
}

TEST_F(EnvelopeTest, AKafkaSourcesOffsetIsNotTheFiles) {
  Read(R"({"topic":"t","partition":0,"offset":244,"message":"x"})");
  EXPECT_EQ(envelope_.offset, Envelope::kNoOffset);
}

TEST_F(EnvelopeTest, ReadsTheTimesShippersWrite) {
  const auto seconds = [&](absl::string_view json) {
    envelope_ = Envelope();
    Read(json);
    return envelope_.read_time == event::kNoTime ? -1 : envelope_.read_time / event::kSecond;
  };
  EXPECT_EQ(seconds(R"({"@timestamp":"2026-11-24T03:49:10.5Z"})"), 1795492150);
  EXPECT_EQ(seconds(R"({"@timestamp":1795492150.25})"), 1795492150);
  EXPECT_EQ(seconds(R"({"timestamp":"2026-11-24T03:49:10Z"})"), 1795492150);
  EXPECT_EQ(seconds(R"({"date":1795492150.0})"), 1795492150);
  EXPECT_EQ(seconds(R"({"@timestamp":"soon"})"), -1);
  EXPECT_EQ(seconds(R"({"@timestamp":null})"), -1);
}

TEST_F(EnvelopeTest, NamesOfAllKindsHint) {
  const auto kind = [&](absl::string_view json) {
    envelope_ = Envelope();
    Read(json);
    return SourceKindName(envelope_.hint.error_kind());
  };
  EXPECT_EQ(kind(R"({"log":{"file":{"path":"/var/log/apache2/error_log"}}})"), "httpd-error");
  EXPECT_EQ(kind(R"({"tags":["x","nginx-error"]})"), "nginx-error");
  EXPECT_EQ(kind(R"({"fileset":{"name":"error"},"event":{"module":"nginx"}})"), "nginx-error");
  EXPECT_EQ(kind(R"({"event":{"dataset":"apache.error"}})"), "httpd-error");
  EXPECT_EQ(kind(R"({"tags":["x"]})"), "auto");
}

TEST_F(EnvelopeTest, StreamsAreTheSameWhateverRecordBringsThem) {
  Read(R"({"host":{"name":"web-03"},"log":{"file":{"path":"/p"}}})");
  const auto one = [] { return uint64_t{1}; };
  const auto two = [] { return uint64_t{2}; };
  const uint64_t key = envelope_.StreamKey(one);
  EXPECT_EQ(envelope_.StreamKey(two), key);
  envelope_.stream = "stderr";
  EXPECT_NE(envelope_.StreamKey(one), key);
  EXPECT_NE(Envelope().StreamKey(one), Envelope().StreamKey(two));
}

TEST_F(EnvelopeTest, OffersObjectsAndTextsOnly) {
  JsonCaptures captures;
  ASSERT_EQ(JsonReader(paths_).Read(
                R"({"message":{"a":1},"json":[{"b":2}],"log":{"offset":1},"body":"text"})", arena_,
                captures),
            DecodeResult::kDecoded);
  std::string objects;
  for (absl::string_view object : reader_.Objects(captures)) absl::StrAppend(&objects, object);
  EXPECT_EQ(objects, R"({"a":1})");
  std::string texts;
  for (absl::string_view text : reader_.Texts(captures)) absl::StrAppend(&texts, text);
  EXPECT_EQ(texts, "text");
}

}  // namespace
}  // namespace sequitur::decode
