#include "decode/json_access.h"

#include <fstream>

#include "absl/strings/str_cat.h"
#include "decode/decoded_line.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

class JsonAccessTest : public ::testing::Test {
 protected:
  std::string Decode(absl::string_view json) {
    decoded_.event().Reset();
    if (reader_.Read(json, decoded_.event().arena(), captures_) != DecodeResult::kDecoded) {
      return "malformed";
    }
    if (!access_.Recognises(captures_)) return "not_recognised";
    return std::string(
        DecodeResultName(access_.Decode(captures_, decoded_.lines, decoded_.event())));
  }
  std::string Get(absl::string_view path) { return decoded_[path]; }

  DecodedLine decoded_;
  JsonPaths paths_;
  JsonAccess access_{paths_, decoded_.event().projection()};
  JsonReader reader_{paths_};
  JsonCaptures captures_;
};

TEST_F(JsonAccessTest, ReadsNginxNames) {
  ASSERT_EQ(Decode(R"({"time_iso8601":"2026-08-26T09:09:07+00:00","remote_addr":"192.0.2.1",)"
                   R"("request_method":"GET","request_uri":"/i.php?q=1","status":"502",)"
                   R"("body_bytes_sent":"1024","request_time":"0.127","http_referer":"",)"
                   R"("upstream_status":"502, 502","upstream_response_time":"0.1, 0.02",)"
                   R"("http_user_agent":"curl","host":"example.com","request_id":"ab"})"),
            "decoded");
  EXPECT_EQ(decoded_.time(), "2026-08-26T09:09:06.873Z") << "the end less the duration";
  EXPECT_EQ(Get("event.end"), "2026-08-26T09:09:07.000Z");
  EXPECT_EQ(Get("event.duration"), "127000000");
  EXPECT_EQ(Get("source.ip"), "192.0.2.1");
  EXPECT_EQ(Get("http.response.status_code"), "502");
  EXPECT_EQ(Get("event.outcome"), "failure");
  EXPECT_EQ(Get("http.response.body.bytes"), "1024");
  EXPECT_EQ(Get("url.original"), "/i.php?q=1");
  EXPECT_EQ(Get("url.query"), "q=1");
  EXPECT_EQ(Get("url.domain"), "example.com");
  EXPECT_EQ(Get("http.request.referrer"), "null");
  EXPECT_EQ(Get("nginx.access.upstream.status_code"), "[502, 502]");
  EXPECT_EQ(Get("http.request.id"), "ab");
}

TEST_F(JsonAccessTest, ReadsOneFieldUnderManyNames) {
  struct Case {
    absl::string_view json, path, value;
  };
  const Case kCases[] = {
      {R"({"time":1784477440.5,"client_ip":"192.0.2.1","uri":"/a","status":200})", "event.end",
       "2026-07-19T16:10:40.500Z"},
      {R"({"msec":"1784477440.123","clientip":"192.0.2.1","uri":"/a","status":200})", "event.end",
       "2026-07-19T16:10:40.123Z"},
      {R"({"time":1784477440123,"remote_ip":"192.0.2.1","uri":"/a","status":200})", "event.end",
       "2026-07-19T16:10:40.123Z"},
      {R"({"timestamp":"28/Sep/2026:12:00:00 +0600","remote_ip":"192.0.2.1","url":"/a","status":200})",
       "event.end", "2026-09-28T06:00:00.000Z"},
      {R"({"time":"[28/Sep/2026:12:00:00 +0600]","remoteIP":"::1","request":"/a","status":"200"})",
       "source.ip", "::1"},
      {R"({"@timestamp":"2026-01-01T00:00:00Z","request":"POST /i?id=3 HTTP/1.1","status":200})",
       "url.original", "/i?id=3"},
      {R"({"time":"2026-01-01T00:00:00Z","verb":"GET","request":"/x y","httpversion":"1.1","response":"404"})",
       "url.original", "/x y"},
      {R"({"time":"2026-01-01T00:00:00Z","method":"GET","path":"/p","args":"a=b","status":200})",
       "url.original", "/p?a=b"},
      {R"({"time":"2026-01-01T00:00:00Z","method":"GET","uri":"/p?a=b","status":200})", "url.query",
       "a=b"},
      {R"({"date":1784477440.5,"host":"192.0.2.9","user":"-","method":"GET","path":"/","code":"200","size":"1","agent":"x"})",
       "source.ip", "192.0.2.9"},
      {R"({"date":1784477440.5,"remote":"192.0.2.9","host":"-","method":"GET","path":"/","code":"200","agent":"x"})",
       "url.domain", "null"},
      {R"({"time":"2026-01-01T00:00:00Z","path":"/","status":200,"agent":"\"curl\""})",
       "user_agent.original", "curl"},
      {R"({"time":"2026-01-01T00:00:00Z","path":"/","status":200,"upstream_addr":["a:1","b:2"]})",
       "nginx.access.upstream.address", "[a:1, b:2]"},
      {R"({"time":"2026-01-01T00:00:00Z","request":"","status":400,"remote_addr":"192.0.2.1"})",
       "http.response.status_code", "400"},
      {R"({"time":"2026-01-01T00:00:00Z","uri":"/","status":200,"ua":"x","remote_addr":"unix:"})",
       "source.address", "unix:"},
      {"{\"time\":\"2026-01-01T00:00:00Z\",\"uri\":\"/\xff\",\"status\":200}", "url.original",
       "/\xff"},
  };
  for (const Case& c : kCases) {
    ASSERT_EQ(Decode(c.json), "decoded") << c.json;
    EXPECT_EQ(Get(c.path), c.value) << c.json;
  }
}

