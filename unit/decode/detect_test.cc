// Recognition: own lines for every text format, and every folder of public
// samples, with the number of records that must be told for what they are.

#include "decode/detect.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "decode/decoder.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

TEST(RecogniseLine, TellsTheFormatsApart) {
  struct Case {
    absl::string_view line;
    absl::string_view kind;
  };
  for (const Case& c : {
           Case{R"(203.0.113.7 - - [24/Nov/2026:03:49:10 +0000] "GET / HTTP/1.1" 200 1 "-" "x")",
                "nginx-access"},
           Case{R"(203.0.113.7 - - [24/Nov/2026:03:49:10 +0000] "GET / HTTP/1.1" 200 1)",
                "httpd-access"},
           Case{R"(203.0.113.7 - - [24/Nov/2026:03:49:10 +0000] "" 400 0 "-" "-")", "nginx-access"},
           Case{"2026/11/24 03:49:10 [alert] 1#0: worker process 2 exited on signal 11",
                "nginx-error"},
           Case{"[Tue Nov 24 03:49:10.123456 2026] [core:notice] [pid 1] AH00052: x",
                "httpd-error"},
           Case{"[Tue Nov 24 03:49:10 2026] [error] [client 203.0.113.7] x", "httpd-error"},
           Case{"[24-Nov-2026 03:49:10] WARNING: [pool www] child 7 exited on signal 11 (SIGSEGV)",
                "php-fpm"},
           Case{"[2026-11-24T03:49:10.000Z] I santad: action=FORK|pid=1|ppid=1", "santa"},
           Case{"#separator \\x09", "zeek"},
           Case{"", "auto"},
           Case{"hello", "auto"},
           Case{"[", "auto"},
           Case{"2026-11-24 03:49:10,1 INFO x", "auto"},
       }) {
    EXPECT_EQ(SourceKindName(RecogniseLine(c.line, StreamHint())), c.kind) << c.line;
  }
}

TEST(RecogniseLine, ARawLogHasNoOtherSourcesLines) {
  StreamHint hint;
  hint.raw_log = true;
  EXPECT_EQ(RecogniseLine("[2026-11-24T03:49:10.000Z] I santad: action=FORK|pid=1|ppid=1", hint),
            SourceKind::kAuto);
  EXPECT_EQ(RecogniseLine("#separator \\x09", hint), SourceKind::kAuto);
}

namespace fs = std::filesystem;

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The end of the JSON object that starts at `at`.
size_t EndOfObject(absl::string_view text, size_t at) {
  int depth = 0;
  bool quoted = false;
  for (; at < text.size(); ++at) {
    if (quoted && text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      quoted = !quoted;
    } else if (!quoted && text[at] == '{') {
      ++depth;
    } else if (!quoted && text[at] == '}' && --depth == 0) {
      return at + 1;
    }
  }
  return text.size();
}

// Lines; of a file of pretty-printed documents, the documents.
std::vector<std::string> Records(const std::string& content) {
  std::vector<std::string> records;
  const std::string first = content.substr(0, content.find('\n'));
  if (absl::StripAsciiWhitespace(first) != "{") {
    for (absl::string_view line : absl::StrSplit(content, '\n', absl::SkipWhitespace())) {
      records.emplace_back(line);
    }
    return records;
  }
  for (size_t at = content.find('{'); at != content.npos; at = content.find('{', at)) {
    const size_t end = EndOfObject(content, at);
    records.push_back(content.substr(at, end - at));
    at = end;
  }
  return records;
}

// "nginx-access 11, auto 2" of the file's records, one bus record each.
std::string KindsIn(const fs::path& path, const Position& position, const std::string& hint) {
  const event::FieldTable fields;
  event::Projection projection(fields);
  projection.AddAllKnown();
  event::Event event(projection);
  const auto decoder = *Decoder::Create(projection, SourceOptions());
  std::map<std::string, int> kinds;
  for (const std::string& bytes : Records(ReadFile(path))) {
    RawRecord record;
    record.bytes = bytes;
    record.position = position;
    record.path = hint;
    decoder->Decode(record, event, [](event::Event&) {});
    ++kinds[std::string(SourceKindName(decoder->last_kind()))];
  }
  std::string out;
  for (const auto& [kind, count] : kinds) {
    absl::StrAppend(&out, out.empty() ? "" : ", ", kind, " ", count);
  }
  return out;
}

struct Sample {
  absl::string_view file;
  absl::string_view kinds;
};

