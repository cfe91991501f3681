// Public samples through the flow decoders, against what Elastic's own modules
// make of them. Every field that both fill must agree, but for the differences
// listed below.

#include <algorithm>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "decode/decoded_flow.h"
#include "decode/goflow2.h"
#include "decode/suricata.h"
#include "decode/zeek_json.h"
#include "decode/zeek_tsv.h"
#include "event/ip_address.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rapidjson/document.h"

namespace sequitur::decode {
namespace {

struct Difference {
  absl::string_view path;
  absl::string_view reason;
};

constexpr Difference kDifferences[] = {
    {"event.kind", "an alert of Suricata's is an observation here; alerts are what we write"},
    {"event.type", "which of start and end a state means is ours; theirs has info and protocol"},
    {"event.category", "a sensor's http or alert record tells of a connection, and only that"},
    {"event.outcome", "ours says whether the connection was established, theirs the HTTP status"},
    {"event.original", "set by whoever keeps raw records, not by decoders"},
    {"event.id", "a Zeek uid only; EVE records have no id of their own"},
    {"network.direction", "judged from addresses later; sensors give no word of their own"},
    {"network.community_id", "kept when the sensor wrote it, never computed"},
    {"source.bytes", "Zeek: payload (orig_bytes), where theirs counts headers too (orig_ip_bytes)"},
    {"destination.bytes", "as source.bytes"},
    {"network.bytes", "as source.bytes"},
    {"url.path", "parsed later, from url.original"},
    {"url.query", "parsed later, from url.original"},
    {"url.extension", "parsed later, from url.original"},
    {"url.scheme", "parsed later, from url.original"},
    {"url.port", "parsed later, from url.original"},
    {"http.response.body.bytes", "no rule needs it of a sensor"},
    {"http.request.referrer", "no rule needs it of a sensor"},
    {"tls.version", "no rule needs it of a sensor"},
    {"tls.version_protocol", "no rule needs it of a sensor"},
    {"service.type", "constant of their packaging"},
    {"tags", "constant of their packaging"},
    {"log.offset", "set from the envelope"},
    {"file.name", "metadata of an alert's rule, not a file of a host"},
    {"message", "their choice of a headline"},
};

bool IsListed(absl::string_view path) {
  return std::any_of(std::begin(kDifferences), std::end(kDifferences),
                     [path](const Difference& d) { return d.path == path; });
}

class FlowSamplesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(Samples())) GTEST_SKIP() << "no samples";
  }
  static std::string Samples() { return absl::StrCat(SEQUITUR_SHARED_DIR, "/samples/"); }
  static std::vector<std::string> Lines(absl::string_view file) {
    return LinesOf(absl::StrCat(Samples(), file));
  }

  static std::string TextOf(const rapidjson::Value& value) {
    if (value.IsString()) return value.GetString();
    if (value.IsInt64()) return absl::StrCat(value.GetInt64());
    if (value.IsBool()) return value.GetBool() ? "true" : "false";
    return "?";
  }

  // Addresses are canonical and times precise here; compare them in our way.
  static std::string Ours(absl::string_view path, std::string theirs, const std::string& ours) {
    if (absl::EndsWith(path, ".ip") || absl::EndsWith(path, ".address")) {
      const auto address = event::IpAddress::Parse(theirs);
      return address ? address->ToString() : theirs;
    }
    const bool time = path == "@timestamp" || path == "event.start" || path == "event.end";
    if (time && !theirs.empty() && absl::StartsWith(ours, theirs.substr(0, theirs.size() - 1))) {
      return ours;
    }
    return theirs;
  }

  // The oracle keeps a packet's direction where ours is the flow's: an answer's
  // ends stand the other way round.
  static bool IsAnswer(const rapidjson::Value& oracle, const FieldMap& ours) {
    const auto end = [&](const char* ip, const char* port) {
      return absl::StrCat(TextOf(oracle[ip]), " ", TextOf(oracle[port]));
    };
    return oracle.HasMember("source.port") &&
           end("source.ip", "source.port") ==
               absl::StrCat(ours.at("destination.ip"), " ", ours.at("destination.port")) &&
           end("destination.ip", "destination.port") ==
               absl::StrCat(ours.at("source.ip"), " ", ours.at("source.port"));
  }

  static void SwapEnds(FieldMap& ours) {
    for (absl::string_view part : {"ip", "address", "port"}) {
      std::swap(ours[absl::StrCat("source.", part)], ours[absl::StrCat("destination.", part)]);
    }
  }

  // Every oracle field that is known to us and not listed must be ours too.
  static void Compare(const rapidjson::Value& oracle, FieldMap ours) {
    if (IsAnswer(oracle, ours)) SwapEnds(ours);
    const event::FieldTable fields;
    for (const auto& member : oracle.GetObject()) {
      const std::string path = member.name.GetString();
      if (!fields.Find(path) || IsListed(path)) continue;
      EXPECT_EQ(ours[path], Ours(path, TextOf(member.value), ours[path])) << path;
    }
  }

  template <typename Source>
  static void CompareAll(absl::string_view file, int expected_events) {
    const std::vector<std::string> lines = Lines(file);
    const std::vector<std::string> oracle_lines = Lines(absl::StrCat(file, "-expected.json"));
    rapidjson::Document oracle;
    std::string text;
    for (const std::string& line : oracle_lines) absl::StrAppend(&text, line, "\n");
    ASSERT_FALSE(oracle.Parse(text.c_str()).HasParseError());
    ASSERT_EQ(oracle.Size(), lines.size());
    FlowDecoding<Source> decoding;
    int events = 0;
    for (size_t i = 0; i < lines.size(); ++i) {
      SCOPED_TRACE(absl::StrCat(file, ":", i + 1));
      FieldMap fields = decoding.Decode(lines[i]);
      EXPECT_TRUE(decoding.recognised());
      if (fields.count("result") != 0) {
        EXPECT_EQ(fields["result"], "not_an_event");
        continue;
      }
      ++events;
      Compare(oracle[static_cast<rapidjson::SizeType>(i)], std::move(fields));
    }
    EXPECT_EQ(events, expected_events);
  }
};

