// Reads nginx's `log_format` directive into a LogFormat. Variables are those
// of ngx_http_log_module, ngx_http_core_module and ngx_http_upstream_module;
// any other is a text that is skipped.

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "decode/log_format.h"

namespace sequitur::decode {
namespace {

using enum AccessField;
using Item = LogFormat::Item;
using Shape = LogFormat::Shape;
using TimeForm = LogFormat::TimeForm;

struct Variable {
  absl::string_view name;
  AccessField field;
  Shape shape = Shape::kText;
};

constexpr Variable kVariables[] = {
    {"remote_addr", kRemote},
    {"http_x_real_ip", kRemote},
    {"realip_remote_addr", kPeer},
    {"remote_port", kRemotePort, Shape::kNumber},
    {"http_x_forwarded_for", kForwarded, Shape::kList},
    {"proxy_add_x_forwarded_for", kForwarded, Shape::kList},
    {"remote_user", kUser},
    {"host", kHost},
    {"http_host", kHost},
    {"server_name", kHost},
    {"server_addr", kServerAddress},
    {"server_port", kServerPort, Shape::kNumber},
    {"scheme", kScheme},
    {"request", kRequest},
    {"request_method", kMethod},
    {"request_uri", kTarget},
    {"uri", kPath},
    {"document_uri", kPath},
    {"is_args", kQueryMark, Shape::kMark},
    {"args", kQuery},
    {"query_string", kQuery},
    {"server_protocol", kProtocol},
    {"status", kStatus, Shape::kNumber},
    {"body_bytes_sent", kBodyBytes, Shape::kNumber},
    {"bytes_sent", kBytes, Shape::kNumber},
    {"request_length", kRequestBytes, Shape::kNumber},
    {"http_referer", kReferrer},
    {"http_user_agent", kAgent},
    {"request_id", kRequestId},
    {"req_id", kRequestId},
    {"http_x_request_id", kRequestId},
    {"pid", kPid, Shape::kNumber},
    {"connection", kConnection, Shape::kNumber},
    {"connection_requests", kIgnored, Shape::kNumber},
    {"proxy_upstream_name", kUpstreamName},
    {"upstream_addr", kUpstreamAddress, Shape::kList},
    {"upstream_status", kUpstreamStatus, Shape::kList},
    {"upstream_response_time", kUpstreamTime, Shape::kList},
    {"upstream_connect_time", kIgnored, Shape::kList},
    {"upstream_header_time", kIgnored, Shape::kList},
    {"upstream_response_length", kIgnored, Shape::kList},
    {"upstream_bytes_received", kIgnored, Shape::kList},
    {"ssl_protocol", kTlsProtocol},
    {"ssl_cipher", kTlsCipher},
};

Item TimeItem(TimeForm form) {
  Item item;
  item.shape = Shape::kTime;
  item.form = form;
  item.unit = event::kSecond;
  return item;
}

Item ItemOf(absl::string_view name) {
  if (name == "time_local") return TimeItem(TimeForm::kClf);
  if (name == "time_iso8601") return TimeItem(TimeForm::kIso);
  if (name == "msec") return TimeItem(TimeForm::kEpoch);
  Item item;
  if (name == "request_time") {
    item.shape = Shape::kDuration;
    item.unit = event::kSecond;
    return item;
  }
  const auto* known = std::find_if(std::begin(kVariables), std::end(kVariables),
                                   [&](const Variable& v) { return v.name == name; });
  if (known != std::end(kVariables)) {
    item.field = known->field;
    item.shape = known->shape;
  }
  return item;
}

bool IsNameChar(char c) { return absl::ascii_isalnum(c) || c == '_'; }

// `'...' '...';` -> the strings joined, as nginx joins them. Text without
// quotes around it is taken as it is.
std::string JoinQuoted(absl::string_view text) {
  absl::ConsumeSuffix(&text, ";");
  text = absl::StripAsciiWhitespace(text);
  if (text.size() < 2 || text.front() != '\'' || text.back() != '\'') return std::string(text);
  std::string joined;
  bool inside = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (inside && text[i] == '\\' && i + 1 < text.size()) {
      joined.push_back(text[++i]);
    } else if (text[i] == '\'') {
      inside = !inside;
    } else if (inside) {
      joined.push_back(text[i]);
    }
  }
  return joined;
}

// Drops `log_format NAME` from the front.
absl::string_view WithoutDirective(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (!absl::ConsumePrefix(&text, "log_format ")) return text;
  text = absl::StripLeadingAsciiWhitespace(text);
  const size_t end = std::min(text.find_first_of(" \t\n"), text.size());
  return absl::StripLeadingAsciiWhitespace(text.substr(end));
}

}  // namespace

absl::StatusOr<LogFormat> CompileNginxLogFormat(absl::string_view text) {
  text = WithoutDirective(text);
  bool escaped = true;
  if (absl::ConsumePrefix(&text, "escape=")) {
    const size_t end = std::min(text.find_first_of(" \t\n"), text.size());
    escaped = text.substr(0, end) != "none";
    text = absl::StripLeadingAsciiWhitespace(text.substr(end));
  }
  const std::string format = JoinQuoted(text);
  std::vector<Item> items;
  std::string literal;
  for (size_t i = 0; i < format.size();) {
    if (format[i] != '$') {
      literal.push_back(format[i++]);
      continue;
    }
    const bool braced = i + 1 < format.size() && format[i + 1] == '{';
    const size_t begin = i + (braced ? 2 : 1);
    size_t end = begin;
    while (end < format.size() && IsNameChar(format[end])) ++end;
    items.push_back(ItemOf(absl::string_view(format).substr(begin, end - begin)));
    items.back().before = std::exchange(literal, std::string());
    i = end + (braced && end < format.size() ? 1 : 0);
  }
  return LogFormat::Create(std::move(items), std::move(literal), escaped);
}

}  // namespace sequitur::decode
