#include "enrich/novelty.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace sequitur::enrich {
namespace {

namespace field = event::field;
using event::Event;
using event::TimeNs;
using event::Value;

void AppendText(const Value& value, std::string& out) {
  if (value.is_string()) {
    absl::StrAppend(&out, value.string_value());
  } else if (value.kind() == Value::Kind::kInt) {
    absl::StrAppend(&out, value.int_value());
  } else {
    absl::StrAppend(&out, value.ToString());
  }
}

std::vector<std::string> SplitKey(absl::string_view key) {
  std::vector<std::string> values;
  while (!key.empty()) {
    const size_t end = std::min(key.find('\0'), key.size());
    values.emplace_back(key.substr(0, end));
    key.remove_prefix(std::min(end + 1, key.size()));
  }
  return values;
}

}  // namespace

Novelty::Novelty(std::vector<BaselineOptions> baselines) {
  for (BaselineOptions& options : baselines) {
    auto baseline = std::make_unique<Baseline>();
    baseline->stats.name = options.name;
    baseline->options = std::move(options);
    baselines_.push_back(std::move(baseline));
  }
}

Novelty::~Novelty() = default;

void Novelty::AddFields(const std::vector<BaselineOptions>& baselines,
                        event::Projection& projection) {
  if (!projection.Has(field::kSequiturNovel)) return;
  for (const BaselineOptions& baseline : baselines) {
    for (const event::FieldId id : baseline.fields) projection.Add(id);
    for (const event::FieldId id : baseline.when_fields) projection.Add(id);
  }
}

void Novelty::Enrich(Event& event) {
  if (baselines_.empty() || !event.Wants(field::kSequiturNovel)) return;
  event.Set(field::kSequiturNovel, Value());
  Value* names = nullptr;
  size_t count = 0;
  for (const auto& baseline : baselines_) {
    if (!IsNovel(*baseline, event)) continue;
    if (names == nullptr) names = event.arena().Allocate<Value>(baselines_.size());
    names[count++] = Value::String(baseline->options.name);
  }
  event.Set(field::kSequiturNovel, Value::List({names, count}));
}

bool Novelty::IsNovel(Baseline& baseline, const Event& event) {
  if (baseline.options.when && !baseline.options.when(event)) return false;
  if (!ReadKey(baseline, event)) {
    ++baseline.stats.incomplete;
    return false;
  }
  const bool learns = Learns(baseline, event.time);
  baseline.latest = std::max(baseline.latest, event.time);
  const auto found = baseline.by_key.find(key_);
  if (found != baseline.by_key.end()) {
    Tuple& tuple = *found->second;
    if (event.time > tuple.counted_until) ++tuple.seen;
    const bool forgotten = event::AddSaturating(tuple.last_seen, baseline.options.age) < event.time;
    tuple.last_seen = std::max(tuple.last_seen, event.time);
    if (IsToBeTold(baseline, tuple)) baseline.changed.insert(tuple.key);
    tuple.touched = baseline.latest;
    baseline.tuples.splice(baseline.tuples.end(), baseline.tuples, found->second);
    if (!forgotten) {
      if (event.time > tuple.first_seen) return false;
      if (event.time < tuple.first_seen) baseline.changed.insert(tuple.key);
      tuple.first_seen = event.time;
      return !tuple.learnt;
    }
    tuple.first_seen = event.time;
    tuple.learnt = learns;
    tuple.seen = 1;
    baseline.changed.insert(tuple.key);
  } else if (baseline.options.cap > 0) {
    if (baseline.tuples.size() >= baseline.options.cap) {
      ForgetOldest(baseline);
      ++baseline.stats.evicted;
    }
    Tuple tuple = {key_, event.time, event.time, learns};
    tuple.touched = baseline.latest;
    baseline.changed.insert(Insert(baseline, std::move(tuple)).key);
  }
  ++(learns ? baseline.stats.learnt : baseline.stats.novel);
  return !learns;
}

// The tuple's values as text; false when one is missing.
bool Novelty::ReadKey(const Baseline& baseline, const Event& event) {
  key_.clear();
  for (const event::FieldId id : baseline.options.fields) {
    const Value& value = event.Get(id);
    if (value.is_null()) return false;
    const size_t begin = key_.size();
    AppendText(value, key_);
    std::replace(key_.begin() + begin, key_.end(), '\0', ' ');
    key_.push_back('\0');
  }
  if (key_.size() > kMaxTuple) key_.resize(kMaxTuple);
  return true;
}

bool Novelty::Learns(Baseline& baseline, TimeNs time) const {
  if (baseline.options.learning_until) {
    baseline.stats.learning = time < *baseline.options.learning_until;
    return baseline.stats.learning;
  }
  if (baseline.learning_since == event::kNoTime) baseline.learning_since = time;
  baseline.stats.learning =
      time < event::AddSaturating(baseline.learning_since, baseline.options.learning_period);
  return baseline.stats.learning;
}

bool Novelty::IsToBeTold(const Baseline& baseline, const Tuple& tuple) {
  constexpr event::TimeNs kShareOfAge = 16;
  const TimeNs refresh = std::min(kRefresh, baseline.options.age / kShareOfAge);
  return tuple.last_seen >= event::AddSaturating(tuple.told_last, refresh) ||
         tuple.seen / 2 >= tuple.told_seen;
}

