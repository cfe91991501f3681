#pragma once

// DecodedLine: an event with every known field wanted, and what a decoder made
// of a line in it, as text that tests can compare.

#include <string>

#include "absl/strings/string_view.h"
#include "decode/source.h"
#include "decode/text_source.h"
#include "event/event.h"

namespace sequitur::decode {

class DecodedLine {
 public:
  DecodedLine() { lines.memory = &memory; }

  // The result's name. The line is kept: values are views into it.
  template <typename Decoder>
  std::string Decode(const Decoder& decoder, absl::string_view line) {
    event_.Reset();
    line_ = std::string(line);
    return std::string(DecodeResultName(decoder.Decode(line_, lines, event_)));
  }

  // The field's value as text, "null" when it has none.
  std::string operator[](absl::string_view path) const {
    const auto id = fields_.Find(path);
    return id ? event_.Get(*id).ToString() : "no such field";
  }
  // In UTC, as RFC 3339.
  std::string time() const { return event::FormatIso8601(event_.time); }
  event::Event& event() { return event_; }

  LineContext lines;
  LineMemory memory;

 private:
  static event::Projection All(const event::FieldTable& fields) {
    event::Projection projection(fields);
    projection.AddAllKnown();
    return projection;
  }

  std::string line_;
  event::FieldTable fields_;
  event::Projection projection_ = All(fields_);
  event::Event event_{projection_};
};

}  // namespace sequitur::decode
