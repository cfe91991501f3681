#include "decode/nginx_access.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "decode/access_line.h"
#include "decode/log_text.h"
#include "decode/log_time.h"
#include "decode/stock_access.h"

namespace sequitur::decode {
namespace {

using enum AccessField;

constexpr size_t kNone = absl::string_view::npos;
constexpr AccessOrigin kOrigin = {SourceKind::kNginxAccess, "nginx", "nginx.access"};
constexpr AccessOrigin kIngressOrigin = {SourceKind::kNginxAccess, "nginx",
                                         "nginx.ingress_controller"};

// Position of " - " outside quotes, which separates addresses from the user.
size_t FindUserMark(absl::string_view head) {
  for (size_t at = 0; at < head.size(); ++at) {
    if (head[at] == '"') {
      at = FindClosingQuote(head, at + 1);
      if (at == kNone) return kNone;
    } else if (head[at] == ' ' && absl::StartsWith(head.substr(at), " - ")) {
      return at;
    }
  }
  return kNone;
}

// `[vhost[:port] ](address | list | "list" address)`: the first word is a
// virtual host when it is not part of a list and something follows it.
void SplitAddresses(absl::string_view text, AccessLine* line) {
  const size_t blank = text.find(' ');
  if (blank != kNone && blank > 0 && text.front() != '"' && text[blank - 1] != ',') {
    (*line)[kHost] = text.substr(0, blank);
    text.remove_prefix(blank + 1);
  }
  (*line)[kRemote] = text;
}

// ` LENGTH TIME [upstream name] [alternative] addresses lengths times statuses id`
bool TakeIngress(absl::string_view rest, AccessLine* line) {
  absl::string_view length, seconds, name, alternative;
  if (!TakeWord(&rest, &length) || !ParseCount(length)) return false;
  if (!TakeWord(&rest, &seconds) || !ParseSeconds(seconds)) return false;
  if (!TakeWord(&rest, &name) || !absl::ConsumePrefix(&name, "[")) return false;
  if (!TakeWord(&rest, &alternative) || !absl::StartsWith(alternative, "[")) return false;
  if (!absl::ConsumeSuffix(&name, "]")) return false;
  (*line)[kRequestBytes] = length;
  line->duration = ParseSeconds(seconds);
  (*line)[kUpstreamName] = name;
  absl::ConsumePrefix(&rest, " ");
  (*line)[kUpstreamAddress] = TakeList(&rest);
  TakeList(&rest);  // lengths
  (*line)[kUpstreamTime] = TakeList(&rest);
  (*line)[kUpstreamStatus] = TakeList(&rest);
  TakeWord(&rest, &(*line)[kRequestId]);
  return true;
}

struct NamedField {
  absl::string_view name;
  AccessField field;
};

// Names that formats in the wild give to what they append as name=value.
constexpr NamedField kAppended[] = {
    {"ua", kUpstreamAddress},
    {"us", kUpstreamStatus},
    {"urt", kUpstreamTime},
    {"ut", kUpstreamTime},
    {"upstream", kUpstreamAddress},
    {"pid", kPid},
    {"rid", kRequestId},
    {"request_id", kRequestId},
    {"rl", kRequestBytes},
    {"host", kHost},
    {"cid", kConnection},
    {"conn", kConnection},
    {"upstream_addr", kUpstreamAddress},
    {"upstream_status", kUpstreamStatus},
    {"upstream_response_time", kUpstreamTime},
};

void TakeNamed(absl::string_view name, absl::string_view value, AccessLine* line) {
  if (name == "rt" || name == "request_time") line->duration = ParseSeconds(value);
  for (const NamedField& known : kAppended) {
    if (known.name == name) line->Offer(known.field, value);
  }
}

// `rt=0.006 us="502, 500" ...`: only names known here; other words pass.
void TakeAppended(absl::string_view rest, AccessLine* line) {
  while (!rest.empty()) {
    if (rest.front() == ' ') {
      rest.remove_prefix(1);
      continue;
    }
    const size_t mark = rest.find_first_of("= \"");
    absl::string_view word;
    if (mark == kNone || rest[mark] != '=') {
      TakeWord(&rest, &word);
      continue;
    }
    const absl::string_view name = rest.substr(0, mark);
    rest.remove_prefix(mark + 1);
    if (!rest.empty() && rest.front() != ' ' && TakeWord(&rest, &word)) TakeNamed(name, word, line);
  }
}

// What follows the agent: ingress-nginx's fields; `main`'s forwarded-for; what
// a site appended as name=value.
bool TakeRest(absl::string_view rest, AccessLine* line) {
  if (rest.empty()) return false;
  if (TakeIngress(rest, line)) return true;
  if (absl::StartsWith(rest, " \"")) TakeWord(&rest, &(*line)[kForwarded]);
  TakeAppended(rest, line);
  return false;
}

DecodeResult DecodeStock(absl::string_view original, const LineContext& lines,
                         event::Event& event) {
  StockLine own;
  if (lines.parts == nullptr && !SplitStockLine(original, &own)) {
    return DecodeResult::kNotRecognised;
  }
  const StockLine& stock = lines.parts != nullptr ? *lines.parts : own;
  AccessLine line;
  const auto end = ParseClfTime(stock.time);
  if (!end) return DecodeResult::kBadTimestamp;
  line.end = *end;
  const size_t mark = FindUserMark(stock.head);
  if (mark == kNone) return DecodeResult::kMalformedLine;
  SplitAddresses(stock.head.substr(0, mark), &line);
  line[kUser] = stock.head.substr(mark + 3);
  line[kRequest] = stock.request;
  line[kStatus] = stock.status;
  line[kBodyBytes] = stock.bytes;
  line[kReferrer] = stock.referrer;
  line[kAgent] = stock.agent;
  const bool ingress = TakeRest(stock.rest, &line);
  return PublishAccess(line, ingress ? kIngressOrigin : kOrigin, lines, original, event);
}

}  // namespace

absl::StatusOr<NginxAccess> NginxAccess::Create(absl::string_view log_format) {
  NginxAccess decoder;
  if (!log_format.empty()) {
    ASSIGN_OR_RETURN(decoder.format_, CompileNginxLogFormat(log_format));
  }
  return decoder;
}

bool NginxAccess::Recognises(absl::string_view line) {
  StockLine stock;
  return SplitStockLine(line, &stock) && RecognisesHead(stock.head);
}

bool NginxAccess::RecognisesHead(absl::string_view head) { return FindUserMark(head) != kNone; }

DecodeResult NginxAccess::Decode(absl::string_view line, const LineContext& lines,
                                 event::Event& event) const {
  if (IsBlank(line)) return DecodeResult::kEmpty;
  if (!format_) return DecodeStock(line, lines, event);
  AccessLine access;
  const DecodeResult result = format_->Split(line, lines, &access);
  if (result != DecodeResult::kDecoded) return result;
  AccessOrigin origin = kOrigin;
  if (!format_->escaped()) origin.escaping = AccessOrigin::Escaping::kPlain;
  return PublishAccess(access, origin, lines, line, event);
}

}  // namespace sequitur::decode
