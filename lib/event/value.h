#pragma once

// Value: what one field of an event holds. Sixteen bytes, trivially copyable;
// a string or list is a view into the event's record or arena (or into the
// Snapshot that keeps it) and is valid as long as that is.
//
// A list holds scalars only, never null and never another list: decoders
// flatten, and drop nulls, as Elasticsearch does when it indexes a document.
// An empty list is null.

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace sequitur::event {

class Value {
 public:
  enum class Kind : uint8_t { kNull, kBool, kInt, kDouble, kString, kList };

  constexpr Value() = default;
  static constexpr Value Null() { return Value(); }
  static constexpr Value Bool(bool b) {
    Value v(Kind::kBool);
    v.int_ = b ? 1 : 0;
    return v;
  }
  static constexpr Value Int(int64_t i) {
    Value v(Kind::kInt);
    v.int_ = i;
    return v;
  }
  static constexpr Value Double(double d) {
    Value v(Kind::kDouble);
    v.double_ = d;
    return v;
  }
  static constexpr Value String(absl::string_view s) {
    Value v(Kind::kString);
    v.chars_ = s.data();
    v.tag_ = Tag(Kind::kString, s.size());
    return v;
  }
  // No elements: null. One element: still a list.
  static constexpr Value List(absl::Span<const Value> elements) {
    if (elements.empty()) return Value();
    Value v(Kind::kList);
    v.elements_ = elements.data();
    v.tag_ = Tag(Kind::kList, elements.size());
    return v;
  }

  constexpr Kind kind() const { return static_cast<Kind>(static_cast<uint8_t>(tag_)); }
  constexpr bool is_null() const { return tag_ == 0; }
  constexpr bool is_string() const { return kind() == Kind::kString; }
  constexpr bool is_list() const { return kind() == Kind::kList; }
  constexpr bool is_number() const { return kind() == Kind::kInt || kind() == Kind::kDouble; }

  // REQUIRES: the kind each names.
  constexpr bool bool_value() const { return int_ != 0; }
  constexpr int64_t int_value() const { return int_; }
  constexpr double double_value() const { return double_; }
  constexpr absl::string_view string_value() const { return {chars_, size()}; }
  constexpr absl::Span<const Value> list_value() const { return {elements_, size()}; }

  // The value as its elements: itself for a scalar, nothing for null.
  absl::Span<const Value> elements() const {
    if (is_list()) return list_value();
    return {this, is_null() ? size_t{0} : size_t{1}};
  }
  // The first element, or null.
  Value first() const { return is_list() ? elements_[0] : *this; }
  // The first element's text when it is a string, else empty.
  absl::string_view text() const {
    const Value v = first();
    return v.is_string() ? v.string_value() : absl::string_view();
  }

  // Exact equality of kind and content (not EQL's `==`).
  friend bool operator==(const Value& a, const Value& b);

  // For people and logs: strings bare, lists in brackets.
  std::string ToString() const;

 private:
  explicit constexpr Value(Kind kind) : tag_(Tag(kind, 0)) {}

  static constexpr uint64_t Tag(Kind kind, size_t size) {
    return static_cast<uint64_t>(size) << 32 | static_cast<uint8_t>(kind);
  }
  constexpr uint32_t size() const { return static_cast<uint32_t>(tag_ >> 32); }

  union {
    int64_t int_ = 0;
    double double_;
    const char* chars_;
    const Value* elements_;
  };
  // Size and kind in one word: a Value is written by two stores and read by two
  // loads, which a processor can pass from one to the other.
  uint64_t tag_ = 0;
};

static_assert(sizeof(Value) == 16);

// Decimal digits with an optional leading '-', within int64.
bool ParseInt(absl::string_view text, int64_t* out);
// A decimal floating-point number, whole text; no NaN, no infinity.
bool ParseDouble(absl::string_view text, double* out);

}  // namespace sequitur::event
