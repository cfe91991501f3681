// What a decoder remembers to be fast (keys, names of files) changes nothing in
// what it says: one that has seen all the public samples against a new one.

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "decode/decoder.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

class DecoderMemoryTest : public ::testing::Test {
 protected:
  DecoderMemoryTest() : projection_(fields_) {
    projection_.AddAllKnown();
    known_ = NewDecoder();
  }

  std::unique_ptr<Decoder> NewDecoder() const {
    return *Decoder::Create(projection_, SourceOptions());
  }

  // The fate of the record and all its events, for comparison.
  std::string Decode(Decoder& decoder, absl::string_view bytes) const {
    event::Event event(projection_);
    RawRecord record;
    record.bytes = bytes;
    record.position = {0, 0, 0, 0};
    record.path = "telemetry";
    std::string events;
    const DecodeResult result = decoder.Decode(record, event, [&](event::Event& seen) {
      absl::StrAppend(&events, "\n", seen.time, " ", seen.identity, " ", seen.claim.id, " ",
                      seen.claim.name);
      for (event::FieldId id : seen.present()) {
        absl::StrAppend(&events, " ", fields_.path(id), "=", seen.Get(id).ToString());
      }
    });
    return absl::StrCat(DecodeResultName(result), " ", SourceKindName(decoder.last_kind()), events);
  }

  event::FieldTable fields_;
  event::Projection projection_;
  std::unique_ptr<Decoder> known_;
};

TEST_F(DecoderMemoryTest, WhatWasSeenBeforeChangesNoDocument) {
  size_t lines = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(SEQUITUR_SHARED_DIR "/samples")) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line) && line.size() < 100'000;) {
      if (line.empty() || line[0] != '{') continue;
      Decode(*known_, line);
      if (++lines % 16 != 0) continue;  // a new decoder takes a millisecond
      const std::string fresh = Decode(*NewDecoder(), line);
      ASSERT_EQ(Decode(*known_, line), fresh) << entry.path() << ": " << line;
    }
  }
  EXPECT_GT(lines, 100u);
}

}  // namespace
}  // namespace sequitur::decode
