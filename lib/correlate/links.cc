#include "correlate/links.h"

#include <algorithm>

#include "absl/hash/hash.h"
#include "correlate/join_key.h"

namespace sequitur::correlate {
namespace {

using event::Snapshot;
using event::Value;
using rules::FieldPair;
using rules::Tie;

enum class Compared : uint8_t { kUnknown, kAgrees, kDiffers };

Compared Compare(const FieldPair& pair, const Snapshot& earlier, const Snapshot& later) {
  const Value& a = earlier.Get(pair.earlier);
  const Value& b = later.Get(pair.later);
  if (a.is_null() || b.is_null()) return Compared::kUnknown;
  return Agree(a, b) ? Compared::kAgrees : Compared::kDiffers;
}

Compared Compare(const Tie& tie, const Snapshot& earlier, const Snapshot& later) {
  if (tie.within && Compare(*tie.within, earlier, later) != Compared::kAgrees) {
    return Compared::kUnknown;
  }
  return Compare(tie.same, earlier, later);
}

// Place of the tie in its list; behind the last for none.
Rank PlaceOf(const Tie* tie, const std::vector<Tie>& ties) {
  return tie == nullptr ? ties.size() : static_cast<Rank>(tie - ties.data());
}

}  // namespace

bool Agree(const Value& a, const Value& b) {
  const auto with_any_of_b = [&](const Value& x) {
    return std::any_of(b.elements().begin(), b.elements().end(),
                       [&](const Value& y) { return SameInKey(x, y); });
  };
  return std::any_of(a.elements().begin(), a.elements().end(), with_any_of_b);
}

const Tie* Decides(const rules::Link& link, const Snapshot& earlier, const Snapshot& later,
                   bool* refuted) {
  *refuted = false;
  for (const Tie& tie : link.by) {
    const Compared compared = Compare(tie, earlier, later);
    if (compared == Compared::kUnknown) continue;
    *refuted = compared == Compared::kDiffers;
    return &tie;
  }
  return nullptr;
}

const Tie* Prefers(const rules::Link& link, const Snapshot& earlier, const Snapshot& later) {
  for (const Tie& tie : link.prefer) {
    if (Compare(tie, earlier, later) == Compared::kAgrees) return &tie;
  }
  return nullptr;
}

const Tie* HeldBy(const rules::Link& link, const Snapshot& earlier, const Snapshot& later) {
  bool refuted = false;
  const Tie* decided = Decides(link, earlier, later, &refuted);
  if (decided != nullptr && !refuted) return decided;
  return Prefers(link, earlier, later);
}

Rank AddRank(Rank rank, const rules::Link& link, const Snapshot& earlier, const Snapshot& later) {
  static_assert(rules::Link::kMaxTies < (1 << kRankBits));
  // A rule has no more lists than a rank has room for, and room is left for kRefuted.
  if (rank == kRefuted) return kRefuted;
  if (!link.by.empty()) {
    bool refuted = false;
    const Tie* tie = Decides(link, earlier, later, &refuted);
    if (refuted) return kRefuted;
    rank = rank << kRankBits | PlaceOf(tie, link.by);
  }
  if (!link.prefer.empty()) {
    rank = rank << kRankBits | PlaceOf(Prefers(link, earlier, later), link.prefer);
  }
  return rank;
}

size_t HashAsEarlier(const rules::Link& link, const Snapshot& event) {
  size_t hash = 0;
  rules::ForEachPair(link, [&](const FieldPair& pair) {
    for (const Value& value : event.Get(pair.earlier).elements()) {
      hash = value.is_string() ? absl::HashOf(hash, value.string_value())
                               : absl::HashOf(hash, value.kind(), value.ToString());
    }
    hash = absl::HashOf(hash, pair.earlier);
  });
  return hash;
}

bool AlikeAsEarlier(const rules::Link& link, const Snapshot& a, const Snapshot& b) {
  bool alike = true;
  rules::ForEachPair(link, [&](const FieldPair& pair) {
    alike = alike && a.Get(pair.earlier) == b.Get(pair.earlier);
  });
  return alike;
}

}  // namespace sequitur::correlate
