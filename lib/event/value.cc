#include "event/value.h"

#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace sequitur::event {

bool operator==(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Value::Kind::kNull:
      return true;
    case Value::Kind::kBool:
    case Value::Kind::kInt:
      return a.int_ == b.int_;
    case Value::Kind::kDouble:
      return a.double_ == b.double_;
    case Value::Kind::kString:
      return a.string_value() == b.string_value();
    case Value::Kind::kList:
      return a.list_value() == b.list_value();
  }
  return false;
}

std::string Value::ToString() const {
  switch (kind()) {
    case Kind::kNull:
      return "null";
    case Kind::kBool:
      return bool_value() ? "true" : "false";
    case Kind::kInt:
      return absl::StrCat(int_);
    case Kind::kDouble:
      return absl::StrCat(double_);
    case Kind::kString:
      return std::string(string_value());
    case Kind::kList: {
      std::string out = "[";
      for (const Value& v : list_value()) {
        absl::StrAppend(&out, out.size() > 1 ? ", " : "", v.ToString());
      }
      return out + "]";
    }
  }
  return "";
}

bool ParseInt(absl::string_view text, int64_t* out) {
  if (text.empty() || !(absl::ascii_isdigit(text.back()))) return false;
  constexpr size_t kSurelyFit = 18;
  if (text.size() <= kSurelyFit && text.front() != '-') {
    int64_t value = 0;
    for (const char c : text) {
      if (!absl::ascii_isdigit(c)) return false;
      value = value * 10 + (c - '0');
    }
    *out = value;
    return true;
  }
  if (!(absl::ascii_isdigit(text.front()) || text.front() == '-')) return false;
  return absl::SimpleAtoi(text, out);
}

bool ParseDouble(absl::string_view text, double* out) {
  if (text.empty() || absl::ascii_isspace(text.front()) || absl::ascii_isspace(text.back())) {
    return false;
  }
  return absl::SimpleAtod(text, out) && std::isfinite(*out);
}

}  // namespace sequitur::event
