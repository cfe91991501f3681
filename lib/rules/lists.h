#pragma once

// Lists: the named sets of strings, patterns and CIDRs that a rule calls
// `$name`. A file of config/lists maps names to entries:
//
//   suspicious_children: [sh, bash, osascript]
//   scanners:
//     description: Addresses of our own vulnerability scanners
//     entries: [10.0.9.0/24, "fd00:9::/64"]
//
// Bounds: the Document's; a name is a letter, then letters, digits, `_`.

#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/string_view.h"
#include "base/diagnostic.h"
#include "yaml/document.h"

namespace sequitur::rules {

struct NamedList {
  std::string description;
  std::vector<std::string> entries;
  std::string file;
  int line = 0;
};

class Lists {
 public:
  // Adds the lists of a file; a name may be given once over all files.
  void Add(yaml::Document& document);

  const NamedList* Find(absl::string_view name) const;
  // By name.
  const absl::btree_map<std::string, NamedList>& all() const { return lists_; }

 private:
  void AddList(const yaml::Node& name, const yaml::Node& value);

  absl::btree_map<std::string, NamedList> lists_;
};

}  // namespace sequitur::rules
