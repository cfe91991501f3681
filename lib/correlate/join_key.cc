// Encoding of one component: a tag, and for text its length, seven bits a byte and
// the lowest first, and the bytes. 'n' null, 'h' the canonical host, 't' text. Short
// keys are held in place (key_state.h), and an address makes a short one.

#include "correlate/join_key.h"

#include <cmath>
#include <optional>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"

namespace sequitur::correlate {
namespace {

using event::Value;

void AppendText(absl::string_view text, std::string& key) {
  key.push_back('t');
  size_t size = text.size();
  for (; size >= 0x80; size >>= 7) key.push_back(static_cast<char>(size | 0x80));
  key.push_back(static_cast<char>(size));
  key.append(text.data(), text.size());
}

size_t TakeSize(absl::string_view& key) {
  size_t size = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(key.front());
    key.remove_prefix(1);
    size |= static_cast<size_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return size;
  }
}

void AppendScalar(const Value& value, std::string& key) {
  switch (value.kind()) {
    case Value::Kind::kString:
      return AppendText(value.string_value(), key);
    case Value::Kind::kInt:
      return AppendText(absl::AlphaNum(value.int_value()).Piece(), key);
    case Value::Kind::kBool:
      return AppendText(value.bool_value() ? "true" : "false", key);
    case Value::Kind::kDouble: {
      const double d = value.double_value();
      if (std::trunc(d) == d && std::fabs(d) < 9e15) {
        return AppendText(absl::AlphaNum(static_cast<int64_t>(d)).Piece(), key);
      }
      return AppendText(absl::AlphaNum(d).Piece(), key);
    }
    case Value::Kind::kNull:
    case Value::Kind::kList:
      key.push_back('n');
  }
}

// One component that stands for a list: its distinct elements.
using Elements = absl::InlinedVector<Value, 4>;

Elements Distinct(const Value& list) {
  Elements distinct;
  for (const Value& v : list.list_value()) {
    if (distinct.size() >= kMaxKeysPerEvent) break;
    if (std::find(distinct.begin(), distinct.end(), v) == distinct.end()) distinct.push_back(v);
  }
  return distinct;
}

// The product of the components, as an odometer over their elements.
size_t ForEachOfProduct(const event::Event& event, absl::Span<const eql::KeyField> fields,
                        std::string& scratch,
                        absl::FunctionRef<void(const std::string& key)> each) {
  absl::InlinedVector<Elements, 4> components;
  size_t total = 1;
  for (const eql::KeyField& field : fields) {
    const Value& value = event.Get(field.field);
    components.push_back(value.is_list() && !IsHostField(field.field) ? Distinct(value)
                                                                      : Elements{value});
    total *= components.back().size();
  }
  const size_t used = std::min(total, kMaxKeysPerEvent);
  for (size_t n = 0; n < used; ++n) {
    scratch.clear();
    size_t rest = n;
    for (size_t i = 0; i < components.size(); ++i) {
      if (IsHostField(fields[i].field)) {
        scratch.push_back('h');
      } else {
        AppendScalar(components[i][rest % components[i].size()], scratch);
      }
      rest /= components[i].size();
    }
    each(scratch);
  }
  return total - used;
}

}  // namespace

bool IsHostField(event::FieldId id) {
  return id == event::field::kHostId || id == event::field::kHostName;
}

bool SameInKey(const Value& a, const Value& b) {
  if (a.kind() == b.kind()) return a == b;
  std::string left, right;
  AppendScalar(a, left);
  AppendScalar(b, right);
  return left == right;
}

size_t ForEachJoinKey(const event::Event& event, absl::Span<const eql::KeyField> fields,
                      std::string& scratch, absl::FunctionRef<void(const std::string& key)> each) {
  bool product = false;
  scratch.clear();
  for (const eql::KeyField& field : fields) {
    if (IsHostField(field.field)) {
      scratch.push_back('h');
      continue;
    }
    const Value& value = event.Get(field.field);
    if (value.is_null() && !field.optional) return 0;
    product = product || value.is_list();
    if (!product) AppendScalar(value, scratch);
  }
  if (product) return ForEachOfProduct(event, fields, scratch, each);
  each(scratch);
  return 0;
}

std::vector<std::optional<std::string>> DecodeJoinKey(absl::string_view key) {
  std::vector<std::optional<std::string>> components;
  while (!key.empty()) {
    const char tag = key.front();
    key.remove_prefix(1);
    if (tag != 't') {
      components.push_back(tag == 'h' ? std::optional<std::string>("") : std::nullopt);
      continue;
    }
    const size_t size = TakeSize(key);
    components.emplace_back(std::string(key.substr(0, size)));
    key.remove_prefix(size);
  }
  return components;
}

}  // namespace sequitur::correlate
