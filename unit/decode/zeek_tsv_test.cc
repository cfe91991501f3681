#include "decode/zeek_tsv.h"

#include "absl/strings/str_replace.h"
#include "decode/decoded_flow.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

using ::testing::IsSupersetOf;
using ::testing::Pair;

// Written with blanks for tabs.
std::string Tabs(absl::string_view line) { return absl::StrReplaceAll(line, {{" ", "\t"}}); }

class ZeekTsvTest : public ::testing::Test {
 protected:
  FieldMap Decode(absl::string_view line, LineMemory* file) {
    LineContext lines;
    lines.memory = file;
    event_.Reset();
    const DecodeResult result = tsv_.Decode(line, lines, event_);
    if (result == DecodeResult::kDecoded) return FieldsOf(event_);
    return {{"result", std::string(DecodeResultName(result))}};
  }
  FieldMap Decode(absl::string_view line) { return Decode(line, &file_); }
  void Headers(std::initializer_list<absl::string_view> lines) {
    for (absl::string_view line : lines) {
      EXPECT_EQ(Decode(line)["result"], "not_an_event") << line;
    }
  }

  WantsAll wanted_;
  event::Event event_{wanted_.projection};
  LineMemory file_;
  ZeekTsv tsv_;
};

const std::string kStock = Tabs(
    "1772359200.250000 CxT1 10.1.2.3 50111 198.51.100.9 443 tcp ssl 1.5 100 2000 SF T F 0 ShADadFf "
    "5 360 6 2240 -");

TEST_F(ZeekTsvTest, WithoutHeaderTheColumnsAreStockConn) {
  EXPECT_THAT(Decode(kStock),
              IsSupersetOf({Pair("event.dataset", "zeek.connection"), Pair("event.id", "CxT1"),
                            Pair("event.start", "2026-03-01T10:00:00.250Z"),
                            Pair("event.duration", "1500000000"), Pair("source.ip", "10.1.2.3"),
                            Pair("source.port", "50111"), Pair("source.bytes", "100"),
                            Pair("source.packets", "5"), Pair("destination.ip", "198.51.100.9"),
                            Pair("destination.port", "443"), Pair("destination.bytes", "2000"),
                            Pair("destination.packets", "6"), Pair("network.transport", "tcp"),
                            Pair("network.protocol", "ssl"), Pair("zeek.connection.state", "SF"),
                            Pair("zeek.connection.history", "ShADadFf")}));
  EXPECT_EQ(event_.claim.role, event::HostClaim::Role::kSensor);
}

TEST_F(ZeekTsvTest, StockConnOfOtherVersions) {
  // Before local_resp.
  const FieldMap old = Decode(
      Tabs("1772359200.25 C1 10.1.2.3 1 10.1.2.4 2 udp dns 0.5 1 2 SF - 0 Dd 1 29 1 30 (empty)"));
  EXPECT_EQ(old.at("zeek.connection.history"), "Dd");
  EXPECT_EQ(old.at("destination.packets"), "1");
  // With ip_proto and a community id behind.
  const FieldMap later = Decode(absl::StrCat(kStock, "\t6\t1:abc="));
  EXPECT_EQ(later.at("network.community_id"), "1:abc=");
  EXPECT_EQ(later.at("destination.packets"), "6");
}

TEST_F(ZeekTsvTest, HeadersNameTheColumns) {
  Headers(
      {"#separator \\x09", "#set_separator\t,", "#empty_field\tEMPTY", "#unset_field\t~",
       "#path\tconn", "#open\t2026-03-01-10-00-00",
       Tabs("#fields ts uid id.resp_h id.resp_p id.orig_h id.orig_p proto service conn_state x"),
       Tabs("#types time string addr port addr port enum string string string")});
  const FieldMap fields =
      Decode(Tabs("1772359200.25 C1 198.51.100.9 443 10.1.2.3 50111 tcp EMPTY ~ y"));
  EXPECT_EQ(fields.at("source.ip"), "10.1.2.3");
  EXPECT_EQ(fields.at("destination.port"), "443");
  EXPECT_EQ(fields.count("network.protocol"), 0u);
  EXPECT_EQ(fields.count("zeek.connection.state"), 0u);
  Headers({"#close\t2026-03-01-11-00-00"});
}

TEST_F(ZeekTsvTest, TheSeparatorMayBeAnother) {
  Headers({"#separator ,", "#path,conn",
           "#fields,ts,uid,id.orig_h,id.orig_p,id.resp_h,id.resp_p,proto,conn_state"});
  EXPECT_EQ(Decode("1772359200.25,C1,10.1.2.3,1,10.1.2.4,2,tcp,SF").at("source.ip"), "10.1.2.3");
  // A new file begins.
  Headers({"#separator \\x09"});
  EXPECT_EQ(Decode(kStock).at("source.ip"), "10.1.2.3");
}