// As records of a topic that says nothing. `auto`: documents without a time,
// lines of other software, and lines that continue one before.
constexpr Sample kSamples[] = {
    {"elastic-endpoint/macos-attack-dataset.ndjson", "auto 7, ecs 76"},
    {"elastic-endpoint/schema-example-network_outbound_connection_attempt_windows.json", "ecs 1"},
    {"elastic-endpoint/schema-example-network_outbound_disconnect_windows.json", "ecs 1"},
    {"elastic-endpoint/schema-example-process_created_linux.json", "ecs 1"},
    {"eslogger/mac-monitor-exit.jsonl", "eslogger 1"},
    {"eslogger/mac-monitor-open.jsonl", "eslogger 1"},
    {"eslogger/tmc-eslog-sample.json", "eslogger 2"},
    {"eslogger/tmc-eslog-test.ndjson", "eslogger 2"},
    {"filebeat/kafka-6.3.x.ndjson", "auto 3"},
    {"filebeat/kafka-nginx-access-7.0.0.ndjson", "nginx-access 1"},
    {"filebeat/kafka-nginx-access-8.11.0.ndjson", "nginx-access 1"},
    {"filebeat/kafka-nginx-error-3hosts-7.17.9.ndjson", "nginx-error 8"},
    {"fluentbit/core_base_fluent-bit.out", "auto 1"},
    {"fluentbit/kafka-k8s-apache.ndjson", "httpd-access 1"},
    {"fluentbit/stdout-json.ndjson", "auto 2"},
    {"goflow2/readme-examples.json", "goflow2 1"},
    {"httpd-access/filebeat-darwin-2.4.23.log", "httpd-access 6"},
    {"httpd-access/filebeat-ssl-request.log", "httpd-access 2"},
    {"httpd-error/filebeat-darwin-2.4.23.log", "httpd-error 2"},
    {"httpd-error/filebeat-sublevel.log", "httpd-error 1"},
    {"httpd-error/filebeat-test.log", "httpd-error 4"},
    {"httpd-error/filebeat-ubuntu-2.2.22.log", "httpd-error 7"},
    {"httpd-error/public-crash-lines.log", "httpd-error 6"},
    {"logstash/rsyslog-to-logstash.ndjson", "auto 1"},
    {"nginx-access/filebeat-access.log", "nginx-access 14"},
    {"nginx-access/filebeat-ingress-controller.log", "nginx-access 24"},
    {"nginx-access/filebeat-test.log", "nginx-access 10"},
    {"nginx-access/public-json-access.ndjson", "nginx-access 5"},
    {"nginx-error/filebeat-error.log", "auto 2, nginx-error 4"},
    {"osquery/dvwa-command-injection.ndjson", "osquery 4"},
    {"osquery/filebeat-osquery.rootkit.log", "osquery 60"},
    {"osquery/filebeat-osqueryd.results.darwin.log", "osquery 1652"},
    {"osquery/filebeat-osqueryd.results.sample.log", "osquery 500"},
    {"osquery/filebeat-test.log", "osquery 1"},
    {"osquery/macos-socket_events.ndjson", "osquery 1"},
    {"santa/filebeat-santa.log", "santa 10"},
    {"santa/integrations-test-santa-raw.log", "santa 10"},
    {"suricata-eve/filebeat-eve-6.0.log", "suricata 1"},
    {"suricata-eve/filebeat-eve-alerts.log", "suricata 22"},
    {"suricata-eve/filebeat-eve-dns-4.1.4.log", "suricata 24"},
    {"suricata-eve/filebeat-eve-metadata.log", "suricata 1"},
    {"suricata-eve/filebeat-eve-small.log", "suricata 12"},
    {"vector/file-source.ndjson", "auto 7, httpd-access 1"},
    {"vector/kafka-relay-of-filebeat.ndjson", "auto 1"},
    {"zeek-conn/filebeat-connection-json.log", "zeek 5"},
    {"zeek-conn/vast-conn.log.json", "zeek 729"},
    {"zeek-conn/vast-conn.tsv", "zeek 3000"},
};

// The server's name in the path settles what the lines leave open, and a file's
// continuation lines belong to it.
constexpr Sample kSamplesAsFiles[] = {
    {"httpd-access/filebeat-test.log", "httpd-access 7"},
    {"httpd-access/filebeat-test-vhost.log", "httpd-access 1"},
    {"httpd-access/filebeat-ubuntu-2.2.22.log", "httpd-access 9"},
    {"nginx-access/filebeat-test-with-host.log", "nginx-access 10"},
    {"nginx-error/filebeat-error.log", "nginx-error 6"},
};

TEST(Recognition, TellsThePublicSamplesForWhatTheyAre) {
  const fs::path samples = fs::path(SEQUITUR_SHARED_DIR) / "samples";
  if (!fs::exists(samples)) GTEST_SKIP() << "no samples at " << samples;
  for (const Sample& sample : kSamples) {
    const fs::path path = samples / std::string(sample.file);
    EXPECT_EQ(KindsIn(path, Position{.partition = 0}, ""), sample.kinds) << sample.file;
  }
  for (const Sample& sample : kSamplesAsFiles) {
    const fs::path path = samples / std::string(sample.file);
    EXPECT_EQ(KindsIn(path, Position(), path.string()), sample.kinds) << sample.file;
  }
}

}  // namespace
}  // namespace sequitur::decode
