#include "decode/json_reader.h"

#include <cstring>

#include "decode/json_sax.h"
#include "decode/json_scan.h"

namespace sequitur::decode {

using event::Value;

void JsonCaptures::Clear() {
  for (size_t i = 0; i < count_; ++i) values_[present_[i]] = Value();
  count_ = 0;
  sets_ = 0;
}

void JsonCaptures::FindSets(const JsonPaths& paths) {
  for (size_t i = 0; i < count_; ++i) sets_ |= paths.sets_of(present_[i]);
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
  DecodeResult result = DecodeResult::kDecoded;
  if (ScanJson(keys_, json, arena, captures) == Scanned::kNotPlain) {
    bool bad_escape = false;
    result = ReadJsonBySax(keys_.paths(), json, arena, captures, &bad_escape);
    if (bad_escape) {
      result =
          ReadJsonBySax(keys_.paths(), RepairEscapes(json, arena), arena, captures, &bad_escape);
    }
  }
  captures.FindSets(keys_.paths());
  return result;
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
