#include "decode/httpd_access.h"

#include <utility>

#include "base/status_macros.h"
#include "decode/access_line.h"
#include "decode/byte_search.h"
#include "decode/log_text.h"
#include "decode/log_time.h"
#include "decode/stock_access.h"

namespace sequitur::decode {
namespace {

using enum AccessField;

constexpr size_t kNone = absl::string_view::npos;
constexpr AccessOrigin kOrigin = {SourceKind::kHttpdAccess, "apache", "apache.access"};

absl::string_view TakeToken(absl::string_view* text) {
  const size_t end = std::min(FindByte(*text, ' '), text->size());
  const absl::string_view token = text->substr(0, end);
  text->remove_prefix(std::min(end + 1, text->size()));
  return token;
}

// `[vhost[:port] ]host ident user`. ident is "-" but where identd is asked, so
// "-" as the second word settles it; as the third, there was a virtual host.
struct HeadParts {
  absl::string_view host;
  absl::string_view remote;
  absl::string_view user;
  bool complete = false;
};
HeadParts SplitHead(absl::string_view head) {
  HeadParts parts;
  const absl::string_view first = TakeToken(&head);
  const absl::string_view second = TakeToken(&head);
  parts.user = head;
  parts.remote = first;
  if (second != "-") {
    const absl::string_view third = TakeToken(&head);
    if (third == "-" && !head.empty()) {
      parts.host = first;
      parts.remote = second;
      parts.user = head;
    }
  }
  parts.complete = !first.empty() && !parts.user.empty();
  return parts;
}

DecodeResult DecodeStock(absl::string_view original, const LineContext& lines,
                         event::Event& event) {
  StockLine own;
  AccessLine line;
  const StockLine& stock = lines.parts != nullptr ? *lines.parts : own;
  if (lines.parts != nullptr || SplitStockLine(original, &own)) {
    const HeadParts head = SplitHead(stock.head);
    if (!head.complete) return DecodeResult::kMalformedLine;
    line[kHost] = head.host;
    line[kRemote] = head.remote;
    line[kUser] = head.user;
  } else if (SplitTlsRequestLine(original, &own)) {
    line[kRemote] = TakeToken(&own.between);
    line[kTlsProtocol] = TakeToken(&own.between);
    line[kTlsCipher] = TakeToken(&own.between);
  } else {
    return DecodeResult::kNotRecognised;
  }
  const auto start = ParseClfTime(stock.time);
  if (!start) return DecodeResult::kBadTimestamp;
  line.start = *start;
  line[kRequest] = stock.request;
  line[kStatus] = stock.status;
  line[kBodyBytes] = stock.bytes;
  line[kReferrer] = stock.referrer;
  line[kAgent] = stock.agent;
  return PublishAccess(line, kOrigin, lines, original, event);
}

}  // namespace

absl::StatusOr<HttpdAccess> HttpdAccess::Create(absl::string_view log_format) {
  HttpdAccess decoder;
  if (!log_format.empty()) {
    ASSIGN_OR_RETURN(decoder.format_, CompileHttpdLogFormat(log_format));
  }
  return decoder;
}

bool HttpdAccess::Recognises(absl::string_view line) {
  StockLine stock;
  return SplitStockLine(line, &stock) ? RecognisesHead(stock.head)
                                      : SplitTlsRequestLine(line, &stock);
}

bool HttpdAccess::RecognisesHead(absl::string_view head) { return SplitHead(head).complete; }

DecodeResult HttpdAccess::Decode(absl::string_view line, const LineContext& lines,
                                 event::Event& event) const {
  if (IsBlank(line)) return DecodeResult::kEmpty;
  if (!format_) return DecodeStock(line, lines, event);
  AccessLine access;
  const DecodeResult result = format_->Split(line, lines, &access);
  if (result != DecodeResult::kDecoded) return result;
  return PublishAccess(access, kOrigin, lines, line, event);
}

}  // namespace sequitur::decode
