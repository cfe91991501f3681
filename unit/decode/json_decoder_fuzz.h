#pragma once

// What holds for every JSON decoder on any bytes: it says kDecoded exactly when
// it emitted something, every event has a time, values are well-formed, and the
// same bytes give the same events.

#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

#include "decode/fact_identity.h"
#include "decode/json_reader.h"
#include "decode/text_source.h"
#include "event/event.h"

namespace sequitur::decode {

template <typename Decoder>
class JsonDecoderFuzz {
 public:
  template <typename... Args>
  explicit JsonDecoderFuzz(Args... args)
      : projection_(AllKnown(table_)),
        decoder_(paths_, projection_, args...),
        reader_(paths_),
        event_(projection_) {}

  void Run(const uint8_t* data, size_t size) {
    const absl::string_view json(reinterpret_cast<const char*>(data), size);
    if (Digest(json) != Digest(json)) std::abort();
  }

 private:
  static event::Projection AllKnown(const event::FieldTable& table) {
    event::Projection projection(table);
    projection.AddAllKnown();
    return projection;
  }

  uint64_t Digest(absl::string_view json) {
    event_.Reset();
    const DecodeResult read = reader_.Read(json, event_.arena(), found_);
    if (read != DecodeResult::kDecoded) return static_cast<uint64_t>(read);
    FactIdentity digest;
    digest.Add(int64_t{decoder_.Recognises(found_)});
    int emitted = 0;
    const DecodeResult result =
        decoder_.Decode(found_, LineContext(), event_, [&](event::Event& event) {
          ++emitted;
          AddEvent(event, digest);
        });
    if ((result == DecodeResult::kDecoded) != (emitted > 0)) std::abort();
    return digest.Add(static_cast<int64_t>(result)).value();
  }

  static void AddEvent(const event::Event& event, FactIdentity& digest) {
    if (event.time == event::kNoTime) std::abort();
    digest.Add(event.time).Add(static_cast<int64_t>(event.identity)).Add(event.sequence);
    digest.Add(event.claim.id).Add(event.claim.name);
    for (event::FieldId id : event.present()) {
      const event::Value& value = event.Get(id);
      if (value.is_list() && value.list_value().empty()) std::abort();
      for (const event::Value& element : value.elements()) {
        if (element.is_null() || element.is_list()) std::abort();
        if (element.is_string()) digest.Add(element.string_value());
      }
    }
  }

  event::FieldTable table_;
  event::Projection projection_;
  JsonPaths paths_;
  Decoder decoder_;
  JsonReader reader_;
  JsonCaptures found_;
  event::Event event_;
};

}  // namespace sequitur::decode
