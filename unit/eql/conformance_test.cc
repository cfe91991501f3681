// The public conformance cases (see their README): every query must return the
// events its upstream test says. Skipped where the cases are not at hand.

#include <algorithm>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "correlate/reference_matcher.h"
#include "decode/json_reader.h"
#include "eql/program.h"
#include "event/snapshot.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::eql {
namespace {

using event::Value;

const char kFolder[] = SEQUITUR_SHARED_DIR "/eql-conformance/";

const std::vector<std::string>* NoLists(absl::string_view) { return nullptr; }

std::vector<std::string> Lines(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

struct Case {
  std::string name, query, data;
  std::vector<std::vector<int>> expected;  // one inner list per event or sequence
};

// "[1, [2, -1]]" as one inner list per element.
std::vector<std::vector<int>> ParseIds(absl::string_view text) {
  std::vector<std::vector<int>> out;
  std::string number;
  int depth = 0;
  for (char c : text) {
    if (absl::ascii_isdigit(c) || c == '-') number += c;
    if (absl::ascii_isdigit(c) || c == '-') continue;
    if (!number.empty() && depth == 1) out.emplace_back();
    if (!number.empty()) out.back().push_back(std::stoi(number));
    number.clear();
    if (c == '[' && ++depth == 2) out.emplace_back();
    if (c == ']') --depth;
  }
  return out;
}

std::vector<Case> Cases() {
  decode::JsonPaths paths;
  const auto name = paths.Add("name"), query = paths.Add("query"), data = paths.Add("data");
  const auto ids = paths.Add("expected_ids", decode::JsonPaths::Capture::kRaw);
  std::vector<Case> cases;
  for (const std::string& line : Lines(absl::StrCat(kFolder, "cases.jsonl"))) {
    Arena arena;
    decode::JsonCaptures found;
    EXPECT_EQ(decode::JsonReader(paths).Read(line, arena, found), decode::DecodeResult::kDecoded);
    cases.push_back({std::string(found.Text(name)), std::string(found.Text(query)),
                     std::string(found.Text(data)), ParseIds(found.Text(ids))});
  }
  return cases;
}

// The events of a data file, as the query's fields see them, and their ids.
struct Stream {
  std::vector<event::SnapshotRef> events;
  std::vector<int> ids;
};

Stream Read(const std::string& file, const event::Projection& projection) {
  decode::JsonPaths paths;
  std::vector<std::pair<event::FieldId, decode::PathId>> wanted;
  for (size_t id = 0; id < projection.size(); ++id) {
    const auto field = static_cast<event::FieldId>(id);
    if (projection.Has(field))
      wanted.push_back({field, paths.Add(projection.fields().path(field))});
  }
  const auto id = paths.Add("_id"), time = paths.Add("@timestamp");
  Stream stream;
  event::Event event(projection);
  for (const std::string& line : Lines(absl::StrCat(kFolder, file))) {
    event.Reset();
    decode::JsonCaptures found;
    EXPECT_EQ(decode::JsonReader(paths).Read(line, event.arena(), found),
              decode::DecodeResult::kDecoded);
    for (const auto& [field, path] : wanted) event.Set(field, found.Get(path));
    event.time = *event::ParseIso8601(found.Text(time));
    stream.events.push_back(event::Snapshot::Of(event));
    stream.ids.push_back(static_cast<int>(found.Get(id).int_value()));
  }
  return stream;
}

void AddFields(const Program& program, const Term& term, event::Projection& projection) {
  program.CollectFields(term.condition, projection);
  for (const KeyField& key : term.keys) projection.Add(key.field);
}

void ApplyPipes(const std::vector<Pipe>& pipes, std::vector<std::vector<int>>& results) {
  for (const Pipe& pipe : pipes) {
    const size_t keep = std::min<size_t>(results.size(), pipe.count);
    if (pipe.kind == Pipe::Kind::kHead) results.resize(keep);
    if (pipe.kind == Pipe::Kind::kTail) results.erase(results.begin(), results.end() - keep);
  }
}

std::vector<std::vector<int>> ResultsOf(const Case& test) {
  event::FieldTable fields;
  Program program(fields);
  const auto compiled = program.Compile(test.query, NoLists);
  for (const QueryError& error : compiled.errors) ADD_FAILURE() << error.message;
  if (!compiled.query) return {};
  event::Projection projection(fields);
  projection.Add(event::field::kEventCategory);
  for (const Term& term : compiled.query->terms) AddFields(program, term, projection);
  if (compiled.query->until) AddFields(program, *compiled.query->until, projection);
  const Stream stream = Read(test.data, projection);
  auto results = correlate::ReferenceMatch(*compiled.query, program, projection, stream.events);
  ApplyPipes(compiled.query->pipes, results);
  for (auto& result : results) {
    for (int& index : result) index = index < 0 ? -1 : stream.ids[index];
  }
  return results;
}

TEST(Conformance, EveryQueryReturnsWhatUpstreamExpects) {
  const std::vector<Case> cases = Cases();
  if (cases.empty()) GTEST_SKIP() << "no conformance cases in " << kFolder;
  EXPECT_EQ(cases.size(), 153);
  for (const Case& test : cases) {
    SCOPED_TRACE(absl::StrCat(test.name, "\n", test.query));
    EXPECT_THAT(ResultsOf(test), ::testing::UnorderedElementsAreArray(test.expected));
  }
}

}  // namespace
}  // namespace sequitur::eql
