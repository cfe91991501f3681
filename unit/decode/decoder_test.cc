#include "decode/decoder.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

namespace field = event::field;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr absl::string_view kAccess =
    R"(203.0.113.7 - - [24/Nov/2026:03:49:10 +0000] "GET /a HTTP/1.1" 200 612 "-" "curl/8.1")";
constexpr absl::string_view kError =
    "2026/11/24 03:49:10 [error] 12#0: *1 open() \"/w/x\" failed (2: No such file or directory), "
    "client: 203.0.113.7, server: s, request: \"GET /x HTTP/1.1\", host: \"s\"";
constexpr absl::string_view kHttpdError =
    "[Tue Nov 24 03:49:10.000000 2026] [core:error] [pid 7] AH00126: Invalid URI";
constexpr absl::string_view kExit =
    R"({"schema_version":1,"version":9,"time":"2026-11-24T03:49:10.000000001Z","mach_time":1,)"
    R"("event_type":15,"seq_num":1,"global_seq_num":9,"action_type":1,"thread":null,)"
    R"("process":{"audit_token":{"pid":41,"pidversion":5,"euid":0,"ruid":0,"egid":0,"rgid":0,)"
    R"("auid":0,"asid":0},"ppid":1,"executable":{"path":"\/usr\/sbin\/httpd"}},)"
    R"("event":{"exit":{"stat":11}}})";
constexpr absl::string_view kEcs =
    R"({"@timestamp":"2026-11-24T03:49:10Z","event":{"category":["process"],"type":["start"],)"
    R"("action":"exec","kind":"event"},"host":{"id":"I","name":"web-03"},)"
    R"("process":{"pid":7,"name":"sh","entity_id":"e"},"message":"Endpoint process event"})";

// `text` as a JSON string, quotes included.
std::string Quote(absl::string_view text) {
  return absl::StrCat(
      "\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}}), "\"");
}

// What an event said, copied before it dies.
struct Seen {
  event::TimeNs time;
  event::TimeNs record_time;
  Position position;
  uint64_t identity;
  std::string host;  // "id|name|agent|addresses"
  std::string category, action, source, path, original, message, flags, timestamp, tags;
};

class DecoderTest : public ::testing::Test {
 protected:
  DecoderTest() : projection_(fields_) {
    projection_.AddAllKnown();
    event_ = std::make_unique<event::Event>(projection_);
    Use(SourceOptions());
  }

  void Use(SourceOptions options) {
    auto decoder = Decoder::Create(projection_, std::move(options));
    ASSERT_TRUE(decoder.ok()) << decoder.status();
    decoder_ = *std::move(decoder);
  }

  // The kind it was recognised as, or the reason for no event.
  std::string Decode(RawRecord record) {
    seen_.clear();
    const DecodeResult result = decoder_->Decode(
        record, *event_, [this](event::Event& event) { seen_.push_back(Copy(event)); });
    EXPECT_EQ(result == DecodeResult::kDecoded, !seen_.empty()) << record.bytes;
    return std::string(result == DecodeResult::kDecoded ? SourceKindName(decoder_->last_kind())
                                                        : DecodeResultName(result));
  }
  std::string Decode(absl::string_view bytes) { return Decode(Record(bytes)); }

  // From a bus: no file.
  static RawRecord Record(absl::string_view bytes) {
    RawRecord record;
    record.bytes = bytes;
    record.position.partition = 3;
    record.position.offset = 18;
    return record;
  }

  static Seen Copy(const event::Event& event) {
    const event::HostClaim& claim = event.claim;
    return {.time = event.time,
            .record_time = event.record_time,
            .position = event.position,
            .identity = event.identity,
            .host = absl::StrCat(claim.id, "|", claim.name, "|", claim.agent_id, "|",
                                 claim.addresses.is_null() ? "" : claim.addresses.ToString()),
            .category = event.Get(field::kEventCategory).ToString(),
            .action = std::string(event.Text(field::kEventAction)),
            .source = std::string(event.Text(field::kSequiturSource)),
            .path = std::string(event.Text(field::kLogFilePath)),
            .original = std::string(event.Text(field::kEventOriginal)),
            .message = std::string(event.Text(field::kMessage)),
            .flags = event.Get(field::kSequiturFlags).ToString(),
            .timestamp = std::string(event.Text(field::kTimestamp)),
            .tags = event.Get(field::kTags).ToString()};
  }

