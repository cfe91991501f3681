#pragma once

// RequiredLiterals: what the value of a field must hold for a condition to be true:
// one of some literals, as the whole of it or somewhere within. All are their own
// FoldCase and compare without case: what a condition requires may be more.

#include <string>
#include <vector>

#include "event/field_table.h"

namespace sequitur::eql {

// Where in a text a literal stands.
enum class Place : uint8_t { kWhole, kStart, kEnd, kAnywhere };

struct RequiredLiterals {
  event::FieldId field = 0;
  Place place = Place::kWhole;
  // Some are numbers, written as such: a text that spells one is equal to it.
  bool numbers = false;
  std::vector<std::string> literals;
};

}  // namespace sequitur::eql
