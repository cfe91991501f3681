#pragma once

// A site and logs for tests of what reads files.

#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "pipeline/site.h"
#include "testing/temp_folder.h"

namespace sequitur::pipeline {

// Alerts on "a" and then "b" within a minute on a host.
inline std::unique_ptr<const Site> TwoStepSite(const testing::TempFolder& folder) {
  std::ofstream(folder / "rules.yaml") << R"(
id: two-steps
name: Two steps
query: |
  sequence by host.id with maxspan=1m
    [process where process.name == "a"]
    [process where process.name == "b"]
)";
  std::ofstream(folder / "sequitur.yaml") << "lateness: 10m\n";
  auto loaded = Site::Load({folder / "sequitur.yaml", {folder / "rules.yaml"}});
  for (const Diagnostic& problem : loaded.diagnostics) ADD_FAILURE() << problem.message;
  return std::move(loaded.site);
}

// A program that started on a host, so many seconds after the epoch of the test.
inline std::string ProcessRecord(absl::string_view name, int64_t second,
                                 absl::string_view host = "web-1") {
  return absl::StrCat(
      R"({"@timestamp":")",
      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(1767225600 + second),
                       absl::UTCTimeZone()),
      R"(","host":{"name":")", host, R"("},"event":{"category":"process"},"process":{"name":")",
      name, R"("}})");
}

}  // namespace sequitur::pipeline