TEST_F(FlowSamplesTest, ZeekJsonAgreesWithTheOracle) {
  CompareAll<ZeekJson>("zeek-conn/filebeat-connection-json.log", 5);
}

TEST_F(FlowSamplesTest, SuricataAgreesWithTheOracle) {
  CompareAll<Suricata>("suricata-eve/filebeat-eve-small.log", 10);
  CompareAll<Suricata>("suricata-eve/filebeat-eve-alerts.log", 22);
  CompareAll<Suricata>("suricata-eve/filebeat-eve-6.0.log", 1);
  CompareAll<Suricata>("suricata-eve/filebeat-eve-metadata.log", 1);
  CompareAll<Suricata>("suricata-eve/filebeat-eve-dns-4.1.4.log", 24);
}

TEST_F(FlowSamplesTest, EveryZeekJsonConnectionDecodes) {
  FlowDecoding<ZeekJson> decoding;
  const std::vector<std::string> lines = Lines("zeek-conn/vast-conn.log.json");
  ASSERT_FALSE(lines.empty());
  for (const std::string& line : lines) {
    const FieldMap fields = decoding.Decode(line);
    ASSERT_EQ(fields.count("result"), 0u) << line;
    // The address and the time as they stand in the line.
    EXPECT_THAT(
        line, ::testing::HasSubstr(absl::StrCat("\"id.orig_h\":\"", fields.at("source.ip"), "\"")));
  }
}

