#include "correlate/absence.h"

#include <algorithm>

namespace sequitur::correlate {

using Place = Plan::Absent::Place;

size_t Absence::Note(const Plan& plan, uint16_t stage, TimeNs time) {
  size_t forgotten = 0;
  for (size_t i = 0; i < plan.absents.size(); ++i) {
    if (plan.absents[i].stage != stage) continue;
    std::vector<TimeNs>& times = times_[i];
    const auto at = std::lower_bound(times.begin(), times.end(), time);
    if (at != times.end() && *at == time) continue;
    times.insert(at, time);
    if (times.size() > kMaxTimes) {
      times.erase(times.begin());
      ++forgotten;
    }
  }
  return forgotten;
}

TimeNs Absence::LatestBefore(const Plan& plan, Place place, TimeNs time) const {
  TimeNs latest = event::kNoTime;
  for (size_t i = 0; i < plan.absents.size(); ++i) {
    if (plan.absents[i].place != place) continue;
    const auto at = std::lower_bound(times_[i].begin(), times_[i].end(), time);
    if (at != times_[i].begin()) latest = std::max(latest, *(at - 1));
  }
  return latest;
}

TimeNs Absence::EarliestAfter(const Plan& plan, TimeNs time) const {
  TimeNs earliest = event::kEndOfTime;
  for (size_t i = 0; i < plan.absents.size(); ++i) {
    if (plan.absents[i].place != Place::kTrailing) continue;
    const auto at = std::upper_bound(times_[i].begin(), times_[i].end(), time);
    if (at != times_[i].end()) earliest = std::min(earliest, *at);
  }
  return earliest;
}

bool Absence::GapsAreEmpty(const Plan& plan, const Chain& sequence) const {
  for (size_t i = 0; i < plan.absents.size(); ++i) {
    if (plan.absents[i].place != Place::kMiddle) continue;
    Chain next = sequence;
    while (next.size() > plan.absents[i].after_state + 2) next = next.previous();
    const TimeNs from = next.previous().last()->time();
    const TimeNs to = next.last()->time();
    const auto at = std::upper_bound(times_[i].begin(), times_[i].end(), from);
    if (at != times_[i].end() && *at < to) return false;
  }
  return true;
}

Absence::Verdict Absence::Judge(const Plan& plan, const Chain& sequence, size_t* dropped) {
  if (!GapsAreEmpty(plan, sequence)) return Verdict::kRejected;
  const auto has = [&](Place place) {
    return std::any_of(plan.absents.begin(), plan.absents.end(),
                       [&](const Plan::Absent& absent) { return absent.place == place; });
  };
  const TimeNs first = sequence.first_time();
  const TimeNs last = sequence.last()->time();
  const TimeNs leading = LatestBefore(plan, Place::kLeading, first);
  if (!has(Place::kTrailing)) {
    const bool accepted = leading == event::kNoTime || last - leading > plan.maxspan;
    return accepted ? Verdict::kAccepted : Verdict::kRejected;
  }
  // A leading stage in the query without such an event: infinitely far.
  if (has(Place::kLeading) && leading == event::kNoTime) return Verdict::kAccepted;
  const TimeNs from = has(Place::kLeading) ? leading : first;
  if (last - from > plan.maxspan) return Verdict::kAccepted;
  const TimeNs trailing = EarliestAfter(plan, last);
  if (trailing != event::kEndOfTime) {
    return trailing - from > plan.maxspan ? Verdict::kAccepted : Verdict::kRejected;
  }
  if (candidates_.size() >= kMaxCandidates) {
    ++*dropped;
    return Verdict::kRejected;
  }
  candidates_.push_back({sequence, from, last});
  return Verdict::kWaiting;
}

void Absence::Advance(const Plan& plan, TimeNs horizon, std::vector<Chain>& accepted) {
  const auto decided = [&](const Candidate& candidate) {
    const TimeNs trailing = EarliestAfter(plan, candidate.last);
    if (trailing != event::kEndOfTime) {
      if (trailing - candidate.from > plan.maxspan) accepted.push_back(candidate.sequence);
      return true;
    }
    if (horizon <= event::AddSaturating(candidate.from, plan.maxspan)) return false;
    accepted.push_back(candidate.sequence);
    return true;
  };
  candidates_.erase(std::remove_if(candidates_.begin(), candidates_.end(), decided),
                    candidates_.end());
  if (times_.empty()) return;
  const TimeNs keep_from = event::AddSaturating(horizon, -plan.maxspan - plan.total_lag);
  for (std::vector<TimeNs>& times : times_) {
    times.erase(times.begin(), std::lower_bound(times.begin(), times.end(), keep_from));
  }
}

size_t Absence::TakeOver(const Plan& plan, const Absence& from, std::vector<Chain>& accepted) {
  size_t dropped = 0;
  for (size_t i = 0; i < from.times_.size(); ++i) {
    for (const TimeNs time : from.times_[i]) dropped += Note(plan, plan.absents[i].stage, time);
  }
  for (const Candidate& candidate : from.candidates_) {
    const Chain& sequence = candidate.sequence;
    if (sequence.last()->time() - sequence.first_time() > plan.maxspan) continue;
    if (Judge(plan, sequence, &dropped) == Verdict::kAccepted) accepted.push_back(sequence);
  }
  return dropped;
}

bool Absence::empty() const {
  return candidates_.empty() &&
         std::all_of(times_.begin(), times_.end(), [](const auto& times) { return times.empty(); });
}

size_t Absence::bytes() const {
  size_t bytes = sizeof(Absence) + times_.capacity() * sizeof(times_[0]) +
                 candidates_.capacity() * sizeof(Candidate);
  for (const auto& times : times_) bytes += times.capacity() * sizeof(TimeNs);
  return bytes;
}

TimeNs Absence::deadline(const Plan& plan) const {
  TimeNs earliest = event::kEndOfTime;
  for (const Candidate& candidate : candidates_) earliest = std::min(earliest, candidate.from);
  return event::AddSaturating(earliest, plan.maxspan);
}

TimeNs Absence::relevant_until(const Plan& plan) const {
  TimeNs latest = event::kNoTime;
  for (const auto& times : times_) {
    if (!times.empty()) latest = std::max(latest, times.back());
  }
  if (latest == event::kNoTime) return latest;
  return event::AddSaturating(latest, plan.maxspan + plan.total_lag);
}

}  // namespace sequitur::correlate
