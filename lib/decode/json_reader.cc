#include "decode/json_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "decode/json_sax.h"
#include "decode/json_scan.h"

namespace sequitur::decode {

using event::Value;

PathId JsonPaths::Add(absl::string_view path, Capture capture) {
  uint32_t node = 0;
  size_t start = 0;
  while (true) {
    const size_t dot = path.find('.', start);
    node = Child(node, path.substr(start, dot == path.npos ? path.npos : dot - start));
    if (dot == path.npos) break;
    start = dot + 1;
  }
  int& id = capture == Capture::kRaw ? nodes_[node].raw : nodes_[node].value;
  if (id < 0) id = size_++;
  return static_cast<PathId>(id);
}

size_t JsonPaths::Hash(absl::string_view key) {
  const size_t size = key.size();
  if (size == 0) return 0;
  const auto byte = [&](size_t at) { return static_cast<size_t>(static_cast<uint8_t>(key[at])); };
  return size + byte(0) * 3 + byte(size / 2) * 31 + byte(size - 1) * 7;
}

uint32_t JsonPaths::Probe(const Node& node, absl::string_view key) {
  const size_t mask = node.slots.size() - 1;
  for (size_t i = Hash(key) & mask;; i = (i + 1) & mask) {
    const Slot& slot = node.slots[i];
    if (slot.child == kNone || slot.key == key) return slot.child;
  }
}

void JsonPaths::Put(Slot slot, std::vector<Slot>& slots) {
  size_t i = Hash(slot.key) & (slots.size() - 1);
  while (slots[i].child != kNone) i = (i + 1) & (slots.size() - 1);
  slots[i] = std::move(slot);
}

uint32_t JsonPaths::Child(uint32_t node, absl::string_view key) {
  if (nodes_[node].children > 0) {
    const uint32_t known = Probe(nodes_[node], key);
    if (known != kNone) return known;
  }
  const auto child = static_cast<uint32_t>(nodes_.size());
  nodes_.emplace_back();
  Node& parent = nodes_[node];
  if (++parent.children * 2 > parent.slots.size()) {
    std::vector<Slot> larger(std::max<size_t>(4, parent.slots.size() * 2));
    for (Slot& slot : parent.slots) {
      if (slot.child != kNone) Put(std::move(slot), larger);
    }
    parent.slots = std::move(larger);
  }
  Put({std::string(key), child}, parent.slots);
  return child;
}

uint32_t JsonPaths::Find(uint32_t node, absl::string_view key) const {
  while (true) {
    if (nodes_[node].children == 0) return kNone;
    const uint32_t child = Probe(nodes_[node], key);
    if (child != kNone) return child;
    // A dotted key walks as many steps as it has parts.
    const size_t dot = key.find('.');
    if (dot == key.npos) return kNone;
    node = Probe(nodes_[node], key.substr(0, dot));
    if (node == kNone) return kNone;
    key.remove_prefix(dot + 1);
  }
}

void JsonCaptures::Clear() {
  for (PathId id : present_) values_[id] = Value();
  present_.clear();
}

namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Turns \xHH into \u00HH (ASCII) or the bare byte, and \v into \u000b, so that
// a strict parser can read what httpd wrote.
absl::string_view RepairEscapes(absl::string_view json, Arena& arena) {
  char* out = arena.Allocate<char>(json.size() * 2);
  size_t size = 0;
  const auto put = [&](absl::string_view text) {
    std::memcpy(out + size, text.data(), text.size());
    size += text.size();
  };
  for (size_t i = 0; i < json.size(); ++i) {
    if (json[i] != '\\' || i + 1 >= json.size()) {
      out[size++] = json[i];
      continue;
    }
    const char escape = json[i + 1];
    const int high = i + 3 < json.size() ? HexDigit(json[i + 2]) : -1;
    const int low = i + 3 < json.size() ? HexDigit(json[i + 3]) : -1;
    if (escape == 'x' && high >= 0 && low >= 0) {
      if (high < 8) {
        put("\\u00");
        put(json.substr(i + 2, 2));
      } else {
        out[size++] = static_cast<char>(high * 16 + low);
      }
      i += 3;
    } else if (escape == 'v') {
      put("\\u000b");
      ++i;
    } else {
      put(json.substr(i, 2));
      ++i;
    }
  }
  return {out, size};
}

}  // namespace

DecodeResult JsonReader::Read(absl::string_view json, Arena& arena, JsonCaptures& captures) {
  if (ScanJson(*paths_, json, arena, captures) != Scanned::kNotPlain) {
    return DecodeResult::kDecoded;
  }
  bool bad_escape = false;
  const DecodeResult result = ReadJsonBySax(*paths_, json, arena, captures, &bad_escape);
  if (!bad_escape) return result;
  return ReadJsonBySax(*paths_, RepairEscapes(json, arena), arena, captures, &bad_escape);
}

void ForEachJsonObject(absl::string_view raw, absl::FunctionRef<void(absl::string_view)> each) {
  int depth = 0;
  size_t start = 0;
  for (size_t i = 0; i < raw.size(); ++i) {
    switch (raw[i]) {
      case '"':
        for (++i; i < raw.size() && raw[i] != '"'; ++i) {
          if (raw[i] == '\\') ++i;
        }
        break;
      case '[':
      case '{':
        if (++depth == 2 && raw[i] == '{') start = i;
        break;
      case ']':
      case '}':
        if (--depth == 1 && raw[i] == '}') each(raw.substr(start, i + 1 - start));
        if (depth == 0) return;
        break;
      default:
        break;
    }
  }
}

}  // namespace sequitur::decode
