#include "decode/detect.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "decode/httpd_access.h"
#include "decode/httpd_error.h"
#include "decode/nginx_access.h"
#include "decode/nginx_error.h"
#include "decode/php_fpm.h"
#include "decode/santa_log.h"
#include "decode/stock_access.h"
#include "decode/zeek_tsv.h"

namespace sequitur::decode {
namespace {

using Server = StreamHint::Server;

// The part after the request's closing quote: " 200 45 ...". Quotes inside the
// request are escaped by both servers.
absl::string_view AfterRequest(absl::string_view line) {
  const size_t open = line.find("] \"");
  if (open == line.npos) return {};
  for (size_t i = open + 3; i < line.size(); ++i) {
    if (line[i] == '\\') {
      ++i;
    } else if (line[i] == '"') {
      return line.substr(i + 1);
    }
  }
  return {};
}

// "example.org:443 " before the client.
bool HasVirtualHostAndPort(absl::string_view line) {
  const absl::string_view first = line.substr(0, line.find(' '));
  const size_t colon = first.find(':');
  if (colon == first.npos || colon == 0 || first.rfind(':') != colon) return false;
  return colon + 1 < first.size() && absl::ascii_isdigit(first[colon + 1]);
}

// An escape that nginx, which knows only \xHH, never writes.
bool HasHttpdEscape(absl::string_view line) {
  for (size_t i = line.find('\\'); i != line.npos; i = line.find('\\', i + 2)) {
    if (i + 1 == line.size()) return false;
    const bool hex = line[i + 1] == 'x';
    if (!hex) return true;
    if (i + 3 < line.size() &&
        (absl::ascii_islower(line[i + 2]) || absl::ascii_islower(line[i + 3])))
      return true;
  }
  return false;
}

}  // namespace

bool LooksLikeHttpd(absl::string_view line) {
  if (HasVirtualHostAndPort(line)) return true;
  const absl::string_view tail = AfterRequest(line);
  if (tail.empty()) return false;
  const bool common = tail.find('"') == tail.npos;
  const size_t bytes = tail.find(' ', 1);
  const bool no_bytes = bytes != tail.npos && absl::StartsWith(tail.substr(bytes), " -");
  return common || no_bytes || HasHttpdEscape(line);
}

SourceKind RecogniseLine(absl::string_view line, const StreamHint& hint,
                         std::optional<StockLine>* parts) {
  if (line.empty()) return SourceKind::kAuto;
  if (NginxError::Recognises(line)) return SourceKind::kNginxError;
  if (HttpdError::Recognises(line)) return SourceKind::kHttpdError;
  if (PhpFpm::Recognises(line)) return SourceKind::kPhpFpm;
  if (!hint.raw_log) {
    if (SantaLog::Recognises(line)) return SourceKind::kSanta;
    if (ZeekTsv::Recognises(line)) return SourceKind::kZeek;
  }
  std::optional<StockLine> unwanted;
  if (parts == nullptr) parts = &unwanted;
  StockLine& stock = parts->emplace();
  const bool split = SplitStockLine(line, &stock);
  const bool nginx = split && NginxAccess::RecognisesHead(stock.head);
  const bool httpd =
      split ? HttpdAccess::RecognisesHead(stock.head) : SplitTlsRequestLine(line, &stock);
  if (!split) parts->reset();
  if (nginx && httpd) {
    if (hint.server == Server::kHttpd) return SourceKind::kHttpdAccess;
    if (hint.server == Server::kNginx) return SourceKind::kNginxAccess;
    return LooksLikeHttpd(line) ? SourceKind::kHttpdAccess : SourceKind::kNginxAccess;
  }
  if (nginx) return SourceKind::kNginxAccess;
  return httpd ? SourceKind::kHttpdAccess : SourceKind::kAuto;
}

}  // namespace sequitur::decode
