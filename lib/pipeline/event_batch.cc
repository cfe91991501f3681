// One record may hold thousands of events that share a long value, all of them
// views to one place. Copied for each it would be gigabytes, so from the second
// event on long values are copied once. What an event of a record points to stays
// as it is until the last one (Event::Keep::kArena), so its place tells.

#include "pipeline/event_batch.h"

#include <utility>

namespace sequitur::pipeline {
namespace {

using event::Value;

constexpr size_t kLong = 256;        // bytes of a value
constexpr size_t kKeep = 512 << 10;  // bytes of a batch; the memory of a larger one is given back

const void* PlaceOf(const Value& value) {
  if (value.is_list()) return value.list_value().data();
  return value.is_string() ? value.string_value().data() : nullptr;
}

size_t SizeOf(const Value& value) {
  if (value.is_list()) return value.list_value().size() * sizeof(Value);
  return value.is_string() ? value.string_value().size() : 0;
}

}  // namespace

EventBatch::EventBatch() : arena_(std::make_unique<Arena>()) {}

void EventBatch::Clear() {
  if (bytes_ > kKeep) {
    *this = EventBatch();
    return;
  }
  records_.clear();
  events_.clear();
  fields_.clear();
  values_.clear();
  arena_->Reset();
  first_event_ = 0;
  bytes_ = 0;
  bytes_read_ = 0;
}

void EventBatch::Add(const event::Event& event) {
  const event::HostClaim& claim = event.claim;
  const size_t first_field = fields_.size();
  for (const event::FieldId id : event.present()) {
    if (!event.Has(id)) continue;
    fields_.push_back(id);
    values_.push_back(Copy(event.Get(id)));
  }
  const size_t fields = fields_.size() - first_field;
  bytes_ += sizeof(Waiting) + fields * (sizeof(event::FieldId) + sizeof(Value));
  events_.push_back(
      {event.time,
       event.record_time,
       event.sequence,
       event.position,
       event.identity,
       event.host,
       event.clamped,
       {Copy(claim.id), Copy(claim.name), Copy(claim.agent_id), Copy(claim.addresses), claim.role},
       first_field,
       fields});
}

void EventBatch::EndRecord(decode::DecodeResult result, decode::SourceKind kind, int64_t line) {
  const auto end = static_cast<uint32_t>(events_.size());
  records_.push_back({result, kind, first_event_, end - first_event_, line});
  bytes_ += sizeof(Record);
  first_event_ = end;
  if (!copies_.empty()) copies_.clear();
}

absl::string_view EventBatch::Copy(absl::string_view text) {
  return Copy(Value::String(text)).string_value();
}

Value EventBatch::Copy(const Value& value) {
  const bool is_first = events_.size() == first_event_;
  if (is_first || SizeOf(value) < kLong) return CopyAnew(value);
  const auto place = std::make_pair(PlaceOf(value), SizeOf(value));
  const auto known = copies_.find(place);
  if (known != copies_.end()) return known->second;
  const Value copy = CopyAnew(value);
  copies_.emplace(place, copy);
  return copy;
}

Value EventBatch::CopyAnew(const Value& value) {
  bytes_ += SizeOf(value);
  if (value.is_string()) return Value::String(arena_->Copy(value.string_value()));
  if (!value.is_list()) return value;
  const auto elements = value.list_value();
  auto* copies = arena_->Allocate<Value>(elements.size());
  for (size_t i = 0; i < elements.size(); ++i) copies[i] = Copy(elements[i]);
  return Value::List({copies, elements.size()});
}

void EventBatch::Restore(size_t number, event::Event& event) const {
  const Waiting& waiting = events_[number];
  event.Reset();
  for (size_t i = 0; i < waiting.fields; ++i) {
    event.Set(fields_[waiting.first_field + i], values_[waiting.first_field + i]);
  }
  event.time = waiting.time;
  event.record_time = waiting.record_time;
  event.sequence = waiting.sequence;
  event.position = waiting.position;
  event.identity = waiting.identity;
  event.host = waiting.host;
  event.clamped = waiting.clamped;
  event.claim = waiting.claim;
}

}  // namespace sequitur::pipeline
