#pragma once

// Unwrapper finds the payload in a record: it peels off envelopes until it
// meets a document or a line that some source recognises.
//
// In each document, in this order: is it a source's own? does it hold a
// document? is it a finished ECS fact? does it hold a line of a source? is it
// an access log in JSON, or ECS? So a document that merely carries text beside
// its facts stays what it is, and a shipper's envelope yields to the line in it.
//
// Bounds:   kMaxLevels wrappings, kMaxReads documents a record.
// Threads:  none; one per Decoder.
// Lifetime: a Payload is valid until the next Find, and as long as its origin.

#include <array>
#include <cstdint>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "base/arena.h"
#include "decode/cri_line.h"
#include "decode/envelope.h"
#include "decode/json_reader.h"
#include "decode/json_sources.h"
#include "decode/source.h"
#include "decode/stock_access.h"

namespace sequitur::decode {

struct Payload {
  SourceKind kind = SourceKind::kAuto;
  const JsonCaptures* document = nullptr;  // null: a line of text
  absl::string_view text;                  // the line, or the document's bytes
  const StockLine* parts = nullptr;        // of an access line, if it was told by them
  const Envelope* envelope = nullptr;      // never null once found
};

class Unwrapper {
 public:
  static constexpr int kMaxLevels = 3;
  static constexpr size_t kMaxReads = 8;

  // `kind` fixes what to look for; kAuto: anything.
  Unwrapper(const JsonPaths& paths, EnvelopeReader& envelopes, const JsonSources& sources,
            SourceKind kind)
      : envelopes_(envelopes), sources_(sources), kind_(kind), reader_(paths) {}

  // kDecoded: payload() is recognised. kNotAnEvent: a piece of a line that is
  // kept until its end comes. Else payload() is the first bare line met, its
  // kind kAuto, for the caller to judge by what it remembers of the stream.
  // `stream_seed` tells streams apart that name no file; few records need it.
  DecodeResult Find(absl::string_view record, const Envelope& origin, StreamSeed stream_seed,
                    Arena& arena);
  // The caller may settle its kind.
  Payload& payload() { return payload_; }

 private:
  struct Document {
    absl::string_view json;
    JsonCaptures found;
    Envelope envelope;  // with what the document says
  };

  DecodeResult FindIn(absl::string_view text, int level, const Envelope& outer);
  DecodeResult FindInDocument(absl::string_view json, int level, const Envelope& envelope);
  DecodeResult FindInside(Document& document, int level);
  DecodeResult FindAccessLine(const Document& document);
  DecodeResult FindLine(absl::string_view line, const Envelope& envelope);

  // Takes headers off the line, and sets `envelope` to the one at this level with
  // what they say; false when what is left is an unfinished piece.
  bool TakeHeaders(absl::string_view& line, int level, const Envelope*& envelope);
  SourceKind AccessKind(const StreamHint& hint) const;
  SourceKind RecogniseDocument(const Document& document, const Envelope& envelope) const;
  DecodeResult TakeDocument(SourceKind kind, Document& document, const Envelope& envelope);
  void KeepLine(absl::string_view line, const Envelope& envelope);

  EnvelopeReader& envelopes_;
  const JsonSources& sources_;
  const SourceKind kind_;
  JsonReader reader_;
  PartialLines partials_;
  std::array<Document, kMaxReads> reads_;
  size_t read_count_ = 0;
  std::array<Envelope, kMaxLevels + 1> headed_;  // by level, with the line's headers
  const StreamSeed* stream_seed_ = nullptr;
  Arena* arena_ = nullptr;
  Payload payload_;
  std::optional<StockLine> parts_;  // the payload's
  Envelope kept_;                   // of the line that was kept
  // The innermost document, for a named source that does not recognise it.
  Document* innermost_ = nullptr;
  Envelope innermost_envelope_;
};

}  // namespace sequitur::decode
