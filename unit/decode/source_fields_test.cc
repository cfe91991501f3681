// The table of fields by source against the decoders themselves: everything in
// the corpora, the public samples and the demo's telemetry is decoded with every
// known field wanted.

#include "decode/source_fields.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "decode/decoder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using ByKind = std::map<SourceKind, std::set<std::string>>;
struct Seen {
  ByKind paths, categories;
};

void Decode(Decoder& decoder, absl::string_view bytes, absl::string_view path,
            const event::Projection& projection, Seen& seen) {
  event::Event event(projection);
  RawRecord record;
  record.bytes = bytes;
  record.path = path;
  decoder.Decode(record, event, [&](event::Event& decoded) {
    for (event::FieldId id : decoded.present()) {
      seen.paths[decoder.last_kind()].emplace(projection.fields().path(id));
    }
    for (const event::Value& category : decoded.Get(event::field::kEventCategory).elements()) {
      seen.categories[decoder.last_kind()].emplace(category.text());
    }
  });
}

Seen DecodeAllSamples() {
  const event::FieldTable fields;
  event::Projection projection(fields);
  projection.AddAllKnown();
  Seen seen;
  for (const char* root :
       {SEQUITUR_SOURCE_DIR "/unit/decode/corpus", SEQUITUR_SHARED_DIR "/samples",
        SEQUITUR_SOURCE_DIR "/integration/demo/telemetry"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      if (!entry.is_regular_file()) continue;
      auto decoder = Decoder::Create(projection, SourceOptions());
      EXPECT_TRUE(decoder.ok());
      const std::string path = entry.path().string();
      std::ifstream file(path, std::ios::binary);
      const std::string text{std::istreambuf_iterator<char>(file), {}};
      Decode(**decoder, text, path, projection, seen);
      for (absl::string_view line : absl::StrSplit(text, '\n')) {
        Decode(**decoder, line, path, projection, seen);
      }
    }
  }
  return seen;
}

TEST(SourceFields, LeaveOutNothingThatADecoderSets) {
  const Seen seen = DecodeAllSamples();
  EXPECT_EQ(seen.paths.size(), kSourceKinds - 1) << "a kind without a sample";
  for (const auto& [kind, paths] : seen.paths) {
    for (const std::string& path : paths) {
      EXPECT_TRUE(CanSet(kind, path)) << SourceKindName(kind) << " sets " << path;
    }
  }
}

// What the samples do not show, but the decoders' tests do. A field that is
// claimed and neither shown nor listed is a mistake of the table.
TEST(SourceFields, ClaimNothingThatNoDecoderSets) {
  const event::FieldTable fields;
  const Seen seen = DecodeAllSamples();
  std::set<std::string> shown_by_some;
  for (const auto& [kind, paths] : seen.paths) {
    if (kind != SourceKind::kEcs) shown_by_some.insert(paths.begin(), paths.end());
  }
  std::vector<std::string> unproved;
  for (event::FieldId id = 0; id < event::field::kKnownFields; ++id) {
    const std::string path(fields.path(id));
    if (!KindsThatSet(path).empty() && !shown_by_some.contains(path)) unproved.push_back(path);
  }
  EXPECT_THAT(unproved,
              ElementsAre("event.ingested", "host.id", "host.name", "user.effective.name",
                          "http.response.bytes", "nginx.access.connection_id",
                          "process.code_signature.team_id", "process.responsible.executable"));
}

TEST(SourceFields, CategoriesAreThoseThatDecodersMake) {
  const Seen seen = DecodeAllSamples();
  for (const auto& [kind, made] : seen.categories) {
    if (kind == SourceKind::kEcs) continue;
    for (absl::string_view category : {"web", "process", "file", "network", "authentication"}) {
      EXPECT_EQ(CanMake(kind, category), made.contains(std::string(category)))
          << SourceKindName(kind) << " " << category;
    }
  }
}

TEST(SourceFields, KnowWhatOnlyOneKindSays) {
  EXPECT_THAT(KindsThatSet("file.uid"), ElementsAre(SourceKind::kEslogger));
  EXPECT_THAT(KindsThatSet("nginx.error.connection_id"), ElementsAre(SourceKind::kNginxError));
  EXPECT_THAT(KindsThatSet("zeek.connection.history"), ElementsAre(SourceKind::kZeek));
  EXPECT_THAT(KindsThatSet("registry.path"), IsEmpty());
}

TEST(SourceFields, DocumentsBringWhateverTheyLikeButOurOwn) {
  EXPECT_TRUE(CanSet(SourceKind::kEcs, "registry.path"));
  EXPECT_FALSE(CanSet(SourceKind::kEcs, "sequitur.indicators"));
  EXPECT_TRUE(CanSet(SourceKind::kAuto, "registry.path"));
}

}  // namespace
}  // namespace sequitur::decode
