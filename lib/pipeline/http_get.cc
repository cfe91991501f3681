#include "pipeline/http_get.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "httplib.h"

namespace sequitur::pipeline {

absl::StatusOr<HttpAnswer> HttpGet(const std::string& url, absl::Duration timeout) {
  constexpr absl::string_view kScheme = "http://";
  if (!absl::StartsWith(url, kScheme)) {
    return absl::InvalidArgumentError(absl::StrCat("expected http://HOST:PORT/PATH, found ", url));
  }
  const size_t slash = url.find('/', kScheme.size());
  httplib::Client client(url.substr(0, slash));
  client.set_connection_timeout(absl::ToChronoMilliseconds(timeout));
  client.set_read_timeout(absl::ToChronoMilliseconds(timeout));
  const auto result = client.Get(slash == url.npos ? "/" : url.substr(slash));
  if (!result) {
    return absl::UnavailableError(
        absl::StrCat("no answer from ", url, ": ", httplib::to_string(result.error())));
  }
  return HttpAnswer{result->status, result->body};
}

}  // namespace sequitur::pipeline