TEST_F(ZeekTsvTest, EachFileHasItsOwnHeaders) {
  LineMemory http, conn;
  Decode("#path\thttp", &http);
  Decode(Tabs("#fields ts uid id.orig_h id.orig_p id.resp_h id.resp_p trans_depth method uri"),
         &http);
  Decode("#path\tconn", &conn);
  Decode(Tabs("#fields ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto conn_state history"),
         &conn);
  const std::string request = Tabs("1772359200.25 C1 10.1.2.3 1 10.1.2.4 80 1 GET /a\\x09b");
  EXPECT_EQ(Decode(request, &http).at("event.action"), "network_early");
  EXPECT_EQ(Decode(request, &http).at("url.original"), "/a\tb");
  EXPECT_EQ(
      Decode(Tabs("1772359200.25 C1 10.1.2.3 1 10.1.2.4 80 tcp SF D"), &conn).at("event.action"),
      "network_flow");
}

TEST_F(ZeekTsvTest, StreamsThatTellOfNoConnectionAreNotEvents) {
  Headers({"#path\tweird", Tabs("#fields ts uid id.orig_h id.orig_p id.resp_h id.resp_p name")});
  EXPECT_EQ(Decode(Tabs("1772359200.25 C1 10.1.2.3 1 10.1.2.4 80 odd"))["result"], "not_an_event");
}

TEST_F(ZeekTsvTest, DamageHasItsReason) {
  EXPECT_EQ(Decode("")["result"], "empty");
  EXPECT_EQ(Decode(" \r\n")["result"], "empty");
  EXPECT_EQ(Decode("what is this")["result"], "not_recognised");
  // Of another stream, whose header was not seen.
  EXPECT_EQ(Decode(Tabs("1772359200.25 C1 10.1.2.3 1 10.1.2.4 53 udp 7 0.1 c2.example 1 C_INTERNET "
                        "1 A 0 NOERROR F F T T 0 - - F"))["result"],
            "not_recognised");
  EXPECT_EQ(Decode(absl::StrReplaceAll(kStock, {{"1772359200.250000", "XXXXXXXXXX.XXXXXX"}}))
                .at("result"),
            "bad_timestamp");
  EXPECT_EQ(Decode(absl::StrReplaceAll(kStock, {{"10.1.2.3", "nowhere"}})).at("result"),
            "malformed_line");
  EXPECT_EQ(Decode(absl::StrReplaceAll(kStock, {{"1772359200.250000", "-"}})).at("result"),
            "no_timestamp");
  Headers({"#path\tconn", Tabs("#fields ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto")});
  EXPECT_EQ(Decode(Tabs("1772359200.25 C1 10.1.2.3 1 10.1.2"))["result"], "malformed_line");
}

TEST_F(ZeekTsvTest, ManyFilesDoNotGrowItsMemory) {
  std::vector<LineMemory> files(ZeekTsv::kMaxFiles + 10);
  for (LineMemory& file : files) Decode("#path\tweird", &file);
  // Headers of the last file are still known, those of the first are not.
  const std::string fields =
      Tabs("#fields ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto conn_state");
  const std::string line = Tabs("1772359200.25 C1 10.1.2.3 1 10.1.2.4 80 tcp SF");
  Decode(fields, &files.back());
  EXPECT_EQ(Decode(line, &files.back())["result"], "not_an_event");
  Decode(fields, &files.front());
  EXPECT_EQ(Decode(line, &files.front())["event.action"], "network_flow");
}

TEST(ZeekTsv, RecognisesHeadersAndConnectionLines) {
  EXPECT_TRUE(ZeekTsv::Recognises(kStock));
  EXPECT_TRUE(ZeekTsv::Recognises("#separator \\x09"));
  EXPECT_TRUE(ZeekTsv::Recognises("#fields\tts"));
  EXPECT_TRUE(ZeekTsv::Recognises("#close"));
  EXPECT_TRUE(
      ZeekTsv::Recognises(Tabs("2026-03-01T10:00:00.25Z C1 fe80::1 5353 ff02::fb 5353 udp dns")));
  for (const std::string& line :
       {std::string(), std::string("#"), std::string("# a comment"), std::string("#fieldset a"),
        Tabs("1772359200.25 C1 10.1.2.3 1 10.1.2.4"), Tabs("x C1 10.1.2.3 1 10.1.2.4 2 tcp"),
        Tabs("1772359200.25 C1 10.1.2.3 1 host 2 tcp"),
        Tabs("1772359200.25 C1 10.1.2.3 99999 10.1.2.4 2 tcp"),
        std::string("198.51.100.7 - - [01/Mar/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 1")}) {
    EXPECT_FALSE(ZeekTsv::Recognises(line)) << line;
  }
}

}  // namespace
}  // namespace sequitur::decode
