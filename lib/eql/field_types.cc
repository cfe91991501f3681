#include "eql/field_types.h"

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"

namespace sequitur::eql {
namespace {

// The ECS fields of type date: whole paths, and names that mean one anywhere.
constexpr absl::string_view kDatePaths[] = {"@timestamp",
                                            "event.created",
                                            "event.start",
                                            "event.end",
                                            "event.ingested",
                                            "process.start",
                                            "process.end",
                                            "process.parent.start",
                                            "process.parent.end",
                                            "package.installed",
                                            "file.created",
                                            "file.accessed",
                                            "file.mtime",
                                            "file.ctime",
                                            "threat.indicator.first_seen",
                                            "threat.indicator.last_seen",
                                            "threat.indicator.modified_at"};
constexpr absl::string_view kDateNames[] = {"not_before", "not_after", "creation_date",
                                            "signing_time"};

}  // namespace

bool IsAddressField(absl::string_view path) {
  const absl::string_view name = path.substr(path.rfind('.') + 1);
  return name == "ip" || absl::EndsWith(name, "_ip");
}

bool IsDateField(absl::string_view path) {
  if (absl::c_linear_search(kDatePaths, path)) return true;
  const size_t dot = path.rfind('.');
  return dot != absl::string_view::npos && absl::c_linear_search(kDateNames, path.substr(dot + 1));
}

}  // namespace sequitur::eql
