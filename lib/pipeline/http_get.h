#pragma once

// One GET over plain HTTP, for health checks. Threads: blocks its caller.

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace sequitur::pipeline {

struct HttpAnswer {
  int status = 0;
  std::string body;
};

// Fails when nobody answers in time; any status is an answer.
absl::StatusOr<HttpAnswer> HttpGet(const std::string& url, absl::Duration timeout);

}  // namespace sequitur::pipeline
