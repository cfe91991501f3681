// RapidJSON's SAX parser, in situ over a copy in the arena, drives a cursor
// through the trie of wanted paths. Where the cursor is off the trie, values
// are dropped as they come.

#include "decode/json_sax.h"

#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "decode/json_captures.h"
#include "rapidjson/error/error.h"
#include "rapidjson/reader.h"

namespace sequitur::decode {

using event::Value;

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

DecodeResult ReadJsonBySax(const JsonPaths& paths, absl::string_view json, Arena& arena,
                           JsonCaptures& captures, bool* bad_escape) {
  CaptureWriter writer(captures, arena, paths.size());
  char* scratch = arena.Allocate<char>(json.size() + 1);
  std::memcpy(scratch, json.data(), json.size());
  scratch[json.size()] = '\0';
  Stream stream(scratch);
  SaxHandler handler(paths, json, stream, writer, arena);
  rapidjson::Reader reader;
  constexpr unsigned kFlags = rapidjson::kParseInsituFlag | rapidjson::kParseFullPrecisionFlag;
  const auto result = reader.Parse<kFlags>(stream, handler);
  // A NUL byte ends RapidJSON's text early; the rest would go unread.
  if (!result.IsError() && stream.Tell() == json.size()) return DecodeResult::kDecoded;
  captures.Clear();
  *bad_escape = result.Code() == rapidjson::kParseErrorStringEscapeInvalid;
  return handler.too_deep() ? DecodeResult::kTooDeep : DecodeResult::kMalformedJson;
}

}  // namespace sequitur::decode