Novelty::Tuple& Novelty::Insert(Baseline& baseline, Tuple tuple) {
  // Others still have it: should it be forgotten again, they are to know.
  if (baseline.gone.erase(tuple.key) > 0) tuple.told_last = tuple.first_seen;
  baseline.tuples.push_back(std::move(tuple));
  const auto last = std::prev(baseline.tuples.end());
  baseline.by_key.emplace(last->key, last);
  return *last;
}

void Novelty::ForgetOldest(Baseline& baseline) {
  Tuple& oldest = baseline.tuples.front();
  baseline.by_key.erase(oldest.key);
  baseline.changed.erase(oldest.key);
  if (oldest.told_last != event::kNoTime) baseline.gone.insert(std::move(oldest.key));
  baseline.tuples.pop_front();
}

// With time to spare, since an event that is late may still find its tuple. What
// came a moment ago stays, however old it says it is: a host that brings a
// backlog is not to be new with every record.
void Novelty::Age(Baseline& baseline) {
  const auto ended = [&](const Tuple& tuple) {
    const TimeNs end = event::AddSaturating(tuple.touched, baseline.options.age);
    return event::AddSaturating(end, kRefresh) < baseline.latest;
  };
  while (!baseline.tuples.empty() && ended(baseline.tuples.front())) {
    ForgetOldest(baseline);
    ++baseline.stats.aged;
  }
}

std::vector<BaselineState> Novelty::Export() const {
  std::vector<BaselineState> out;
  for (const auto& baseline : baselines_) {
    BaselineState& state = out.emplace_back();
    state.name = baseline->options.name;
    state.learning_since = baseline->learning_since;
    for (const Tuple& tuple : baseline->tuples) {
      state.tuples.push_back(
          {SplitKey(tuple.key), tuple.first_seen, tuple.last_seen, tuple.learnt, tuple.seen});
    }
  }
  return out;
}

std::vector<BaselineState> Novelty::TakeChanged() {
  std::vector<BaselineState> out;
  for (const auto& baseline : baselines_) {
    Age(*baseline);
    if (baseline->changed.empty() && baseline->gone.empty()) continue;
    BaselineState& state = out.emplace_back();
    state.name = baseline->options.name;
    state.learning_since = baseline->learning_since;
    for (absl::string_view key : baseline->changed) {
      Tuple& tuple = *baseline->by_key.find(key)->second;
      tuple.told_last = tuple.last_seen;
      tuple.told_seen = tuple.seen;
      state.tuples.push_back(
          {SplitKey(tuple.key), tuple.first_seen, tuple.last_seen, tuple.learnt, tuple.seen});
    }
    for (const std::string& key : baseline->gone) state.gone.push_back(SplitKey(key));
    baseline->changed.clear();
    baseline->gone.clear();
  }
  return out;
}

bool Novelty::MergeInto(Baseline& baseline, absl::string_view key, const BaselineTuple& tuple) {
  const auto found = baseline.by_key.find(key);
  if (found == baseline.by_key.end()) return false;
  Tuple& known = *found->second;
  known.first_seen = std::min(known.first_seen, tuple.first_seen);
  known.last_seen = std::max(known.last_seen, tuple.last_seen);
  known.counted_until = std::max(known.counted_until, tuple.last_seen);
  known.learnt |= tuple.learnt;
  known.seen = std::max(known.seen, tuple.seen);
  known.touched = std::max(known.touched, tuple.last_seen);
  known.told_last = std::max(known.told_last, tuple.last_seen);
  known.told_seen = std::max(known.told_seen, tuple.seen);
  return true;
}

void Novelty::Import(const std::vector<BaselineState>& states) {
  for (const BaselineState& state : states) {
    const auto found = std::find_if(baselines_.begin(), baselines_.end(), [&](const auto& each) {
      return each->options.name == state.name;
    });
    if (found == baselines_.end()) continue;
    Baseline& baseline = **found;
    if (baseline.learning_since == event::kNoTime) baseline.learning_since = state.learning_since;
    if (state.learning_since != event::kNoTime) {
      baseline.learning_since = std::min(baseline.learning_since, state.learning_since);
    }
    for (const BaselineTuple& tuple : state.tuples) {
      std::string key;
      for (const std::string& value : tuple.values) key.append(value).push_back('\0');
      if (key.size() > kMaxTuple) key.resize(kMaxTuple);
      if (MergeInto(baseline, key, tuple)) continue;
      Insert(baseline, {std::move(key), tuple.first_seen, tuple.last_seen, tuple.learnt, tuple.seen,
                        tuple.last_seen, tuple.seen, tuple.last_seen, tuple.last_seen});
    }
    baseline.tuples.sort([](const Tuple& a, const Tuple& b) { return a.last_seen < b.last_seen; });
    for (; baseline.tuples.size() > baseline.options.cap; ++baseline.stats.evicted) {
      ForgetOldest(baseline);
    }
  }
}

std::vector<Novelty::Stats> Novelty::stats() const {
  std::vector<Stats> out;
  for (const auto& baseline : baselines_) {
    out.push_back(baseline->stats);
    out.back().tuples = baseline->tuples.size();
  }
  return out;
}

}  // namespace sequitur::enrich
