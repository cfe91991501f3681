#pragma once

// JsonText: appends one JSON document to a string, in the order of the calls
// and without checking them: the writers of this folder know their shapes.

#include <cstdint>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace sequitur::loadgen {

// Apple's encoder writes "\/" for a slash, everybody else "/".
enum class Slashes { kPlain, kEscaped };

// `text` as the inside of a JSON string.
void AppendEscaped(absl::string_view text, Slashes slashes, std::string& out);

class JsonText {
 public:
  explicit JsonText(std::string& out, Slashes slashes = Slashes::kPlain)
      : out_(out), slashes_(slashes) {}

  JsonText& BeginObject() { return Begin('{'); }
  JsonText& BeginObject(absl::string_view key) { return Key(key).Begin('{'); }
  JsonText& EndObject() { return End('}'); }
  JsonText& BeginArray(absl::string_view key) { return Key(key).Begin('['); }
  JsonText& EndArray() { return End(']'); }

  JsonText& Text(absl::string_view key, absl::string_view value) { return Key(key).Item(value); }
  JsonText& Number(absl::string_view key, int64_t value) {
    return Key(key).Raw(absl::StrCat(value));
  }
  JsonText& Flag(absl::string_view key, bool value) {
    return Key(key).Raw(value ? "true" : "false");
  }
  JsonText& Null(absl::string_view key) { return Key(key).Raw("null"); }
  // `json` is written as it stands.
  JsonText& Json(absl::string_view key, absl::string_view json) { return Key(key).Raw(json); }

  JsonText& Item(absl::string_view value);
  JsonText& Raw(absl::string_view json) {
    Comma();
    out_.append(json.data(), json.size());
    return *this;
  }

 private:
  JsonText& Key(absl::string_view key);
  JsonText& Begin(char bracket) {
    Comma();
    out_.push_back(bracket);
    return *this;
  }
  JsonText& End(char bracket) {
    out_.push_back(bracket);
    return *this;
  }
  void Comma() {
    if (out_.empty()) return;
    const char last = out_.back();
    if (last != '{' && last != '[' && last != ':') out_.push_back(',');
  }

  std::string& out_;
  Slashes slashes_;
};

}  // namespace sequitur::loadgen
