#include "decode/stock_access.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "decode/byte_search.h"
#include "decode/log_text.h"
#include "decode/log_time.h"

namespace sequitur::decode {
namespace {

constexpr size_t kNone = absl::string_view::npos;

bool TakeQuoted(absl::string_view* rest, absl::string_view* text) {
  if (rest->empty() || rest->front() != '"') return false;
  const size_t close = FindClosingQuote(*rest, 1);
  if (close == kNone) return false;
  *text = rest->substr(1, close - 1);
  rest->remove_prefix(close + 1);
  return true;
}

void SkipBlanks(absl::string_view* rest) {
  while (!rest->empty() && rest->front() == ' ') rest->remove_prefix(1);
}

bool IsStatus(absl::string_view word) {
  return word.size() == 3 && absl::ascii_isdigit(word[0]) && absl::ascii_isdigit(word[1]) &&
         absl::ascii_isdigit(word[2]);
}

bool IsBytes(absl::string_view word) { return word == "-" || ParseCount(word).has_value(); }

// Position of the '[' of the first `[time] "`, or npos.
size_t FindAnchor(absl::string_view line) {
  for (size_t at = FindByte(line, '['); at != kNone; at = FindByte(line, '[', at + 1)) {
    const absl::string_view from = line.substr(at + 1);
    if (LooksLikeClfTime(from) && absl::StartsWith(from.substr(kClfTimeSize), "] \"")) return at;
  }
  return kNone;
}

}  // namespace

bool TakeWord(absl::string_view* rest, absl::string_view* word) {
  SkipBlanks(rest);
  if (rest->empty()) return false;
  if (TakeQuoted(rest, word)) return true;
  const size_t end = std::min(FindByte(*rest, ' '), rest->size());
  *word = rest->substr(0, end);
  rest->remove_prefix(end);
  return true;
}

bool SplitStockLine(absl::string_view line, StockLine* stock) {
  const size_t anchor = FindAnchor(line);
  if (anchor == kNone) return false;
  stock->head = line.substr(0, anchor);
  while (absl::ConsumeSuffix(&stock->head, " ")) {
  }
  stock->time = line.substr(anchor + 1, kClfTimeSize);
  absl::string_view rest = line.substr(anchor + 1 + kClfTimeSize + 2);
  if (!TakeQuoted(&rest, &stock->request)) return false;
  if (!TakeWord(&rest, &stock->status) || !IsStatus(stock->status)) return false;
  if (!TakeWord(&rest, &stock->bytes) || !IsBytes(stock->bytes)) return false;
  if (absl::StartsWith(rest, " \"")) {
    TakeWord(&rest, &stock->referrer);
    if (absl::StartsWith(rest, " \"")) TakeWord(&rest, &stock->agent);
  }
  stock->rest = rest;
  return true;
}

bool SplitTlsRequestLine(absl::string_view line, StockLine* stock) {
  if (!absl::ConsumePrefix(&line, "[") || !LooksLikeClfTime(line)) return false;
  stock->time = line.substr(0, kClfTimeSize);
  line.remove_prefix(kClfTimeSize);
  const size_t quote = line.find('"');
  if (!absl::StartsWith(line, "] ") || quote == kNone || quote < 3) return false;
  stock->between = line.substr(2, quote - 2);
  line.remove_prefix(quote);
  return TakeQuoted(&line, &stock->request) && TakeWord(&line, &stock->bytes) &&
         IsBytes(stock->bytes);
}

}  // namespace sequitur::decode
