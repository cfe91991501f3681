#include "eql/scalar.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "absl/strings/ascii.h"

namespace sequitur::eql {
namespace {

using event::Value;
using Kind = Value::Kind;

constexpr double kTwoTo63 = 9223372036854775808.0;

bool FitsInt64(double d) { return d >= -kTwoTo63 && d < kTwoTo63; }

Value WholeAsInt(double d) {
  if (FitsInt64(d) && d == std::trunc(d)) return Value::Int(static_cast<int64_t>(d));
  return Value::Double(d);
}

std::partial_ordering CompareIntToDouble(int64_t i, double d) {
  if (d != d) return std::partial_ordering::unordered;
  if (!FitsInt64(d)) return d < 0 ? std::partial_ordering::greater : std::partial_ordering::less;
  const double whole = std::trunc(d);
  if (const auto order = i <=> static_cast<int64_t>(whole); order != 0) return order;
  return 0.0 <=> (d - whole);
}

std::partial_ordering CompareNumbers(const Value& a, const Value& b) {
  const bool a_int = a.kind() == Kind::kInt;
  const bool b_int = b.kind() == Kind::kInt;
  if (a_int && b_int) return a.int_value() <=> b.int_value();
  if (a_int) return CompareIntToDouble(a.int_value(), b.double_value());
  if (b_int) return 0 <=> CompareIntToDouble(b.int_value(), a.double_value());
  return a.double_value() <=> b.double_value();
}

double AsDouble(const Value& number) {
  return number.kind() == Kind::kInt ? static_cast<double>(number.int_value())
                                     : number.double_value();
}

Value IntArithmetic(ArithmeticOp op, int64_t a, int64_t b) {
  int64_t out = 0;
  switch (op) {
    case ArithmeticOp::kAdd:
      if (!__builtin_add_overflow(a, b, &out)) return Value::Int(out);
      break;
    case ArithmeticOp::kSubtract:
      if (!__builtin_sub_overflow(a, b, &out)) return Value::Int(out);
      break;
    case ArithmeticOp::kMultiply:
      if (!__builtin_mul_overflow(a, b, &out)) return Value::Int(out);
      break;
    case ArithmeticOp::kDivide:
      if (b == 0) return Value();
      if (b != -1) return Value::Int(a / b);
      return Negate(Value::Int(a));
    case ArithmeticOp::kModulo:
      if (b == 0) return Value();
      return Value::Int(b == -1 ? 0 : a % b);
  }
  return Value();
}

Value DoubleArithmetic(ArithmeticOp op, double a, double b) {
  double out = 0;
  switch (op) {
    case ArithmeticOp::kAdd:
      out = a + b;
      break;
    case ArithmeticOp::kSubtract:
      out = a - b;
      break;
    case ArithmeticOp::kMultiply:
      out = a * b;
      break;
    case ArithmeticOp::kDivide:
      if (b == 0) return Value();
      out = a / b;
      break;
    case ArithmeticOp::kModulo:
      if (b == 0) return Value();
      out = std::fmod(a, b);
      break;
  }
  return std::isfinite(out) ? Value::Double(out) : Value();
}

}  // namespace

absl::string_view ScalarText(const Value& value, Arena& arena) {
  switch (value.kind()) {
    case Kind::kString:
      return value.string_value();
    case Kind::kBool:
      return value.bool_value() ? "true" : "false";
    case Kind::kInt:
    case Kind::kDouble: {
      constexpr size_t kLongest = 32;
      char buffer[kLongest];
      const Value number = ScalarNumber(value);
      const auto result = number.kind() == Kind::kInt
                              ? std::to_chars(buffer, buffer + kLongest, number.int_value())
                              : std::to_chars(buffer, buffer + kLongest, number.double_value());
      return arena.Copy({buffer, static_cast<size_t>(result.ptr - buffer)});
    }
    case Kind::kNull:
    case Kind::kList:
      break;
  }
  return {};
}

Value ScalarNumber(const Value& value) {
  if (value.kind() == Kind::kInt) return value;
  if (value.kind() == Kind::kDouble) return WholeAsInt(value.double_value());
  if (!value.is_string()) return Value();
  int64_t i = 0;
  double d = 0;
  if (event::ParseInt(value.string_value(), &i)) return Value::Int(i);
  if (event::ParseDouble(value.string_value(), &d)) return WholeAsInt(d);
  return Value();
}

std::partial_ordering CompareScalars(const Value& a, const Value& b, Arena& arena) {
  if (a.is_null() || b.is_null()) return std::partial_ordering::unordered;
  if (a.is_number() && b.is_number()) return CompareNumbers(a, b);
  if (!a.is_string() && !b.is_string()) {
    if (a.kind() != b.kind()) return std::partial_ordering::unordered;
    return a.bool_value() <=> b.bool_value();
  }
  if (a.is_number() || b.is_number()) {
    const Value left = ScalarNumber(a);
    const Value right = ScalarNumber(b);
    if (!left.is_null() && !right.is_null()) return CompareNumbers(left, right);
  }
  return ScalarText(a, arena).compare(ScalarText(b, arena)) <=> 0;
}

bool Holds(CompareOp op, std::partial_ordering order) {
  switch (op) {
    case CompareOp::kEqual:
      return order == 0;
    case CompareOp::kNotEqual:
      return order != 0;
    case CompareOp::kLess:
      return order < 0;
    case CompareOp::kLessEqual:
      return order <= 0;
    case CompareOp::kGreater:
      return order > 0;
    case CompareOp::kGreaterEqual:
      return order >= 0;
  }
  return false;
}

Value Arithmetic(ArithmeticOp op, const Value& a, const Value& b) {
  const auto number = [](const Value& v) { return v.is_number() ? v : ScalarNumber(v); };
  const Value left = number(a);
  const Value right = number(b);
  if (left.is_null() || right.is_null()) return Value();
  if (left.kind() == Kind::kInt && right.kind() == Kind::kInt) {
    const bool by_zero =
        right.int_value() == 0 && (op == ArithmeticOp::kDivide || op == ArithmeticOp::kModulo);
    const Value exact = IntArithmetic(op, left.int_value(), right.int_value());
    if (by_zero || !exact.is_null()) return exact;
  }
  return DoubleArithmetic(op, AsDouble(left), AsDouble(right));
}

Value Negate(const Value& value) {
  const Value number = value.is_number() ? value : ScalarNumber(value);
  if (number.is_null()) return Value();
  if (number.kind() == Kind::kDouble) return Value::Double(-number.double_value());
  if (number.int_value() == std::numeric_limits<int64_t>::min()) return Value::Double(kTwoTo63);
  return Value::Int(-number.int_value());
}

std::optional<event::TimeNs> ScalarTime(const Value& value) {
  if (value.is_string()) {
    const absl::TimeZone utc = absl::UTCTimeZone();
    if (const auto time = event::ParseIso8601(value.string_value(), &utc)) return time;
  }
  const Value number = ScalarNumber(value);
  if (number.is_null()) return std::nullopt;
  constexpr double kMaxMillis = 9.2e12;
  const double millis = AsDouble(number);
  if (std::fabs(millis) > kMaxMillis) return std::nullopt;
  if (number.kind() == Kind::kInt) return number.int_value() * event::kMillisecond;
  return static_cast<event::TimeNs>(std::llround(millis * 1e6));
}

Value LiteralValue(const Literal& literal) {
  if (const bool* b = std::get_if<bool>(&literal)) return Value::Bool(*b);
  if (const int64_t* i = std::get_if<int64_t>(&literal)) return Value::Int(*i);
  if (const double* d = std::get_if<double>(&literal)) return Value::Double(*d);
  if (const std::string* s = std::get_if<std::string>(&literal)) return Value::String(*s);
  return Value();
}

}  // namespace sequitur::eql
