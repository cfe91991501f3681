#include "eql/field_literals.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "absl/base/attributes.h"
#include "eql/case_fold.h"
#include "eql/scalar.h"
#include "eql/utf8.h"

namespace sequitur::eql {

using event::Value;

namespace {

template <typename Word>
uint64_t Load(const char* bytes) {
  Word word;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

// The first and the last bytes of a text, eight of each where it has so many. Folding
// leaves them alone where they are ASCII, whatever stands between them.
struct Ends {
  uint64_t first = 0, last = 0;

  explicit Ends(absl::string_view text) {
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    if (text.size() >= 8) {
      first = Load<uint64_t>(begin);
      last = Load<uint64_t>(end - 8);
    } else if (text.size() >= 4) {
      first = Load<uint32_t>(begin);
      last = Load<uint32_t>(end - 4) | text.size() << 32;
    } else if (!text.empty()) {
      first = Load<uint8_t>(begin) | Load<uint8_t>(begin + text.size() / 2) << 8;
      last = Load<uint8_t>(end - 1) | text.size() << 32;
    }
  }

  bool is_ascii() const { return ((first | last) & 0x8080808080808080) == 0; }
  // The same for texts that differ in the case of ASCII letters.
  uint64_t Look() const {
    constexpr uint64_t kCase = 0x2020202020202020;
    return (first | kCase) * 0x9E3779B97F4A7C15 ^ (last | kCase);
  }
};

// All of a text that is shorter.
absl::string_view Affix(absl::string_view text, Place place, size_t size) {
  if (text.size() <= size) return text;
  return place == Place::kStart ? text.substr(0, size) : text.substr(text.size() - size);
}

}  // namespace

// A scalar and its text, which is folded when somebody must know.
class FieldLiterals::Scalar {
 public:
  Scalar(const Value& value, Arena& texts) : value_(value), texts_(texts) {}

  const Value& value() const { return value_; }
  Arena& texts() { return texts_; }
  absl::string_view Text() {
    return value_.is_string() ? value_.string_value() : ScalarText(value_, texts_);
  }
  absl::string_view Folded() {
    if (!folded_) folded_ = FoldCase(Text(), texts_);
    return *folded_;
  }
  // How the ends of the text look when it is folded.
  uint64_t Look() {
    const Ends ends(Text());
    return ends.is_ascii() ? ends.Look() : FoldedLook();
  }
  uint64_t AffixLook(Place place, size_t size) {
    const Ends ends(Affix(Text(), place, size));
    return ends.is_ascii() ? ends.Look() : Ends(Affix(Folded(), place, size)).Look();
  }

 private:
  ABSL_ATTRIBUTE_NOINLINE uint64_t FoldedLook() { return Ends(Folded()).Look(); }

  const Value& value_;
  Arena& texts_;
  std::optional<absl::string_view> folded_;
};

std::vector<uint32_t> FieldLiterals::Add(const RequiredLiterals& required, Kinds kinds) {
  has_numbers_ = has_numbers_ || required.numbers;
  std::vector<uint32_t> numbers;
  for (const std::string& literal : required.literals) {
    if (required.place == Place::kWhole) {
      numbers.push_back(AddWhole(literal));
    } else if (required.place == Place::kAnywhere || literal.size() >= LiteralScanner::kBestSize) {
      numbers.push_back(AddToScan(literal, kinds));
    } else {
      numbers.push_back(AddAffix(required.place, literal));
    }
  }
  return numbers;
}

uint32_t FieldLiterals::NumberIn(NumberTable& literals, uint64_t look) {
  const uint32_t number = literals.Add(look, size_);
  if (number == size_) ++size_;
  return number;
}

uint32_t FieldLiterals::AddWhole(const std::string& literal) {
  const uint32_t number = NumberIn(whole_, Ends(literal).Look());
  int64_t integer = 0;
  if (event::ParseInt(literal, &integer)) ints_.Add(static_cast<uint64_t>(integer), number);
  return number;
}

uint32_t FieldLiterals::AddAffix(Place place, const std::string& literal) {
  auto affixes = std::find_if(affixes_.begin(), affixes_.end(), [&](const Affixes& each) {
    return each.place == place && each.size == literal.size();
  });
  if (affixes == affixes_.end()) affixes = affixes_.insert(affixes, {place, literal.size(), {}});
  return NumberIn(affixes->literals, Ends(literal).Look());
}

uint32_t FieldLiterals::AddToScan(const std::string& literal, Kinds kinds) {
  const bool is_long = literal.size() >= LiteralScanner::kBestSize;
  auto scan = std::find_if(scans_.begin(), scans_.end(),
                           [&](const Scan& each) { return each.is_long == is_long; });
  if (scan == scans_.end()) {
    scan = scans_.emplace(scans_.end());
    scan->is_long = is_long;
  }
  scan->kinds |= kinds;
  scanned_kinds_ |= kinds;
  const auto [it, inserted] = scan->literals.try_emplace(literal, size_);
  if (inserted) ++size_;
  return it->second;
}

void FieldLiterals::Compile() {
  for (Scan& scan : scans_) {
    std::vector<std::string> literals;
    for (auto& [literal, number] : scan.literals) {
      literals.push_back(literal);
      scan.numbers.push_back(number);
    }
    scan.literals.clear();
    scan.scanner = std::make_unique<const LiteralScanner>(literals, LiteralScanner::Text::kFolded);
  }
}

void FieldLiterals::Find(const Value& value, Kinds kinds, Arena& texts, Found found) const {
  for (const Value& element : value.elements()) {
    Scalar scalar(element, texts);
    if (element.is_number() || has_numbers_) FindNumber(ScalarNumber(element), texts, found);
    if (!whole_.empty() && element.kind() != Value::Kind::kInt) {
      Report(whole_.Find(scalar.Look()), found);
    }
    for (const Affixes& affixes : affixes_) {
      Report(affixes.literals.Find(scalar.AffixLook(affixes.place, affixes.size)), found);
    }
    if ((scanned_kinds_ & kinds) != 0) FindAnywhere(scalar, kinds, found);
  }
}

void FieldLiterals::Report(uint32_t literal, Found found) {
  if (literal != NumberTable::kNone) found(literal);
}

// A literal that spells a number equals it, and one that is a number what spells it.
void FieldLiterals::FindNumber(const Value& number, Arena& texts, Found found) const {
  if (number.kind() == Value::Kind::kInt) {
    Report(ints_.Find(static_cast<uint64_t>(number.int_value())), found);
  } else if (!number.is_null()) {
    Report(whole_.Find(Ends(ScalarText(number, texts)).Look()), found);
  }
}

void FieldLiterals::FindAnywhere(Scalar& scalar, Kinds kinds, Found found) const {
  const absl::string_view text = IsAscii(scalar.Text()) ? scalar.Text() : scalar.Folded();
  for (const Scan& scan : scans_) {
    if ((scan.kinds & kinds) == 0) continue;
    scan.scanner->Scan(text, [&](uint32_t literal) {
      found(scan.numbers[literal]);
      return true;
    });
  }
}

}  // namespace sequitur::eql
