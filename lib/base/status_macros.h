#pragma once

// The two control-flow macros of this code base: propagate a failed Status.

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define RETURN_IF_ERROR(expr)                                         \
  do {                                                                \
    if (absl::Status status_ = (expr); !status_.ok()) return status_; \
  } while (false)

#define SEQUITUR_CONCAT_INNER(a, b) a##b
#define SEQUITUR_CONCAT(a, b) SEQUITUR_CONCAT_INNER(a, b)
#define ASSIGN_OR_RETURN(lhs, expr) \
  SEQUITUR_ASSIGN_OR_RETURN(SEQUITUR_CONCAT(status_or_, __LINE__), lhs, expr)
#define SEQUITUR_ASSIGN_OR_RETURN(tmp, lhs, expr) \
  auto tmp = (expr);                              \
  if (!tmp.ok()) return std::move(tmp).status();  \
  lhs = std::move(tmp).value()
