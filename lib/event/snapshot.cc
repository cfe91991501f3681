// One block of memory: the Snapshot, its values, the elements of its lists,
// its field ids, its characters, in that order of falling alignment.

#include "event/snapshot.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "absl/container/inlined_vector.h"

namespace sequitur::event {
namespace {

struct Sizes {
  size_t max_string = 0;
  size_t elements = 0;
  size_t chars = 0;

  size_t OfString(const Value& v) const {
    return v.is_string() ? std::min(v.string_value().size(), max_string) : 0;
  }

  void Add(const Value& value) {
    if (!value.is_list()) {
      chars += OfString(value);
      return;
    }
    elements += value.list_value().size();
    for (const Value& element : value.list_value()) chars += OfString(element);
  }
};

// Copies values into the block, strings and list elements behind them.
class BlockWriter {
 public:
  BlockWriter(const Sizes& sizes, Value* elements, char* chars)
      : sizes_(sizes), elements_(elements), chars_(chars) {}

  Value Copy(const Value& value) {
    if (value.is_string()) return CopyString(value);
    if (!value.is_list()) return value;
    Value* first = elements_;
    for (const Value& element : value.list_value()) *elements_++ = CopyString(element);
    return Value::List({first, value.list_value().size()});
  }

 private:
  Value CopyString(const Value& value) {
    if (!value.is_string()) return value;
    const size_t size = sizes_.OfString(value);
    char* to = chars_;
    if (size > 0) std::memcpy(to, value.string_value().data(), size);
    chars_ += size;
    return Value::String({to, size});
  }

  const Sizes& sizes_;
  Value* elements_;
  char* chars_;
};

}  // namespace

SnapshotRef Snapshot::Of(const Event& event, MemoryAccount* account, size_t max_string) {
  absl::InlinedVector<FieldId, 64> fields(event.present().begin(), event.present().end());
  std::sort(fields.begin(), fields.end());
  fields.erase(std::unique(fields.begin(), fields.end()), fields.end());
  fields.erase(
      std::remove_if(fields.begin(), fields.end(), [&](FieldId id) { return !event.Has(id); }),
      fields.end());
  Sizes sizes{max_string};
  for (FieldId id : fields) sizes.Add(event.Get(id));

  const size_t values_size = (fields.size() + sizes.elements) * sizeof(Value);
  const size_t bytes =
      sizeof(Snapshot) + values_size + fields.size() * sizeof(FieldId) + sizes.chars;
  char* block = static_cast<char*>(::operator new(bytes));
  auto* snapshot = new (block) Snapshot();
  auto* values = reinterpret_cast<Value*>(block + sizeof(Snapshot));
  auto* ids = reinterpret_cast<FieldId*>(block + sizeof(Snapshot) + values_size);
  BlockWriter writer(sizes, values + fields.size(), reinterpret_cast<char*>(ids + fields.size()));
  for (size_t i = 0; i < fields.size(); ++i) {
    new (&values[i]) Value(writer.Copy(event.Get(fields[i])));
    ids[i] = fields[i];
  }
  snapshot->time_ = event.time;
  snapshot->record_time_ = event.record_time;
  snapshot->sequence_ = event.sequence;
  snapshot->identity_ = event.identity;
  snapshot->position_ = event.position;
  snapshot->host_ = event.host;
  snapshot->account_ = account;
  if (account != nullptr) account->Add(static_cast<int64_t>(bytes));
  snapshot->bytes_ = static_cast<uint32_t>(bytes);
  snapshot->count_ = static_cast<uint16_t>(fields.size());
  snapshot->values_ = values;
  snapshot->fields_ = ids;
  return SnapshotRef(snapshot);
}

const Value& Snapshot::Get(FieldId id) const {
  static constexpr Value kNull = Value::Null();
  const FieldId* end = fields_ + count_;
  const FieldId* found = std::lower_bound(fields_, end, id);
  return found != end && *found == id ? values_[found - fields_] : kNull;
}

void Snapshot::Restore(Event& event) const {
  event.Reset();
  for (size_t i = 0; i < count_; ++i) event.Set(fields_[i], values_[i]);
  event.time = time_;
  event.record_time = record_time_;
  event.sequence = sequence_;
  event.identity = identity_;
  event.position = position_;
  event.host = host_;
}

void SnapshotRef::Release() {
  if (snapshot_ == nullptr || --snapshot_->references_ > 0) return;
  if (snapshot_->account_ != nullptr) snapshot_->account_->Add(-int64_t{snapshot_->bytes_});
  snapshot_->~Snapshot();
  ::operator delete(snapshot_);
}

}  // namespace sequitur::event
