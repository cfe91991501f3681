#include "decode/zeek_json.h"

#include "absl/strings/str_cat.h"
#include "decode/flow_fields.h"

namespace sequitur::decode {

using event::Value;

ZeekJson::Place ZeekJson::AddPlace(JsonPaths& paths, absl::string_view prefix,
                                   absl::string_view stream,
                                   const event::Projection& projection) const {
  Place place;
  place.stream = stream;
  place.path = paths.Add(absl::StrCat(prefix, "_path"));
  place.stream_name = paths.Add(absl::StrCat(prefix, "@stream"));
  for (size_t i = 0; i < kZeekColumns; ++i) {
    const absl::string_view name = ZeekColumnName(static_cast<ZeekColumn>(i));
    place.names[i] = paths.Add(absl::StrCat(prefix, name));
    place.aliases[i] = place.names[i];
    const absl::string_view alias = ZeekColumnAlias(static_cast<ZeekColumn>(i));
    if (!alias.empty()) place.aliases[i] = paths.Add(absl::StrCat(prefix, alias));
  }
  const auto time = static_cast<size_t>(ZeekColumn::kTs);
  paths.Put(place.names[time], times_);
  paths.Put(place.aliases[time], times_);
  for (const OwnField& own : OwnFields(projection, "zeek.")) {
    const size_t dot = own.rest.find('.');
    if (dot == own.rest.npos) continue;
    place.own.push_back({own.id, absl::StrCat("zeek.", own.rest.substr(0, dot)),
                         paths.Add(absl::StrCat(prefix, own.rest.substr(dot + 1)))});
  }
  return place;
}

ZeekJson::ZeekJson(JsonPaths& paths, const event::Projection& projection) : times_(paths.AddSet()) {
  places_.push_back(AddPlace(paths, "", "", projection));
  for (absl::string_view stream : {"conn", "conn_long", "http", "ssl", "dns", "ssh"}) {
    places_.push_back(AddPlace(paths, absl::StrCat(stream, "."), stream, projection));
  }
  for (absl::string_view key : {"zeek.", "json."})
    places_.push_back(AddPlace(paths, key, "", projection));
}

const Value& ZeekJson::Get(const Place& place, ZeekColumn column, const JsonCaptures& found) {
  const auto i = static_cast<size_t>(column);
  const Value& value = found.Get(place.names[i]);
  return value.is_null() ? found.Get(place.aliases[i]) : value;
}

absl::string_view ZeekJson::StreamName(const Place& place, const JsonCaptures& found) {
  if (!place.stream.empty()) return place.stream;
  const absl::string_view path = found.Text(place.path);
  return path.empty() ? found.Text(place.stream_name) : path;
}

bool ZeekJson::IsEntry(const Place& place, const JsonCaptures& found) {
  if (Get(place, ZeekColumn::kTs, found).is_null()) return false;
  if (Get(place, ZeekColumn::kOrigHost, found).is_string() &&
      Get(place, ZeekColumn::kRespHost, found).is_string()) {
    return true;
  }
  return place.stream.empty() && !StreamName(place, found).empty();
}

const ZeekJson::Place* ZeekJson::Find(const JsonCaptures& found) const {
  if (!found.HasAnyOf(times_)) return nullptr;
  for (const Place& place : places_) {
    if (IsEntry(place, found)) return &place;
  }
  return nullptr;
}

bool ZeekJson::Recognises(const JsonCaptures& found) const { return Find(found) != nullptr; }

DecodeResult ZeekJson::Decode(const JsonCaptures& found, const LineContext& lines,
                              event::Event& event, EmitEvent emit) const {
  const Place* place = Find(found);
  if (place == nullptr) return DecodeResult::kNotRecognised;
  ZeekRecord record;
  record.stream = StreamName(*place, found);
  for (size_t i = 0; i < kZeekColumns; ++i) {
    record.columns[i] = Get(*place, static_cast<ZeekColumn>(i), found).first();
  }
  const DecodeResult result = DecodeZeek(record, lines, event);
  if (result != DecodeResult::kDecoded) return result;
  for (const Own& own : place->own) {
    if (own.dataset == ZeekDataset(record)) event.Set(own.field, found.Get(own.path));
  }
  emit(event);
  return result;
}

}  // namespace sequitur::decode