  event::FieldTable fields_;
  event::Projection projection_;
  std::unique_ptr<event::Event> event_;
  std::unique_ptr<Decoder> decoder_;
  std::vector<Seen> seen_;
};

constexpr event::TimeNs kMoment = 1795492150 * event::kSecond;  // 2026-11-24T03:49:10Z

TEST_F(DecoderTest, UnwrapsEveryEnvelopeForm) {
  const std::string line(kAccess);
  const std::string quoted = Quote(line);
  const std::string filebeat = absl::StrCat(
      R"({"@timestamp":"2026-11-24T03:49:12Z","@metadata":{"beat":"filebeat"},"message":)", quoted,
      R"(,"log":{"offset":9,"file":{"path":"/var/log/nginx/access.log"}},"host":{"name":"web-03"}})");
  const std::string docker = absl::StrCat(R"({"log":)", Quote(line + "\n"),
                                          R"(,"stream":"stdout","time":"2026-11-24T03:49:11Z"})");
  struct Case {
    absl::string_view name;
    std::string record;
    absl::string_view host;
    absl::string_view path;
  };
  const std::vector<Case> cases = {
      {"bare", line, "|||", ""},
      {"bare with line end", line + "\r\n", "|||", ""},
      {"filebeat 8", filebeat, "|web-03||", "/var/log/nginx/access.log"},
      {"filebeat 6",
       absl::StrCat(
           R"({"source":"/l/nginx.log","offset":4,"beat":{"hostname":"web-03"},"message":)", quoted,
           "}"),
       "|web-03||", "/l/nginx.log"},
      {"fluent bit",
       absl::StrCat(R"({"@timestamp":1795492151.5,"log":)", Quote(line + "\n"),
                    R"(,"hostname":"web-03"})"),
       "|web-03||", ""},
      {"fluent bit pair", absl::StrCat("[1795492151.5,{\"log\":", quoted, "}]"), "|||", ""},
      {"fluent bit in kubernetes",
       absl::StrCat(R"({"log":)", quoted, R"(,"kubernetes":{"host":"node-1","docker_id":"d"}})"),
       "|node-1||", ""},
      {"vector",
       absl::StrCat(R"({"file":"/l/a.log","host":"web-03","message":)", quoted,
                    R"(,"source_type":"file","timestamp":"2026-11-24T03:49:12Z"})"),
       "|web-03||", "/l/a.log"},
      {"vector relaying filebeat",
       absl::StrCat(R"({"headers":{},"message_key":null,"offset":2,"topic":"t","message":)",
                    Quote(filebeat), "}"),
       "|web-03||", "/var/log/nginx/access.log"},
      {"logstash",
       absl::StrCat(R"({"@version":"1","host":"web-03","path":"/l/a","message":)", quoted, "}"),
       "|web-03||", "/l/a"},
      {"logstash, parsed beside its line",
       absl::StrCat(R"({"@version":"1","clientip":"203.0.113.9","verb":"GET","request":"/forged",)",
                    R"("response":"200","timestamp":"24/Nov/2026:03:49:10 +0000","message":)",
                    quoted, "}"),
       "|||", ""},
      {"event.original", absl::StrCat(R"({"event":{"original":)", quoted, "}}"), "|||", ""},
      {"opentelemetry body", absl::StrCat(R"({"body":)", quoted, "}"), "|||", ""},
      {"journald", absl::StrCat(R"({"MESSAGE":)", quoted, R"(,"_HOSTNAME":"web-03"})"), "|web-03||",
       ""},
      {"gelf", absl::StrCat(R"({"version":"1.1","host":"web-03","short_message":)", quoted, "}"),
       "|web-03||", ""},
      {"docker", docker, "|||", ""},
      {"docker in filebeat",
       absl::StrCat(R"({"host":{"name":"node-1"},"message":)", Quote(docker), "}"), "|node-1||",
       ""},
      {"cri", "2026-11-24T03:49:11.000000001Z stdout F " + line, "|||", ""},
      {"syslog", "<190>Nov 24 03:49:11 web-03 nginx: " + line, "|web-03||", ""},
      {"syslog in logstash",
       absl::StrCat(R"({"host":"192.0.2.1","message":)",
                    Quote("<190>Nov 24 03:49:11 web-03 nginx: " + line), "}"),
       "|web-03||", ""},
      {"syslog around json", "<190>Nov 24 03:49:11 relay vector: " + filebeat, "|web-03||",
       "/var/log/nginx/access.log"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    ASSERT_EQ(Decode(c.record), "nginx-access");
    ASSERT_EQ(seen_.size(), 1);
    EXPECT_EQ(seen_[0].time, kMoment);
    EXPECT_EQ(seen_[0].host, c.host);
    EXPECT_EQ(seen_[0].path, c.path);
    EXPECT_EQ(seen_[0].original, line);
    EXPECT_EQ(seen_[0].source, "nginx-access");
  }
}

TEST_F(DecoderTest, PeelsThreeWrappingsAndNoMore) {
  std::string record = absl::StrCat("{\"message\":", Quote(kAccess), "}");
  for (int level = 2; level <= Unwrapper::kMaxLevels; ++level) {
    record = absl::StrCat("{\"message\":", Quote(record), "}");
  }
  EXPECT_EQ(Decode(record), "nginx-access");
  EXPECT_EQ(Decode(absl::StrCat("{\"message\":", Quote(record), "}")), "not_recognised");
}

TEST_F(DecoderTest, FindsParsedDocumentsWhereShippersPutThem) {
  const std::string exit(kExit);
  const std::string flow =
      R"({"timestamp":"2026-11-24T03:49:20.000000+0000","flow_id":5,"event_type":"flow",)"
      R"("src_ip":"192.0.2.7","src_port":50000,"dest_ip":"203.0.113.9","dest_port":443,)"
      R"("proto":"TCP","flow":{"start":"2026-11-24T03:49:10.000000+0000","state":"closed"}})";
  const std::string conn =
      R"({"ts":1795492150.0,"uid":"C1","id.orig_h":"192.0.2.7","id.orig_p":50000,)"
      R"("id.resp_h":"203.0.113.9","id.resp_p":443,"proto":"tcp","conn_state":"SF"})";
  EXPECT_EQ(Decode(exit), "eslogger");
  EXPECT_EQ(Decode(absl::StrCat(R"({"host":{"name":"web-03"},"json":)", exit, "}")), "eslogger");
  EXPECT_EQ(seen_[0].host, "|web-03||");
  EXPECT_EQ(Decode(absl::StrCat(R"({"host":{"name":"web-03"},"message":)", Quote(exit), "}")),
            "eslogger");
  EXPECT_EQ(seen_[0].host, "|web-03||");
  EXPECT_EQ(Decode(absl::StrCat(R"({"message":)", exit, "}")), "eslogger");
  EXPECT_EQ(Decode(absl::StrCat(R"({"suricata":{"eve":)", flow, "}}")), "suricata");
  EXPECT_EQ(seen_[0].time, kMoment);
  EXPECT_EQ(Decode(absl::StrCat(R"({"zeek":)", conn, "}")), "zeek");
  EXPECT_EQ(Decode(absl::StrCat(R"({"conn":)", conn, "}")), "zeek");
  EXPECT_EQ(seen_[0].time, kMoment);
}

TEST_F(DecoderTest, AnEcsDocumentWithAMessageIsAnEcsDocument) {
  ASSERT_EQ(Decode(kEcs), "ecs");
  EXPECT_EQ(seen_[0].host, "I|web-03||");
  // Even when the message would pass for another source's line.
  const std::string forged =
      absl::StrReplaceAll(kEcs, {{"\"Endpoint process event\"", Quote(kAccess)}});
  ASSERT_EQ(Decode(forged), "ecs");
  EXPECT_THAT(seen_[0].category, HasSubstr("process"));
}

TEST_F(DecoderTest, AnAccessLineIsOneAccessLineWhateverTheClientSent) {
  for (absl::string_view agent :
       {R"({\x22message\x22:\x22x\x22})",
        "2026/11/24 03:49:10 [alert] 1#0: worker process 2 exited",
        "<187>Nov 24 03:49:10 other nginx: x", "[Tue Nov 24 03:49:10 2026] [core:notice] x",
        "2026-11-24T03:49:10.0Z stdout F x", "#fields ts uid"}) {
    const std::string line = absl::StrCat(
        R"(203.0.113.7 - - [24/Nov/2026:03:49:10 +0000] "GET /a HTTP/1.1" 200 612 "-" ")", agent,
        "\"");
    EXPECT_EQ(Decode(line), "nginx-access") << agent;
    EXPECT_EQ(seen_.size(), 1);
    EXPECT_EQ(seen_[0].host, "|||") << agent;
  }
}

