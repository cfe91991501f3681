#pragma once

// CaptureWriter fills JsonCaptures. Private to the two ways of reading JSON:
// json_sax (RapidJSON, decides) and json_scan (fast, for what is plain).

#include <algorithm>
#include <cstddef>

#include "base/arena.h"
#include "decode/json_reader.h"
#include "event/value.h"

namespace sequitur::decode {

class CaptureWriter {
 public:
  CaptureWriter(JsonCaptures& captures, Arena& arena, size_t paths)
      : captures_(captures), arena_(arena) {
    captures_.Clear();
    if (captures_.values_.size() >= paths) return;
    captures_.values_.resize(paths);
    captures_.present_.resize(paths);
  }

  // Several values at one path become a list that doubles.
  void Add(int id, event::Value value) {
    event::Value& slot = captures_.values_[id];
    if (slot.is_null()) {
      slot = value;
      captures_.present_[captures_.count_++] = static_cast<PathId>(id);
      return;
    }
    const auto old = slot.elements();
    const size_t count = old.size();
    // A list of n has room up to the next power of two.
    auto* list = const_cast<event::Value*>(old.data());
    if (!slot.is_list() || (count & (count - 1)) == 0) {
      list = arena_.Allocate<event::Value>(std::max<size_t>(4, count * 2));
      std::copy(old.begin(), old.end(), list);
    }
    list[count] = value;
    slot = event::Value::List({list, count + 1});
  }

 private:
  JsonCaptures& captures_;
  Arena& arena_;
};

}  // namespace sequitur::decode
