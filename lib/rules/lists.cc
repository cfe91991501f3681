#include "rules/lists.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "yaml/scalar.h"

namespace sequitur::rules {
namespace {

bool IsListName(absl::string_view name) {
  return !name.empty() && absl::ascii_isalpha(name[0]) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '_'; });
}

}  // namespace

void Lists::Add(yaml::Document& document) {
  const yaml::Node root = document.root();
  if (root.is_null()) return;
  if (!root.is_mapping()) {
    root.AddError("expected lists by name, such as `scanners: [10.0.9.0/24]`");
    return;
  }
  for (const yaml::Node::Entry& entry : root.Entries()) AddList(entry.key, entry.value);
}

void Lists::AddList(const yaml::Node& name, const yaml::Node& value) {
  if (!IsListName(name.text())) {
    name.AddError(
        absl::StrCat("expected a list's name (a letter, then letters, digits or _), found ",
                     yaml::Quoted(name.text())));
    return;
  }
  NamedList list;
  list.file = std::string(name.file());
  list.line = name.line();
  if (value.is_mapping()) {
    yaml::Mapping mapping(value, "a list");
    list.description = mapping.GetString("description").value_or("");
    list.entries = mapping.GetStrings("entries");
    if (mapping.Get("entries") == std::nullopt) {
      name.AddError(absl::StrCat("list ", yaml::Quoted(name.text()),
                                 " needs 'entries'; an empty one is written []"));
    }
    mapping.Finish();
  } else {
    list.entries = value.AsStrings();
  }
  const auto [found, inserted] = lists_.emplace(name.text(), std::move(list));
  if (inserted) return;
  name.AddError(absl::StrCat("list ", yaml::Quoted(name.text()), " is already given in ",
                             found->second.file, ":", found->second.line));
}

const NamedList* Lists::Find(absl::string_view name) const {
  const auto found = lists_.find(name);
  return found == lists_.end() ? nullptr : &found->second;
}

}  // namespace sequitur::rules
