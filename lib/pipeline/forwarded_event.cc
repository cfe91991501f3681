#include "pipeline/forwarded_event.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "xxhash.h"

namespace sequitur::pipeline {
namespace {

using event::Value;

constexpr absl::string_view kMagic = "SE\x01";

uint32_t PathHash(absl::string_view path) {
  const uint32_t hash = XXH32(path.data(), path.size(), 0);
  return hash == 0 ? 1 : hash;
}

uint64_t ZigZag(int64_t n) {
  return (static_cast<uint64_t>(n) << 1) ^ static_cast<uint64_t>(n >> 63);
}
int64_t UnZigZag(uint64_t n) { return static_cast<int64_t>(n >> 1) ^ -static_cast<int64_t>(n & 1); }

class Output {
 public:
  explicit Output(std::string& out) : out_(out) {}

  void Byte(uint8_t b) { out_.push_back(static_cast<char>(b)); }
  template <typename T>
  void Fixed(T n) {
    char bytes[sizeof(T)];
    std::memcpy(bytes, &n, sizeof(T));  // little-endian hosts only
    out_.append(bytes, sizeof(T));
  }
  void Varint(uint64_t n) {
    for (; n >= 0x80; n >>= 7) Byte(static_cast<uint8_t>(n) | 0x80);
    Byte(static_cast<uint8_t>(n));
  }
  void Signed(int64_t n) { Varint(ZigZag(n)); }
  void Text(absl::string_view text) {
    Varint(text.size());
    out_.append(text.data(), text.size());
  }
  void Put(const Value& value) {
    Byte(static_cast<uint8_t>(value.kind()));
    switch (value.kind()) {
      case Value::Kind::kNull:
        return;
      case Value::Kind::kBool:
        return Byte(value.bool_value() ? 1 : 0);
      case Value::Kind::kInt:
        return Signed(value.int_value());
      case Value::Kind::kDouble:
        return Fixed(value.double_value());
      case Value::Kind::kString:
        return Text(value.string_value());
      case Value::Kind::kList:
        Varint(value.list_value().size());
        for (const Value& element : value.list_value()) Put(element);
        return;
    }
  }

 private:
  std::string& out_;
};

// Reads what Output wrote; every getter is false once the bytes are not enough.
class Input {
 public:
  explicit Input(absl::string_view bytes) : rest_(bytes) {}

  bool Skip(absl::string_view expected) {
    if (rest_.substr(0, expected.size()) != expected) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  bool Byte(uint8_t* b) { return Fixed(b); }
  template <typename T>
  bool Fixed(T* n) {
    if (rest_.size() < sizeof(T)) return false;
    std::memcpy(n, rest_.data(), sizeof(T));
    rest_.remove_prefix(sizeof(T));
    return true;
  }
  bool Varint(uint64_t* n) {
    *n = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      uint8_t b = 0;
      if (!Byte(&b)) return false;
      *n |= static_cast<uint64_t>(b & 0x7f) << shift;
      if (b < 0x80) return true;
    }
    return false;
  }
  bool Signed(int64_t* n) {
    uint64_t raw = 0;
    if (!Varint(&raw)) return false;
    *n = UnZigZag(raw);
    return true;
  }
  template <typename T>
  bool Narrow(T* n) {
    int64_t wide = 0;
    if (!Signed(&wide) || wide != static_cast<int64_t>(static_cast<T>(wide))) return false;
    *n = static_cast<T>(wide);
    return true;
  }
  bool Text(absl::string_view* text) {
    uint64_t size = 0;
    if (!Varint(&size) || size > rest_.size()) return false;
    *text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }
  bool Get(Value* value, Arena& arena) {
    uint8_t kind = 0;
    if (!Byte(&kind)) return false;
    if (static_cast<Value::Kind>(kind) != Value::Kind::kList) return GetScalar(kind, value);
    uint64_t count = 0;
    // An element takes two bytes or more.
    if (!Varint(&count) || count > rest_.size() / 2) return false;
    auto* elements = arena.Allocate<Value>(count);
    for (uint64_t i = 0; i < count; ++i) {
      uint8_t element = 0;
      if (!Byte(&element) || element == 0 || !GetScalar(element, &elements[i])) return false;
    }
    *value = Value::List({elements, count});
    return true;
  }
  bool done() const { return rest_.empty(); }

