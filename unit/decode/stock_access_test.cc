#include "decode/stock_access.h"

#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

TEST(SplitStockLine, TakesAllParts) {
  StockLine stock;
  ASSERT_TRUE(SplitStockLine(R"(a b - c [28/Sep/2026:12:00:01 +0600] "G \"/" 200 - "r" "u\\" x y)",
                             &stock));
  EXPECT_EQ(stock.head, "a b - c");
  EXPECT_EQ(stock.time, "28/Sep/2026:12:00:01 +0600");
  EXPECT_EQ(stock.request, R"(G \"/)");
  EXPECT_EQ(stock.status, "200");
  EXPECT_EQ(stock.bytes, "-");
  EXPECT_EQ(stock.referrer, "r");
  EXPECT_EQ(stock.agent, R"(u\\)");
  EXPECT_EQ(stock.rest, " x y");
}

TEST(SplitStockLine, StopsWhereTheLineDoes) {
  StockLine stock;
  ASSERT_TRUE(SplitStockLine(R"(a [28/Sep/2026:12:00:01 +0600] "" 400 0)", &stock));
  EXPECT_EQ(stock.request, "");
  EXPECT_EQ(stock.referrer, "");
  EXPECT_EQ(stock.rest, "");
}

TEST(SplitStockLine, RefusesOtherShapes) {
  StockLine stock;
  for (absl::string_view line :
       {"", "[", R"(a [28/Sep/2026:12:00:01 +0600] "G / 200 1)",
        R"(a [28/Sep/2026:12:00:01 +0600] "G" 2000 1)", R"(a [28/Sep/2026:12:00:01 +0600] "G" 200)",
        R"(a [28/Sep/2026:12:00:01 +0600] "G" 200 x)", R"(a [28/Sep/2026 12:00:01] "G" 200 1)"}) {
    EXPECT_FALSE(SplitStockLine(line, &stock)) << line;
  }
}

TEST(SplitTlsRequestLine, TakesWhatStandsBetween) {
  StockLine stock;
  ASSERT_TRUE(
      SplitTlsRequestLine(R"([28/Sep/2026:12:00:01 +0600] h TLSv1.3 AES "G / H" 5)", &stock));
  EXPECT_EQ(stock.between, "h TLSv1.3 AES ");
  EXPECT_EQ(stock.request, "G / H");
  EXPECT_EQ(stock.bytes, "5");
  EXPECT_FALSE(SplitTlsRequestLine(R"([28/Sep/2026:12:00:01 +0600] "G" 5)", &stock));
}

TEST(TakeWord, TakesWordsAndQuotedText) {
  absl::string_view rest = R"(  a "b c" d"e)", word;
  ASSERT_TRUE(TakeWord(&rest, &word));
  EXPECT_EQ(word, "a");
  ASSERT_TRUE(TakeWord(&rest, &word));
  EXPECT_EQ(word, "b c");
  ASSERT_TRUE(TakeWord(&rest, &word));
  EXPECT_EQ(word, R"(d"e)");
  EXPECT_FALSE(TakeWord(&rest, &word));
}

}  // namespace
}  // namespace sequitur::decode
