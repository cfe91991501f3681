#include "decode/log_format.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "decode/calendar_scan.h"
#include "decode/log_text.h"
#include "decode/log_time.h"

namespace sequitur::decode {
namespace {

constexpr size_t kNone = absl::string_view::npos;
using Item = LogFormat::Item;
using Shape = LogFormat::Shape;
using TimeForm = LogFormat::TimeForm;

// A number of `unit` nanoseconds with decimals -> nanoseconds.
std::optional<int64_t> ParseUnits(absl::string_view text, int64_t unit) {
  if (unit == event::kSecond) return event::ParseEpochSeconds(text);
  const auto count = ParseCount(text);
  int64_t nanos = 0;
  if (!count || __builtin_mul_overflow(*count, unit, &nanos)) return std::nullopt;
  return nanos;
}

size_t NumberSize(absl::string_view text) {
  if (!text.empty() && text.front() == '-') return 1;
  return std::min(text.find_first_not_of("0123456789."), text.size());
}

// How a field that follows no literal is told from the one before it.
bool BeginsByItself(const Item& item) {
  return item.shape == Shape::kMark || item.field == AccessField::kQuery ||
         item.field == AccessField::kTarget || item.field == AccessField::kPath;
}
bool EndsByItself(const Item& item) {
  return item.shape == Shape::kTime || item.shape == Shape::kMark;
}

}  // namespace

// One line's walk along the items.
class FormatScan {
 public:
  FormatScan(const LogFormat& format, absl::string_view line, const LineContext& lines,
             AccessLine* out)
      : items_(format.items_), tail_(format.tail_), line_(line), lines_(lines), out_(out) {}

  DecodeResult Run() {
    for (size_t i = 0; i < items_.size(); ++i) {
      if (!absl::StartsWith(line_.substr(at_), items_[i].before)) {
        return DecodeResult::kMalformedLine;
      }
      at_ += items_[i].before.size();
      if (!TakeField(i)) return DecodeResult::kMalformedLine;
    }
    if (line_.substr(at_) != tail_) return DecodeResult::kMalformedLine;
    return SetTime(start_, &out_->start) && SetTime(end_, &out_->end) ? DecodeResult::kDecoded
                                                                      : DecodeResult::kBadTimestamp;
  }

 private:
  bool TakeField(size_t i) {
    const Item& item = items_[i];
    switch (item.shape) {
      case Shape::kTime:
        return TakeTime(item);
      case Shape::kMark:
        if (absl::StartsWith(line_.substr(at_), "?")) ++at_;
        return true;
      case Shape::kList: {
        // The blank behind it belongs to the next literal. A longer literal is
        // the better mark where the list is a client's own text.
        const bool by_blank =
            item.field == AccessField::kForwarded ? Stop(i) == " " : absl::StartsWith(Stop(i), " ");
        if (!by_blank) break;
        absl::string_view rest = line_.substr(at_);
        const absl::string_view list = TakeList(&rest);
        return Keep(item, at_ + list.size());
      }
      default:
        break;
    }
    const size_t end = FindEnd(i);
    return end != kNone && Keep(item, end);
  }

  bool Keep(const Item& item, size_t end) {
    const absl::string_view text = line_.substr(at_, end - at_);
    at_ = end;
    if (item.shape == Shape::kDuration) {
      const auto nanos = ParseUnits(text, item.unit);
      // The finest of several (%T and %D) wins.
      if (nanos && (duration_unit_ == 0 || item.unit < duration_unit_)) {
        out_->duration = nanos;
        duration_unit_ = item.unit;
      }
      return true;
    }
    out_->Offer(item.field, text);
    return true;
  }

  // The literal that ends field i.
  absl::string_view Stop(size_t i) const {
    return i + 1 < items_.size() ? items_[i + 1].before : tail_;
  }

  size_t FindEnd(size_t i) const {
    size_t last = i;
    while (last + 1 < items_.size() && items_[last + 1].before.empty() &&
           items_[last + 1].shape != Shape::kTime) {
      ++last;
    }
    const size_t bound = FindStop(last);
    if (last == i || bound == kNone) return bound;
    // Glued fields: the next one begins with '?' or '/', or is not there.
    const char begin =
        items_[i + 1].shape == Shape::kMark || items_[i + 1].field == AccessField::kQuery ? '?'
                                                                                          : '/';
    return std::min(line_.find(begin, at_), bound);
  }

  // First place from at_ on where the literal behind field i stands and the
  // field behind that can begin.
  size_t FindStop(size_t i) const {
    const absl::string_view stop = Stop(i);
    if (i + 1 == items_.size()) {
      const bool fits = absl::EndsWith(line_.substr(at_), stop);
      return fits ? line_.size() - stop.size() : kNone;
    }
    for (size_t at = line_.find(stop, at_); at != kNone; at = line_.find(stop, at + 1)) {
      if (!IsEscaped(at, stop) && CanBegin(i + 1, at + stop.size())) return at;
    }
    return kNone;
  }