 private:
  bool GetScalar(uint8_t kind, Value* value) {
    switch (static_cast<Value::Kind>(kind)) {
      case Value::Kind::kNull:
        *value = Value();
        return true;
      case Value::Kind::kBool: {
        uint8_t b = 0;
        if (!Byte(&b) || b > 1) return false;
        *value = Value::Bool(b == 1);
        return true;
      }
      case Value::Kind::kInt: {
        int64_t n = 0;
        if (!Signed(&n)) return false;
        *value = Value::Int(n);
        return true;
      }
      case Value::Kind::kDouble: {
        double d = 0;
        if (!Fixed(&d)) return false;
        *value = Value::Double(d);
        return true;
      }
      case Value::Kind::kString: {
        absl::string_view text;
        if (!Text(&text)) return false;
        *value = Value::String(text);
        return true;
      }
      default:
        return false;
    }
  }

  absl::string_view rest_;
};

}  // namespace

absl::Status CheckFieldHashes(const event::Projection& projection) {
  absl::flat_hash_map<uint32_t, event::FieldId> seen;
  for (event::FieldId id = 0; id < projection.size(); ++id) {
    if (!projection.Has(id)) continue;
    const auto [other, added] = seen.emplace(PathHash(projection.fields().path(id)), id);
    if (added) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("the fields '", projection.fields().path(id), "' and '",
                     projection.fields().path(other->second),
                     "' cannot be told apart on the events topic; rename one"));
  }
  return absl::OkStatus();
}

uint32_t EventWriter::HashOf(event::FieldId id) {
  if (id >= hashes_.size()) hashes_.resize(fields_.size(), 0);
  uint32_t& hash = hashes_[id];
  if (hash == 0) hash = PathHash(fields_.path(id));
  return hash;
}

void EventWriter::Write(const event::Event& event, std::string& out) {
  out.assign(kMagic.data(), kMagic.size());
  Output to(out);
  to.Signed(event.time);
  to.Signed(event.record_time);
  to.Signed(event.sequence);
  to.Fixed(event.identity);
  to.Text(sources_.name(event.position.source));
  to.Signed(event.position.partition);
  to.Signed(event.position.offset);
  to.Signed(event.position.row);
  to.Byte(static_cast<uint8_t>(event.claim.role));
  to.Text(event.claim.id);
  to.Text(event.claim.name);
  to.Text(event.claim.agent_id);
  to.Put(event.claim.addresses);
  uint64_t count = 0;
  for (event::FieldId id : event.present()) count += event.Has(id) ? 1 : 0;
  to.Varint(count);
  for (event::FieldId id : event.present()) {
    if (!event.Has(id)) continue;
    to.Fixed(HashOf(id));
    to.Put(event.Get(id));
  }
}

EventReader::EventReader(const event::Projection& projection, SourceNames& sources)
    : sources_(sources) {
  for (event::FieldId id = 0; id < projection.size(); ++id) {
    if (projection.Has(id)) fields_.emplace(PathHash(projection.fields().path(id)), id);
  }
}

bool EventReader::Read(absl::string_view bytes, event::Event& event) {
  event.Reset();
  Input from(bytes);
  absl::string_view topic;
  uint8_t role = 0;
  uint64_t count = 0;
  const bool head = from.Skip(kMagic) && from.Signed(&event.time) &&
                    from.Signed(&event.record_time) && from.Signed(&event.sequence) &&
                    from.Fixed(&event.identity) && from.Text(&topic) &&
                    from.Narrow(&event.position.partition) && from.Signed(&event.position.offset) &&
                    from.Narrow(&event.position.row) && from.Byte(&role) && role <= 1 &&
                    from.Text(&event.claim.id) && from.Text(&event.claim.name) &&
                    from.Text(&event.claim.agent_id) &&
                    from.Get(&event.claim.addresses, event.arena()) && from.Varint(&count);
  if (!head) return false;
  event.claim.role = static_cast<event::HostClaim::Role>(role);
  for (uint64_t i = 0; i < count; ++i) {
    uint32_t hash = 0;
    Value value;
    if (!from.Fixed(&hash) || !from.Get(&value, event.arena())) return false;
    const auto field = fields_.find(hash);
    if (field != fields_.end()) event.Set(field->second, value);
  }
  if (!from.done()) return false;
  event.position.source = sources_.Intern(topic);
  return true;
}

}  // namespace sequitur::pipeline
