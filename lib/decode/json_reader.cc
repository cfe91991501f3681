// RapidJSON's SAX parser, in situ over a copy in the arena, drives a cursor
// through the trie of wanted paths. Where the cursor is off the trie, values
// are dropped as they come.

#include "decode/json_reader.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "rapidjson/error/error.h"
#include "rapidjson/reader.h"

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

uint32_t JsonPaths::Child(uint32_t node, absl::string_view key) {
  const auto [it, added] =
      nodes_[node].children.try_emplace(std::string(key), static_cast<uint32_t>(nodes_.size()));
  const uint32_t child = it->second;
  if (added) nodes_.emplace_back();
  return child;
}

uint32_t JsonPaths::Find(uint32_t node, absl::string_view key) const {
  while (true) {
    const auto& children = nodes_[node].children;
    if (children.empty()) return kNone;
    const auto it = children.find(key);
    if (it != children.end()) return it->second;
    // A dotted key walks as many steps as it has parts.
    const size_t dot = key.find('.');
    if (dot == key.npos) return kNone;
    const auto step = children.find(key.substr(0, dot));
    if (step == children.end()) return kNone;
    node = step->second;
    key.remove_prefix(dot + 1);
  }
}

void JsonCaptures::Clear() {
  for (PathId id : present_) values_[id] = Value();
  present_.clear();
}

// CaptureWriter adds captured values; several at one path become a list that doubles.
class CaptureWriter {
 public:
  CaptureWriter(JsonCaptures& captures, Arena& arena, size_t paths)
      : captures_(captures), arena_(arena) {
    captures_.Clear();
    if (captures_.values_.size() < paths) captures_.values_.resize(paths);
  }

  void Add(int id, Value value) {
    Value& slot = captures_.values_[id];
    if (slot.is_null()) {
      slot = value;
      captures_.present_.push_back(static_cast<PathId>(id));
      return;
    }
    const auto old = slot.elements();
    const size_t count = old.size();
    // A list of n has room up to the next power of two.
    auto* list = const_cast<Value*>(old.data());
    if (!slot.is_list() || (count & (count - 1)) == 0) {
      list = arena_.Allocate<Value>(std::max<size_t>(4, count * 2));
      std::copy(old.begin(), old.end(), list);
    }
    list[count] = value;
    slot = Value::List({list, count + 1});
  }

 private:
  JsonCaptures& captures_;
  Arena& arena_;
};

namespace {

using Stream = rapidjson::InsituStringStream;

class SaxHandler {
 public:
  using Ch = char;

  SaxHandler(const JsonPaths& paths, absl::string_view original, Stream& stream,
             CaptureWriter& writer, Arena& arena)
      : paths_(paths), original_(original), stream_(stream), writer_(writer), arena_(arena) {}

  bool too_deep() const { return too_deep_; }

  bool Null() { return depth_ > 0; }
  bool Bool(bool b) { return Scalar(Value::Bool(b)); }
  bool Int(int i) { return Scalar(Value::Int(i)); }
  bool Uint(unsigned i) { return Scalar(Value::Int(i)); }
  bool Int64(int64_t i) { return Scalar(Value::Int(i)); }
  bool Uint64(uint64_t i) {
    if (i <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      return Scalar(Value::Int(static_cast<int64_t>(i)));
    }
    // Beyond int64 a double would lose digits; text keeps them.
    return Scalar(Value::String(arena_.Copy(absl::StrCat(i))));
  }
  bool Double(double d) { return Scalar(Value::Double(d)); }
  bool RawNumber(const char*, rapidjson::SizeType, bool) { return false; }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    return Scalar(Value::String({text, size}));
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    const uint32_t parent = levels_[depth_].node;
    next_ = parent == JsonPaths::kNone ? parent : paths_.Find(parent, {text, size});
    return true;
  }
  bool StartObject() { return Start(/*array=*/false); }
  bool EndObject(rapidjson::SizeType) { return End(); }
  bool StartArray() { return depth_ > 0 && Start(/*array=*/true); }
  bool EndArray(rapidjson::SizeType) { return End(); }

 private:
  struct Level {
    uint32_t node = JsonPaths::kRoot;
    size_t start = 0;
    bool array = false;
  };

  // Elements of an array belong where the array does.
  uint32_t node() const { return levels_[depth_].array ? levels_[depth_].node : next_; }

  bool Scalar(Value value) {
    const int id = paths_.value_at(node());
    if (id >= 0) writer_.Add(id, value);
    return depth_ > 0;  // a bare scalar is no document
  }

  bool Start(bool array) {
    too_deep_ = depth_ == kMaxJsonDepth;
    if (too_deep_) return false;
    const uint32_t node = this->node();
    levels_[++depth_] = {node, stream_.Tell() - 1, array};
    return true;
  }

  bool End() {
    const Level level = levels_[depth_--];
    const int id = paths_.raw_at(level.node);
    // Within an array, the array itself is the raw value and not each element.
    if (id >= 0 && !levels_[depth_].array) {
      writer_.Add(id, Value::String(original_.substr(level.start, stream_.Tell() - level.start)));
    }
    return true;
  }

  const JsonPaths& paths_;
  absl::string_view original_;
  Stream& stream_;
  CaptureWriter& writer_;
  Arena& arena_;
  Level levels_[kMaxJsonDepth + 1];
  int depth_ = 0;
  uint32_t next_ = JsonPaths::kRoot;  // node of the value that follows
  bool too_deep_ = false;
};

}  // namespace

DecodeResult JsonReader::ReadOnce(absl::string_view json, Arena& arena, JsonCaptures& captures,
                                  bool* bad_escape) {
  CaptureWriter writer(captures, arena, paths_->size());
  char* scratch = arena.Allocate<char>(json.size() + 1);
  std::memcpy(scratch, json.data(), json.size());
  scratch[json.size()] = '\0';
  Stream stream(scratch);
  SaxHandler handler(*paths_, json, stream, writer, arena);
  rapidjson::Reader reader;
  constexpr unsigned kFlags = rapidjson::kParseInsituFlag | rapidjson::kParseFullPrecisionFlag;
  const auto result = reader.Parse<kFlags>(stream, handler);
  // A NUL byte ends RapidJSON's text early; the rest would go unread.
  if (!result.IsError() && stream.Tell() == json.size()) return DecodeResult::kDecoded;
  captures.Clear();
  *bad_escape = result.Code() == rapidjson::kParseErrorStringEscapeInvalid;
  return handler.too_deep() ? DecodeResult::kTooDeep : DecodeResult::kMalformedJson;
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
  bool bad_escape = false;
  const DecodeResult result = ReadOnce(json, arena, captures, &bad_escape);
  if (!bad_escape) return result;
  return ReadOnce(RepairEscapes(json, arena), arena, captures, &bad_escape);
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