TEST_F(DecoderTest, ALoggedRequestBodyIsNotUnwrapped) {
  const std::string record = absl::StrCat(
      R"({"time":"2026-11-24T03:49:10+00:00","remote_addr":"203.0.113.7","request_method":"POST",)",
      R"("request_uri":"/login","status":"200","body":)", Quote(kExit), "}");
  ASSERT_EQ(Decode(record), "nginx-access");
  EXPECT_THAT(seen_[0].category, HasSubstr("web"));
}

TEST_F(DecoderTest, AServersOwnLogFileHoldsNothingElse) {
  const auto shipped = [](absl::string_view line) {
    return absl::StrCat(
        R"({"@timestamp":"2026-11-24T03:49:11Z","host":{"name":"web-03"},"message":)", Quote(line),
        R"(,"log":{"offset":1,"file":{"path":"/var/log/nginx/error.log"}}})");
  };
  ASSERT_EQ(Decode(shipped(kError)), "nginx-error");
  // PHP echoed what a client sent, line breaks included.
  EXPECT_EQ(Decode(shipped(kExit)), "nginx-error");
  EXPECT_THAT(seen_[0].category, HasSubstr("web"));
  ASSERT_EQ(Decode(shipped(absl::StrCat("<187>Nov 24 03:49:10 other nginx: ", kError))),
            "nginx-error");
  EXPECT_EQ(seen_[0].host, "|web-03||");
  ASSERT_EQ(Decode(shipped(R"({"message":"x"})")), "nginx-error");
}

