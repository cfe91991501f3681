#pragma once

// FieldLiterals: all that a rule set requires of one field's text, and which of it a
// value may hold. Cheap for the values that hold nothing, which are nearly all.
//
// Whole texts are told apart by their first and last bytes alone, so that now and then
// a value is said to hold a literal that only looks like it. Short literals at the
// start or the end of a text are looked up there; the others that are not the whole of
// it are scanned for.
//
// Bounds:   a few look-ups for a value, and two passes over its text.
// Threads:  const once compiled.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "base/arena.h"
#include "eql/literal_scanner.h"
#include "eql/number_table.h"
#include "eql/required_literals.h"
#include "event/value.h"

namespace sequitur::eql {

class FieldLiterals {
 public:
  // A set of up to 64 kinds of event, as the caller has them.
  using Kinds = uint64_t;
  using Found = absl::FunctionRef<void(uint32_t literal)>;

  // Literals are numbered from 0; those that look alike in one place have the same
  // number. Only events of the `kinds` matter to who asks.
  std::vector<uint32_t> Add(const RequiredLiterals& required, Kinds kinds);
  // REQUIRES: nothing is added any more.
  void Compile();
  uint32_t size() const { return size_; }

  // Calls `found` with each literal that the value, or an element of it, holds; with
  // the same one perhaps more than once, and with some for other kinds than the
  // event's. `texts` is for texts made of it.
  void Find(const event::Value& value, Kinds kinds, Arena& texts, Found found) const;

 private:
  class Scalar;
  // Literals that are a text's first or last `size` bytes.
  struct Affixes {
    Place place = Place::kStart;
    size_t size = 0;
    NumberTable literals;  // by how their ends look
  };
  // Literals anywhere in a text: those long enough to be found fast, or the others.
  struct Scan {
    bool is_long = false;
    Kinds kinds = 0;
    absl::flat_hash_map<std::string, uint32_t> literals;  // while adding
    std::vector<uint32_t> numbers;                        // by the scanner's literal
    std::unique_ptr<const LiteralScanner> scanner;
  };
  uint32_t AddWhole(const std::string& literal);
  uint32_t AddAffix(Place place, const std::string& literal);
  uint32_t AddToScan(const std::string& literal, Kinds kinds);
  uint32_t NumberIn(NumberTable& literals, uint64_t look);
  static void Report(uint32_t literal, Found found);
  void FindNumber(const event::Value& number, Arena& texts, Found found) const;
  void FindAnywhere(Scalar& scalar, Kinds kinds, Found found) const;

  NumberTable whole_;         // by how their ends look
  NumberTable ints_;          // of whole_, what spells one
  bool has_numbers_ = false;  // whole literals that texts may spell
  std::vector<Affixes> affixes_;
  std::vector<Scan> scans_;
  Kinds scanned_kinds_ = 0;
  uint32_t size_ = 0;
};

}  // namespace sequitur::eql