  // `\"` is a quote of the text, not of the format.
  bool IsEscaped(size_t at, absl::string_view stop) const {
    if (stop.empty() || stop.front() != '"') return false;
    size_t slashes = 0;
    while (at - slashes > at_ && line_[at - slashes - 1] == '\\') ++slashes;
    return slashes % 2 == 1;
  }

  bool CanBegin(size_t i, size_t at) const {
    const absl::string_view rest = line_.substr(at);
    switch (items_[i].shape) {
      case Shape::kNumber:
      case Shape::kDuration:
        return !rest.empty() && (rest.front() == '-' || absl::ascii_isdigit(rest.front()));
      case Shape::kTime: {
        CalendarScan scratch;
        const size_t size = ReadTime(items_[i], rest, &scratch);
        return size != kNone && absl::StartsWith(rest.substr(size), Stop(i));
      }
      default:
        return true;
    }
  }

  bool TakeTime(const Item& item) {
    CalendarScan& scan = item.edge == LogFormat::Edge::kStart ? start_ : end_;
    const size_t size = ReadTime(item, line_.substr(at_), &scan);
    if (size == kNone) return false;
    at_ += size;
    return true;
  }

  static size_t ReadTime(const Item& item, absl::string_view text, CalendarScan* scan) {
    switch (item.form) {
      case TimeForm::kClf:
        return scan->Read(text, "%d/%b/%Y:%H:%M:%S %z");
      case TimeForm::kIso:
        return scan->Read(text, "%Y-%m-%dT%H:%M:%S%z");
      case TimeForm::kCalendar:
        return scan->Read(text, item.calendar);
      case TimeForm::kEpoch:
      case TimeForm::kFraction:
        break;
    }
    const size_t size = NumberSize(text);
    const auto nanos = ParseUnits(text.substr(0, size), item.unit);
    if (!nanos) return kNone;
    if (item.form == TimeForm::kEpoch) {
      scan->SetInstant(*nanos);
    } else {
      scan->AddFraction(*nanos);
    }
    return size;
  }

  bool SetTime(const CalendarScan& scan, event::TimeNs* out) const {
    if (scan.empty()) return true;
    const auto time = scan.Resolve(lines_.zone);
    if (!time) return false;
    out_->zone_used |= scan.NeedsZone();
    *out = *time;
    return true;
  }

  const std::vector<Item>& items_;
  const absl::string_view tail_;
  const absl::string_view line_;
  const LineContext& lines_;
  AccessLine* const out_;
  size_t at_ = 0;
  int64_t duration_unit_ = 0;
  CalendarScan start_;
  CalendarScan end_;
};

absl::StatusOr<LogFormat> LogFormat::Create(std::vector<Item> items, std::string tail,
                                            bool escaped) {
  if (items.size() > kMaxItems) {
    return absl::InvalidArgumentError(absl::StrCat("more than ", kMaxItems, " fields"));
  }
  bool has_time = false;
  for (size_t i = 0; i < items.size(); ++i) {
    const Item& item = items[i];
    has_time |= item.shape == Shape::kTime && item.form != TimeForm::kFraction;
    if (item.form == TimeForm::kCalendar && !CalendarScan::Understands(item.calendar)) {
      return absl::InvalidArgumentError(
          absl::StrCat("cannot read times written as \"", item.calendar, "\""));
    }
    const bool glued = i > 0 && item.before.empty();
    if (glued && !BeginsByItself(item) && !EndsByItself(items[i - 1])) {
      return absl::InvalidArgumentError(absl::StrCat("nothing separates field ", i, " from field ",
                                                     i + 1, ": lines cannot be split there"));
    }
  }
  if (!has_time) return absl::InvalidArgumentError("the format has no field for the time");
  return LogFormat(std::move(items), std::move(tail), escaped);
}

DecodeResult LogFormat::Split(absl::string_view line, const LineContext& lines,
                              AccessLine* out) const {
  return FormatScan(*this, line, lines, out).Run();
}

absl::string_view TakeList(absl::string_view* rest) {
  size_t end = rest->find(' ');
  while (end != kNone) {
    const bool comma = end > 0 && (*rest)[end - 1] == ',';
    const bool before_colon = absl::StartsWith(rest->substr(end), " : ");
    if (!comma && !before_colon) break;
    end = rest->find(' ', end + (before_colon ? 3 : 1));
  }
  end = std::min(end, rest->size());
  const absl::string_view list = rest->substr(0, end);
  rest->remove_prefix(std::min(end + 1, rest->size()));
  return list;
}

}  // namespace sequitur::decode
