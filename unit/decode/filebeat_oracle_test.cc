// Compares the text decoders, field by field, with the parses that Elastic's
// Filebeat modules are expected to give for their own sample logs.

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "decode/decoded_line.h"
#include "decode/httpd_access.h"
#include "decode/httpd_error.h"
#include "decode/nginx_access.h"
#include "decode/nginx_error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rapidjson/document.h"
#include "rapidjson/istreamwrapper.h"

namespace sequitur::decode {
namespace {

using Values = std::vector<std::string>;
// A flat document: field path -> its values as text, sorted (Elastic keeps sets).
using Document = std::map<std::string, Values>;

std::string SamplePath(absl::string_view log) {
  return absl::StrCat(SEQUITUR_SHARED_DIR, "/samples/", log);
}

std::vector<std::string> SampleLines(absl::string_view log) {
  std::ifstream file(SamplePath(log));
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

std::string Text(const rapidjson::Value& value) {
  if (value.IsString()) return value.GetString();
  if (value.IsInt64()) return absl::StrCat(value.GetInt64());
  return value.IsDouble() ? absl::StrCat(value.GetDouble()) : "?";
}

std::vector<Document> Expected(absl::string_view log) {
  std::ifstream file(absl::StrCat(SamplePath(log), "-expected.json"));
  rapidjson::IStreamWrapper stream(file);
  rapidjson::Document json;
  json.ParseStream(stream);
  std::vector<Document> documents;
  if (json.HasParseError()) return documents;
  for (const auto& object : json.GetArray()) {
    Document& document = documents.emplace_back();
    for (const auto& member : object.GetObject()) {
      Values& values = document[member.name.GetString()];
      if (member.value.IsArray()) {
        for (const auto& element : member.value.GetArray()) values.push_back(Text(element));
      } else {
        values.push_back(Text(member.value));
      }
      std::sort(values.begin(), values.end());
    }
  }
  return documents;
}

Values Actual(DecodedLine& decoded, const std::string& path) {
  Values values;
  const event::Projection& projection = decoded.event().projection();
  const auto id = projection.fields().Find(path);
  if (!id) return values;
  for (const event::Value& value : decoded.event().Get(*id).elements()) {
    values.push_back(value.ToString());
  }
  std::sort(values.begin(), values.end());
  return values;
}

// What we mean to say differently, and why.
struct Difference {
  absl::string_view path;    // of the field, or its beginning with '*'
  absl::string_view oracle;  // only for this value; "" = any
  absl::string_view reason;
};
constexpr Difference kDifferences[] = {
    {"source.geo*", "", "from a database of places"},
    {"source.as*", "", "from a database of networks"},
    {"user_agent.device*", "", "from a database of agents"},
    {"user_agent.name", "", "from a database of agents"},
    {"user_agent.os*", "", "from a database of agents"},
    {"user_agent.version", "", "from a database of agents"},
    {"fileset.name", "", "Filebeat's own"},
    {"input.type", "", "Filebeat's own"},
    {"service.type", "", "Filebeat's own"},
    {"log.offset", "", "the position is kept elsewhere"},
    {"log.flags", "", "lines are joined by the shipper, if at all"},
    {"event.timezone", "", "of the shipper, not of the line"},
    {"related.ip", "", "made when an alert is written"},
    {"@timestamp", "", "compared as an instant"},
    {"event.type", "info", "an access is an access, whoever logs it"},
    {"apache.access.ssl*", "", "tls.* says the same"},
    {"nginx.ingress_controller*", "", "nginx.access.* says the same for every form of line"},
    {"user.name", "-", "\"-\" is how httpd writes that there is none"},
    {"http.request.referrer", "-", "\"-\" is how httpd writes that there is none"},
    {"user_agent.original", "-", "\"-\" is how httpd writes that there is none"},
};

bool IsIntended(const std::string& path, const Values& oracle, bool is_access) {
  return std::any_of(std::begin(kDifferences), std::end(kDifferences), [&](const Difference& d) {
    if (d.path == "event.type" && !is_access) return false;
    const bool same = absl::EndsWith(d.path, "*")
                          ? absl::StartsWith(path, d.path.substr(0, d.path.size() - 1))
                          : path == d.path;
    return same && (d.oracle.empty() || oracle == Values{std::string(d.oracle)});
  });
}

class FilebeatOracle : public ::testing::Test {
 protected:
  void SetUp() override {
    if (SampleLines("nginx-access/filebeat-access.log").empty()) {
      GTEST_SKIP() << "no samples in " << SEQUITUR_SHARED_DIR;
    }
    decoded_.lines.zone = absl::FixedTimeZone(-2 * 3600);
    decoded_.lines.zone_is_assumed = false;
  }

  template <typename Decoder>
  void Compare(const Decoder& decoder, absl::string_view log, bool is_access) {
    const std::vector<std::string> lines = SampleLines(log);
    const std::vector<Document> expected = Expected(log);
    ASSERT_EQ(lines.size(), expected.size()) << log;
    for (size_t i = 0; i < lines.size(); ++i) {
      SCOPED_TRACE(absl::StrCat(log, ":", i + 1, ": ", lines[i]));
      EXPECT_TRUE(Decoder::Recognises(lines[i]));
      CompareLine(decoder, lines[i], expected[i], is_access);
    }
  }

  template <typename Decoder>
  void CompareLine(const Decoder& decoder, const std::string& line, const Document& expected,
                   bool is_access) {
    ASSERT_EQ(decoded_.Decode(decoder, line), "decoded");
    for (const auto& [path, oracle] : expected) {
      if (IsIntended(path, oracle, is_access)) continue;
      EXPECT_EQ(Actual(decoded_, path), oracle) << path;
    }
    // nginx's oracle dates the end of the request, which is what the line says.
    const std::string end = decoded_["event.end"];
    const auto logged = event::ParseIso8601(end == "null" ? decoded_.time() : end);
    const auto oracle = event::ParseIso8601(expected.at("@timestamp").front());
    ASSERT_TRUE(logged && oracle);
    // Elasticsearch keeps milliseconds.
    EXPECT_EQ(*logged / event::kMillisecond, *oracle / event::kMillisecond);
  }

  DecodedLine decoded_;
};

TEST_F(FilebeatOracle, AgreesOnNginxAccess) {
  const NginxAccess decoder = *NginxAccess::Create("");
  for (absl::string_view log : {"filebeat-access.log", "filebeat-test.log",
                                "filebeat-test-with-host.log", "filebeat-ingress-controller.log"}) {
    Compare(decoder, absl::StrCat("nginx-access/", log), true);
  }
}

TEST_F(FilebeatOracle, AgreesOnHttpdAccess) {
  const HttpdAccess decoder = *HttpdAccess::Create("");
  for (absl::string_view log :
       {"filebeat-darwin-2.4.23.log", "filebeat-ssl-request.log", "filebeat-test-vhost.log",
        "filebeat-test.log", "filebeat-ubuntu-2.2.22.log"}) {
    Compare(decoder, absl::StrCat("httpd-access/", log), true);
  }
}

TEST_F(FilebeatOracle, AgreesOnHttpdErrors) {
  const HttpdError decoder = *HttpdError::Create("");
  for (absl::string_view log :
       {"filebeat-darwin-2.4.23.log", "filebeat-test.log", "filebeat-ubuntu-2.2.22.log"}) {
    Compare(decoder, absl::StrCat("httpd-error/", log), false);
  }
}

TEST_F(FilebeatOracle, TakesTheClientOutOfAnHttpdTrace) {
  // Elastic leaves file and client in the message of a trace line.
  const auto lines = SampleLines("httpd-error/filebeat-sublevel.log");
  auto expected = Expected("httpd-error/filebeat-sublevel.log");
  ASSERT_EQ(expected.size(), 1u);
  const std::string whole = expected[0].at("message")[0];
  expected[0].erase("message");
  CompareLine(*HttpdError::Create(""), lines[0], expected[0], false);
  EXPECT_TRUE(absl::EndsWith(whole, decoded_["message"]));
  EXPECT_EQ(decoded_["source.ip"], "10.121.192.8");
  EXPECT_EQ(decoded_["source.port"], "38350");
}

TEST_F(FilebeatOracle, AgreesOnNginxErrors) {
  // Filebeat joins the three lines of the third entry, we see them one by one.
  const NginxError decoder = *NginxError::Create("");
  const auto lines = SampleLines("nginx-error/filebeat-error.log");
  auto expected = Expected("nginx-error/filebeat-error.log");
  ASSERT_EQ(lines.size(), 6u);
  ASSERT_EQ(expected.size(), 4u);
  expected[2]["message"] = {lines[2].substr(lines[2].find("FastCGI"))};
  expected[2]["event.original"] = {lines[2]};
  const size_t kLineOf[] = {0, 1, 2, 5};
  for (size_t i = 0; i < 4; ++i) {
    SCOPED_TRACE(lines[kLineOf[i]]);
    CompareLine(decoder, lines[kLineOf[i]], expected[i], false);
  }
}

TEST_F(FilebeatOracle, ReadsThePublicCrashLines) {
  const HttpdError decoder = *HttpdError::Create("");
  const auto lines = SampleLines("httpd-error/public-crash-lines.log");
  ASSERT_EQ(lines.size(), 6u);
  for (const std::string& line : lines) {
    SCOPED_TRACE(line);
    EXPECT_EQ(decoded_.Decode(decoder, line), "decoded");
    EXPECT_EQ(decoded_["event.action"], "worker_crash");
    EXPECT_EQ(decoded_["sequitur.exit.signal"], "11");
    EXPECT_THAT(line, ::testing::HasSubstr(absl::StrCat("child pid ", decoded_["process.pid"])));
  }
}

}  // namespace
}  // namespace sequitur::decode