TEST_F(JsonAccessTest, TakesMicrosecondsForHttpd) {
  ASSERT_EQ(
      Decode(R"({"time":"2026-01-01T00:00:00Z","path":"/","status":200,"duration_us":1500000})"),
      "decoded");
  EXPECT_EQ(decoded_.time(), "2026-01-01T00:00:00.000Z");
  EXPECT_EQ(Get("event.end"), "2026-01-01T00:00:01.500Z");
  EXPECT_EQ(Get("event.module"), "apache");
}

TEST_F(JsonAccessTest, LeavesOtherSourcesAlone) {
  for (
      absl::string_view json :
      {R"({"a":1})", R"({"status":200,"uri":"/"})", R"({"time":"x","status":1})",
       R"({"ts":1,"time":1,"uid":"C1","id.orig_h":"1.2.3.4","method":"GET","uri":"/","status":200})",
       R"({"timestamp":"x","event_type":"http","status":1,"url":"/"})",
       R"({"@timestamp":"x","ecs":{"version":"8.0"},"status":1,"url":"/"})"}) {
    EXPECT_EQ(Decode(json), "not_recognised") << json;
  }
}

TEST_F(JsonAccessTest, SaysWhatIsWrongWithTheTime) {
  EXPECT_EQ(Decode(R"({"time":"soon","uri":"/","status":200})"), "bad_timestamp");
  EXPECT_EQ(Decode(R"({"time":"soon","@timestamp":"2026-01-01T00:00:00Z","uri":"/","status":200})"),
            "decoded");
  EXPECT_EQ(Decode(R"({"time":"2026-01-01T00:00:00Z","uri":"/","status":"oops"})"),
            "malformed_line");
}

TEST_F(JsonAccessTest, ReadsThePublicSamples) {
  std::ifstream file(
      absl::StrCat(SEQUITUR_SHARED_DIR, "/samples/nginx-access/public-json-access.ndjson"));
  if (!file) GTEST_SKIP() << "no samples in " << SEQUITUR_SHARED_DIR;
  const absl::string_view kStarts[] = {"2026-08-26T09:09:06.873Z", "2022-04-30T17:00:50.959Z",
                                       "2026-02-10T19:30:44.877Z", "2026-07-19T16:10:39.998Z",
                                       "2025-12-20T13:32:17.948Z"};
  std::string line;
  for (absl::string_view start : kStarts) {
    ASSERT_TRUE(std::getline(file, line));
    ASSERT_EQ(Decode(line), "decoded") << line;
    EXPECT_EQ(Get("event.start"), start) << line;
    EXPECT_EQ(Get("http.response.status_code"), "200") << line;
    EXPECT_NE(Get("url.original"), "null") << line;
    EXPECT_NE(Get("source.ip"), "null") << line;
    EXPECT_NE(Get("user_agent.original"), "null") << line;
  }
}

}  // namespace
}  // namespace sequitur::decode
