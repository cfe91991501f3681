#include "rules/links.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "yaml/scalar.h"

namespace sequitur::rules {
namespace {

using yaml::Mapping;
using yaml::Node;

bool IsFieldPath(absl::string_view path) {
  return !path.empty() && path.front() != '.' && path.back() != '.' &&
         std::all_of(path.begin(), path.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' ||
                  c == '-' || c == '@';
         });
}

// `a.b = c.d`, or `a.b`.
std::optional<LinkSpec::PairSpec> ReadPair(const Node& node) {
  const auto text = node.AsString();
  if (!text) return std::nullopt;
  std::vector<std::string> sides = absl::StrSplit(*text, '=');
  for (std::string& side : sides) absl::StripAsciiWhitespace(&side);
  if (sides.size() > 2 || !std::all_of(sides.begin(), sides.end(), IsFieldPath)) {
    node.AddError(
        absl::StrCat("expected a field that both steps have, or `earlier.field = later.field`, "
                     "found ",
                     yaml::Quoted(*text)));
    return std::nullopt;
  }
  return LinkSpec::PairSpec{sides.front(), sides.back()};
}

std::string TextOf(const LinkSpec::PairSpec& pair) {
  return pair.earlier == pair.later ? pair.earlier : absl::StrCat(pair.earlier, " = ", pair.later);
}

std::optional<LinkSpec::TieSpec> ReadTie(const Node& node) {
  LinkSpec::TieSpec tie;
  std::optional<LinkSpec::PairSpec> same;
  if (node.is_mapping()) {
    Mapping mapping(node, "a tie");
    if (const auto value = mapping.Require("same")) same = ReadPair(*value);
    if (const auto value = mapping.Get("within")) {
      tie.within = ReadPair(*value);
      if (!tie.within) same.reset();
    }
    mapping.Finish();
  } else {
    same = ReadPair(node);
  }
  if (!same) return std::nullopt;
  tie.same = *std::move(same);
  tie.text = TextOf(tie.same);
  return tie;
}

std::vector<LinkSpec::TieSpec> ReadTies(const std::optional<Node>& node) {
  std::vector<LinkSpec::TieSpec> ties;
  if (!node) return ties;
  for (const Node& element : node->Elements()) {
    if (ties.size() == Link::kMaxTies) {
      element.AddError(absl::StrCat("more than ", Link::kMaxTies, " ties in one list"));
      break;
    }
    if (auto tie = ReadTie(element)) ties.push_back(*std::move(tie));
  }
  return ties;
}

// Two numbers, the first the smaller.
bool ReadSteps(const Node& node, LinkSpec& link) {
  const std::vector<Node> elements = node.Elements();
  if (elements.size() == 2) {
    const auto earlier = elements[0].AsInt(1, 1000);
    const auto later = elements[1].AsInt(1, 1000);
    if (!earlier || !later) return false;
    link.earlier = static_cast<int>(*earlier);
    link.later = static_cast<int>(*later);
    if (link.earlier < link.later) return true;
  }
  node.AddError("expected an earlier and a later step, such as [2, 3]");
  return false;
}

std::optional<LinkSpec> ReadLink(const Node& node) {
  LinkSpec link(node);
  Mapping mapping(node, "a link");
  const auto steps = mapping.Require("steps");
  const bool placed = steps && ReadSteps(*steps, link);
  link.by = ReadTies(mapping.Get("by"));
  link.prefer = ReadTies(mapping.Get("prefer"));
  const bool says_nothing = !mapping.Get("by") && !mapping.Get("prefer");
  mapping.Finish();
  if (says_nothing && node.is_mapping()) {
    node.AddError("a link needs `by:` (what must agree) or `prefer:` (what makes it likelier)");
  }
  if (!placed || says_nothing) return std::nullopt;
  return link;
}

}  // namespace

std::vector<LinkSpec> ReadLinks(const yaml::Node& node) {
  std::vector<LinkSpec> links;
  for (const Node& element : node.Elements()) {
    if (links.size() == Link::kMaxLinks) {
      element.AddError(absl::StrCat("more than ", Link::kMaxLinks, " links in one rule"));
      break;
    }
    if (auto link = ReadLink(element)) links.push_back(*std::move(link));
  }
  return links;
}

}  // namespace sequitur::rules
