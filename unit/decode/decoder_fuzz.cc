// Any bytes, twice, through the facade: the same events both times, an event
// for each success and a time for each event. And whatever a client sends as
// its user agent, the access line around it stays one access line.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "decode/decoder.h"
#include "decode/fact_identity.h"

namespace sequitur::decode {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

uint64_t Digest(const event::Event& event) {
  FactIdentity digest;
  digest.Add(event.time).Add(event.record_time).Add(event.claim.id).Add(event.claim.name);
  for (event::FieldId id : event.present()) digest.Add(event.Get(id).ToString());
  return digest.value();
}

struct Outcome {
  DecodeResult result;
  SourceKind kind;
  size_t events = 0;
  uint64_t digest = 0;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

struct Setting {
  Setting() : projection(fields) {
    projection.AddAllKnown();
    auto created = Decoder::Create(projection, SourceOptions());
    Require(created.ok());
    decoder = *std::move(created);
  }

  Outcome Decode(absl::string_view bytes) {
    event::Event event(projection);
    Outcome outcome;
    RawRecord record;
    record.bytes = bytes;
    record.position.partition = 0;
    outcome.result = decoder->Decode(record, event, [&](event::Event& seen) {
      Require(seen.time != event::kNoTime);
      Require(seen.position.row == outcome.events);
      ++outcome.events;
      outcome.digest = outcome.digest * 31 + Digest(seen);
    });
    outcome.kind = decoder->last_kind();
    Require((outcome.result == DecodeResult::kDecoded) == (outcome.events > 0));
    Require(outcome.events == 0 || outcome.kind != SourceKind::kAuto);
    return outcome;
  }

  event::FieldTable fields;
  event::Projection projection;
  std::unique_ptr<Decoder> decoder;
};

// As nginx escapes a variable.
std::string Escape(absl::string_view text) {
  std::string out;
  for (unsigned char c : text) {
    if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
      out.push_back(static_cast<char>(c));
    } else {
      absl::StrAppend(&out, "\\x", absl::Hex(c, absl::kZeroPad2));
    }
  }
  return out;
}

}  // namespace
}  // namespace sequitur::decode

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sequitur::decode;  // NOLINT: the entry point's name is libFuzzer's
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  Setting first;
  Setting second;
  Require(first.Decode(bytes) == second.Decode(bytes));

  const std::string line =
      absl::StrCat(R"(203.0.113.7 - - [24/Nov/2026:03:49:10 +0000] "GET / HTTP/1.1" 200 1 "-" ")",
                   Escape(bytes.substr(0, 4096)), "\"");
  const Outcome outcome = first.Decode(line);
  Require(outcome.result == DecodeResult::kDecoded && outcome.events == 1);
  Require(outcome.kind == SourceKind::kNginxAccess || outcome.kind == SourceKind::kHttpdAccess);
  return 0;
}