TEST_F(FlowSamplesTest, EveryZeekTsvConnectionDecodes) {
  WantsAll wanted;
  event::Event event(wanted.projection);
  LineMemory memory;
  LineContext lines;
  lines.memory = &memory;
  ZeekTsv with_header;
  ZeekTsv without_header;
  int flows = 0;
  for (const std::string& line : Lines("zeek-conn/vast-conn.tsv")) {
    event.Reset();
    const DecodeResult result = with_header.Decode(line, lines, event);
    if (line[0] == '#') {
      EXPECT_EQ(result, DecodeResult::kNotAnEvent);
      continue;
    }
    ASSERT_EQ(result, DecodeResult::kDecoded) << line;
    EXPECT_TRUE(ZeekTsv::Recognises(line)) << line;
    const FieldMap fields = FieldsOf(event);
    const std::vector<std::string> cells = absl::StrSplit(line, '\t');
    EXPECT_EQ(fields.at("event.id"), cells[1]);
    EXPECT_EQ(fields.at("destination.ip"), event::IpAddress::Parse(cells[4])->ToString());
    EXPECT_EQ(event.time, event::ParseEpochSeconds(cells[0]));
    // Stock columns read the same without the header.
    event.Reset();
    EXPECT_EQ(without_header.Decode(line, lines, event), DecodeResult::kDecoded);
    EXPECT_EQ(FieldsOf(event), fields);
    ++flows;
  }
  EXPECT_EQ(flows, 2992);
}

TEST_F(FlowSamplesTest, MaskedTimesOfBaselinesAreBadTimestamps) {
  WantsAll wanted;
  event::Event event(wanted.projection);
  LineMemory memory;
  LineContext lines;
  lines.memory = &memory;
  ZeekTsv tsv;
  for (const std::string& line : Lines("zeek-conn/zeek-btest-speculative-conn.tsv")) {
    event.Reset();
    EXPECT_EQ(tsv.Decode(line, lines, event),
              line[0] == '#' ? DecodeResult::kNotAnEvent : DecodeResult::kBadTimestamp);
  }
}

TEST_F(FlowSamplesTest, Goflow2sOwnExampleDecodes) {
  std::string json;
  for (const std::string& line : Lines("goflow2/readme-examples.json")) json += line;
  FlowDecoding<Goflow2> decoding;
  const FieldMap fields = decoding.Decode(json);
  EXPECT_THAT(fields,
              ::testing::IsSupersetOf(
                  {::testing::Pair("source.ip", "fd01::2"), ::testing::Pair("source.port", "50001"),
                   ::testing::Pair("destination.ip", "fd01::1"),
                   ::testing::Pair("destination.bytes", "1500"),
                   ::testing::Pair("observer.ip", "192.168.0.1"),
                   ::testing::Pair("sequitur.flags", "[direction_guessed, sampled]")}));
  EXPECT_EQ(decoding.event().time, 1681583295157626000);
}

// No record of one kind may be taken for another's.
TEST_F(FlowSamplesTest, NobodyRecognisesAnothersRecords) {
  FlowDecoding<ZeekJson> zeek;
  FlowDecoding<Suricata> suricata;
  FlowDecoding<Goflow2> goflow2;
  int read = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(Samples())) {
    if (!file.is_regular_file()) continue;
    const std::string path = file.path().string();
    if (absl::EndsWith(path, "expected.json") || absl::EndsWith(path, "ORIGIN.txt")) continue;
    for (const std::string& line : LinesOf(path)) {
      if (line.empty() || line.front() != '{') continue;
      ++read;
      zeek.Decode(line);
      suricata.Decode(line);
      goflow2.Decode(line);
      EXPECT_TRUE(!zeek.recognised() || absl::StrContains(path, "zeek-conn")) << path << line;
      EXPECT_TRUE(!suricata.recognised() || absl::StrContains(path, "suricata-eve"))
          << path << line;
      EXPECT_FALSE(goflow2.recognised()) << path << line;
    }
  }
  EXPECT_GT(read, 100);
}

}  // namespace
}  // namespace sequitur::decode
