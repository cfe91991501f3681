#include "event/event.h"

#include <algorithm>

namespace sequitur::event {

void Event::Append(FieldId id, Value element) {
  if (!Wants(id) || element.is_null()) return;
  const auto old = Get(id).elements();
  Value* list = arena_.Allocate<Value>(old.size() + 1);
  std::copy(old.begin(), old.end(), list);
  list[old.size()] = element;
  Set(id, Value::List({list, old.size() + 1}));
}

}  // namespace sequitur::event