TEST_F(DecoderTest, NamesDecideBetweenFormatsThatLookAlike) {
  const auto from = [&](absl::string_view path) {
    return Decode(absl::StrCat(R"({"message":)", Quote(kAccess), R"(,"log":{"file":{"path":")",
                               path, "\"}}}"));
  };
  EXPECT_EQ(from("/var/log/nginx/access.log"), "nginx-access");
  EXPECT_EQ(from("/var/log/apache2/access.log"), "httpd-access");
  EXPECT_EQ(from("/opt/homebrew/var/log/httpd/access_log"), "httpd-access");
  EXPECT_EQ(from("/srv/logs/site.log"), "nginx-access");
  RawRecord record = Record(kAccess);
  record.path = "apache-access";
  EXPECT_EQ(Decode(record), "httpd-access");
  EXPECT_EQ(Decode(absl::StrCat("Nov 24 03:49:10 web-03 httpd[3]: ", kAccess)), "httpd-access");
  EXPECT_EQ(Decode(absl::StrCat(R"({"tags":["apache"],"message":)", Quote(kAccess), "}")),
            "httpd-access");
}

TEST_F(DecoderTest, WithoutAHintHttpdsHabitsDecide) {
  const absl::string_view head = R"(203.0.113.7 - - [24/Nov/2026:03:49:10 +0000] "GET )";
  EXPECT_EQ(Decode(absl::StrCat(head, "/ HTTP/1.1\" 200 45")), "httpd-access");
  EXPECT_EQ(Decode(absl::StrCat(head, "/ HTTP/1.1\" 304 - \"-\" \"curl\"")), "httpd-access");
  EXPECT_EQ(Decode(absl::StrCat(head, R"(/\" HTTP/1.1" 200 45 "-" "curl")")), "httpd-access");
  EXPECT_EQ(Decode(absl::StrCat(head, R"(/\x1b HTTP/1.1" 200 45 "-" "curl")")), "httpd-access");
  EXPECT_EQ(Decode(absl::StrCat(head, R"(/\x1B HTTP/1.1" 200 45 "-" "curl")")), "nginx-access");
  EXPECT_EQ(Decode(absl::StrCat("shop.example:443 ", kAccess)), "httpd-access");
}

TEST_F(DecoderTest, ContinuationLinesGoToTheErrorLogTheyStandIn) {
  RawRecord record = Record(kHttpdError);
  record.position.partition = Position::kFile;
  record.path = "logs/site.txt";
  EXPECT_EQ(Decode(record), "httpd-error");
  record.bytes = "sh: 1: foo: not found";
  ASSERT_EQ(Decode(record), "httpd-error");
  EXPECT_EQ(seen_[0].time, kMoment);
  EXPECT_THAT(seen_[0].message, HasSubstr("foo: not found"));
  // Another file has not proved to be an error log.
  record.position.source = 9;
  EXPECT_EQ(Decode(record), "not_recognised");
}

TEST_F(DecoderTest, AnErrorLogSentToSyslogIsDatedByItsHeader) {
  ASSERT_EQ(Decode("<187>1 2026-11-24T03:49:10Z web-03 httpd 7 - - [core:notice] [pid 7] AH00052: "
                   "child pid 9 exit signal Segmentation fault (11)"),
            "httpd-error");
  EXPECT_EQ(seen_[0].time, kMoment);
  EXPECT_EQ(seen_[0].host, "|web-03||");
  EXPECT_EQ(seen_[0].action, "worker_crash");
  EXPECT_THAT(seen_[0].original, testing::StartsWith("[core:notice]"));
  EXPECT_EQ(seen_[0].flags, "null");

  RawRecord record = Record(
      "<187>Nov 24 03:49:10 web-03 php-fpm[7]: [WARNING] [pool www] child 9 exited on signal 11 "
      "(SIGSEGV) after 1.5 seconds from start");
  record.record_time = kMoment + event::kSecond;
  ASSERT_EQ(Decode(record), "php-fpm");
  EXPECT_EQ(seen_[0].time, record.record_time);
  EXPECT_EQ(seen_[0].action, "worker_crash");
}

TEST_F(DecoderTest, ATopicOfManyStreamsIsNoErrorLog) {
  EXPECT_EQ(Decode(kHttpdError), "httpd-error");
  EXPECT_EQ(Decode("sh: 1: foo: not found"), "not_recognised");
  RawRecord record = Record("sh: 1: foo: not found");
  record.path = "httpd-error";
  record.record_time = kMoment;
  EXPECT_NE(Decode(record), "not_recognised");
}

TEST_F(DecoderTest, ContinuationLinesOfTwoHostsAreNotMixed) {
  const auto shipped = [](absl::string_view host, absl::string_view line) {
    return absl::StrCat(R"({"host":{"name":")", host, R"("},"message":)", Quote(line),
                        R"(,"log":{"file":{"path":"/srv/site.log"}}})");
  };
  EXPECT_EQ(Decode(shipped("web-03", kHttpdError)), "httpd-error");
  EXPECT_EQ(Decode(shipped("web-04", "cgi: oops")), "not_recognised");
  ASSERT_EQ(Decode(shipped("web-03", "cgi: oops")), "httpd-error");
  EXPECT_EQ(seen_[0].time, kMoment);
  EXPECT_EQ(seen_[0].host, "|web-03||");
}

TEST_F(DecoderTest, PartialContainerLinesAreJoined) {
  const std::string line(kAccess);
  EXPECT_EQ(Decode("2026-11-24T03:49:11.1Z stdout P " + line.substr(0, 40)), "not_an_event");
  EXPECT_EQ(Decode("2026-11-24T03:49:11.1Z stderr F " + std::string(kError)), "nginx-error");
  EXPECT_EQ(Decode("2026-11-24T03:49:11.2Z stdout P " + line.substr(40, 9)), "not_an_event");
  ASSERT_EQ(Decode("2026-11-24T03:49:11.3Z stdout F " + line.substr(49)), "nginx-access");
  EXPECT_EQ(seen_[0].original, line);
}

TEST_F(DecoderTest, ZonesComeFromTheSourceThenTheRecordThenUtc) {
  const auto shipped = [](absl::string_view zone) {
    return absl::StrCat(R"({"event":{"timezone":")", zone, R"("},"message":)", Quote(kError), "}");
  };
  const auto hours = [&] { return (kMoment - seen_[0].time) / (3600 * event::kSecond); };
  ASSERT_EQ(Decode(shipped("+02:00")), "nginx-error");
  EXPECT_EQ(hours(), 2);
  EXPECT_EQ(seen_[0].flags, "null");
  ASSERT_EQ(Decode(shipped("-0200")), "nginx-error");
  EXPECT_EQ(hours(), -2);
  ASSERT_EQ(Decode(shipped("America/New_York")), "nginx-error");
  EXPECT_EQ(hours(), -5);
  ASSERT_EQ(Decode(shipped("nowhere")), "nginx-error");
  EXPECT_EQ(hours(), 0);
  EXPECT_THAT(seen_[0].flags, HasSubstr("time_assumed_utc"));
  SourceOptions options;
  options.time_zone = absl::FixedTimeZone(3600);
  Use(options);
  ASSERT_EQ(Decode(shipped("+02:00")), "nginx-error");
  EXPECT_EQ(hours(), 1);
}

TEST_F(DecoderTest, StampsPositionRecordTimeAndIdentity) {
  RawRecord record = Record(kAccess);
  record.record_time = kMoment + event::kSecond;
  ASSERT_EQ(Decode(record), "nginx-access");
  EXPECT_EQ(seen_[0].position, record.position);
  EXPECT_EQ(seen_[0].record_time, record.record_time);
  EXPECT_EQ(seen_[0].identity, 0);
  EXPECT_EQ(seen_[0].timestamp, "2026-11-24T03:49:10.000Z");

  const auto shipped = [&](absl::string_view host, int offset) {
    EXPECT_EQ(Decode(absl::StrCat(R"({"@timestamp":"2026-11-24T03:49:13Z","host":{"name":")", host,
                                  R"("},"tags":["t"],"message":)", Quote(kAccess),
                                  R"(,"log":{"offset":)", offset, R"(,"file":{"path":"/p"}}})")),
              "nginx-access");
    return seen_[0].identity;
  };
  const uint64_t identity = shipped("web-03", 1);
  EXPECT_NE(identity, 0);
  EXPECT_EQ(seen_[0].record_time, kMoment + 3 * event::kSecond);
  EXPECT_EQ(seen_[0].tags, "t");
  EXPECT_EQ(shipped("web-03", 1), identity);
  EXPECT_NE(shipped("web-03", 2), identity);
  EXPECT_NE(shipped("web-04", 1), identity);
}

TEST_F(DecoderTest, CountsTheRowsOfARecordThatHoldsSeveral) {
  ASSERT_EQ(Decode(absl::StrCat("[", kExit, ", {\"x\":1},\n", kEcs, "]")), "ecs");
  ASSERT_EQ(seen_.size(), 2);
  EXPECT_EQ(seen_[0].position.row, 0);
  EXPECT_EQ(seen_[1].position.row, 1);
  EXPECT_EQ(seen_[0].host, "|||");
  EXPECT_EQ(seen_[1].host, "I|web-03||");
  EXPECT_EQ(Decode("[{\"x\":1}]"), "not_recognised");
  EXPECT_EQ(Decode("[{\"x\":"), "malformed_json");
}

TEST_F(DecoderTest, ClampsWhatComesFromTheFuture) {
  RawRecord record = Record(kAccess);
  record.record_time = kMoment - 300 * event::kSecond;
  ASSERT_EQ(Decode(record), "nginx-access");
  EXPECT_EQ(seen_[0].time, kMoment);
  EXPECT_EQ(seen_[0].flags, "null");
  record.record_time -= 1;
  ASSERT_EQ(Decode(record), "nginx-access");
  EXPECT_EQ(seen_[0].time, record.record_time);
  EXPECT_THAT(seen_[0].flags, HasSubstr("time_clamped"));
  decoder_->set_max_future(absl::Hours(1));
  ASSERT_EQ(Decode(record), "nginx-access");
  EXPECT_EQ(seen_[0].time, kMoment);
  record.record_time = event::kNoTime;
  ASSERT_EQ(Decode(record), "nginx-access");
  EXPECT_EQ(seen_[0].time, kMoment);
}

TEST_F(DecoderTest, TheKeyNamesTheHostOnlyWhenNothingElseDoes) {
  RawRecord record = Record(kExit);
  record.key = "web-03";
  ASSERT_EQ(Decode(record), "eslogger");
  EXPECT_EQ(seen_[0].host, "|web-03||");
  record.key = "9A6F1F0E-0000-4000-8000-0123456789AB";
  ASSERT_EQ(Decode(record), "eslogger");
  EXPECT_EQ(seen_[0].host, "9A6F1F0E-0000-4000-8000-0123456789AB|||");
  record.key = "203.0.113.7";
  ASSERT_EQ(Decode(record), "eslogger");
  EXPECT_EQ(seen_[0].host, "|||");
  record = Record(kEcs);
  record.key = "other";
  ASSERT_EQ(Decode(record), "ecs");
  EXPECT_EQ(seen_[0].host, "I|web-03||");
}

TEST_F(DecoderTest, ANamedKindStillUnwrapsAndSkipsRecognition) {
  SourceOptions options;
  options.kind = SourceKind::kHttpdAccess;
  Use(options);
  EXPECT_EQ(Decode(kAccess), "httpd-access");
  EXPECT_EQ(
      Decode(absl::StrCat(R"({"log":{"file":{"path":"/var/log/nginx/access.log"}},"message":)",
                          Quote(kAccess), "}")),
      "httpd-access");
  EXPECT_EQ(Decode(kError), "not_recognised");
  options.log_format = "%t %h \\\"%r\\\" %>s";
  Use(options);
  EXPECT_EQ(Decode(R"([24/Nov/2026:03:49:10 +0000] 203.0.113.7 "GET /a HTTP/1.1" 200)"),
            "httpd-access");
  options = SourceOptions();
  options.kind = SourceKind::kEslogger;
  Use(options);
  EXPECT_EQ(Decode(absl::StrCat(R"({"message":)", Quote(kExit), "}")), "eslogger");
  EXPECT_EQ(Decode(kAccess), "not_recognised");
}

TEST_F(DecoderTest, ANamedEcsSourceTakesAnyDocument) {
  SourceOptions options;
  options.kind = SourceKind::kEcs;
  Use(options);
  EXPECT_EQ(Decode(kEcs), "ecs");
  EXPECT_EQ(Decode(R"({"@timestamp":"2026-11-24T03:49:10Z","message":"hello","zeek":{"uid":"x"}})"),
            "ecs");
  EXPECT_EQ(seen_[0].message, "hello");
}

TEST_F(DecoderTest, AFormatNeedsAKindThatHasOne) {
  SourceOptions options;
  options.log_format = "$remote_addr";
  EXPECT_THAT(Decoder::Create(projection_, options).status().message(), HasSubstr("log format"));
  options.kind = SourceKind::kSuricata;
  EXPECT_FALSE(Decoder::Create(projection_, options).ok());
}

TEST_F(DecoderTest, DamageHasAName) {
  EXPECT_EQ(Decode(""), "empty");
  EXPECT_EQ(Decode(" \r\n\t"), "empty");
  EXPECT_EQ(Decode(R"({"a":)"), "malformed_json");
  EXPECT_EQ(Decode(R"({"a":1} x)"), "malformed_json");
  EXPECT_EQ(Decode(R"({"a":1})"), "not_recognised");
  EXPECT_EQ(Decode("hello"), "not_recognised");
  EXPECT_EQ(Decode(absl::string_view("\x00\xff\xfe\x01{}", 6)), "not_recognised");
  EXPECT_EQ(Decode(std::string(Decoder::kMaxRecord + 1, 'x')), "too_large");
  EXPECT_EQ(Decode(std::string(Decoder::kMaxRecord, 'x')), "not_recognised");
  std::string deep;
  for (int i = 0; i < kMaxJsonDepth + 1; ++i) deep += "{\"json\":";
  EXPECT_EQ(Decode(deep), "too_deep");
  EXPECT_EQ(decoder_->last_kind(), SourceKind::kAuto);
}

TEST_F(DecoderTest, AnEventWithoutATimeIsNone) {
  SourceOptions options;
  options.kind = SourceKind::kEcs;
  Use(options);
  EXPECT_EQ(Decode(R"({"event":{"category":["process"],"type":["start"]},"process":{"pid":7}})"),
            "no_timestamp");
}

// Work must stay in proportion: each of these would take minutes if any step
// looked at the rest of the record for each part of it.
TEST_F(DecoderTest, MebibytesOfTroubleTakeNoLongerThanOthers) {
  const auto fill = [](absl::string_view unit) {
    std::string out;
    while (out.size() + unit.size() < Decoder::kMaxRecord - 64)
      out.append(unit.data(), unit.size());
    return out;
  };
  for (absl::string_view unit :
       {"[", "{", "\"", "\\", "a:", "] \"", "<1>", "{\"message\":", "{\"message\":\"{", ", ",
        "[a=\"", "\\x41", "2026/11/24 03:49:10 [error] "}) {
    Decode(fill(unit));
    Decode(absl::StrCat("<1>1 - - - - - [", fill(unit)));
    Decode(absl::StrCat(kAccess.substr(0, 50), fill(unit)));
    Decode(absl::StrCat(kError.substr(0, 50), fill(unit)));
    Decode(
        absl::StrCat("{\"message\":", Quote(fill(unit).substr(0, Decoder::kMaxRecord / 3)), "}"));
  }
}

}  // namespace
}  // namespace sequitur::decode
