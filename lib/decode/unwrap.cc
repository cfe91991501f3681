#include "decode/unwrap.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "decode/detect.h"
#include "decode/syslog_prefix.h"
#include "decode/text_sources.h"

namespace sequitur::decode {
namespace {

// In the order of EnvelopeReader::Texts: message, event.original, log.
constexpr size_t kShipperTexts = 3;

absl::string_view WithoutLineEnd(absl::string_view line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  absl::ConsumePrefix(&line, "\xEF\xBB\xBF");
  return line;
}

// "[1554141513.598656,{...}]" -> "{...}": Fluent Bit's own pair of time and record.
absl::string_view TakePair(absl::string_view line, std::optional<event::TimeNs>* time) {
  constexpr size_t kLongestTime = 32;
  if (line.size() < 2 || line[0] != '[' || !absl::ascii_isdigit(line[1])) return line;
  const size_t comma = line.substr(0, kLongestTime).find(',');
  if (comma == line.npos || !absl::EndsWith(line, "}]")) return line;
  const absl::string_view record =
      absl::StripLeadingAsciiWhitespace(line.substr(comma + 1, line.size() - comma - 2));
  if (record.empty() || record[0] != '{') return line;
  *time = event::ParseEpochSeconds(line.substr(1, comma - 1));
  return record;
}

}  // namespace

DecodeResult Unwrapper::Find(absl::string_view record, const Envelope& origin,
                             StreamSeed stream_seed, Arena& arena) {
  read_count_ = 0;
  arena_ = &arena;
  stream_seed_ = &stream_seed;
  payload_ = Payload();
  payload_.envelope = &origin;
  innermost_ = nullptr;
  const DecodeResult result = FindIn(record, 0, origin);
  if (result == DecodeResult::kDecoded || result == DecodeResult::kNotAnEvent) return result;
  if (innermost_ != nullptr && HasJsonDocuments(kind_)) {
    return TakeDocument(kind_, *innermost_, innermost_envelope_);
  }
  return result;
}

DecodeResult Unwrapper::FindIn(absl::string_view text, int level, const Envelope& outer) {
  const Envelope* envelope = &outer;
  absl::string_view line = WithoutLineEnd(text);
  if (!TakeHeaders(line, level, envelope)) return DecodeResult::kNotAnEvent;
  const absl::string_view start = absl::StripLeadingAsciiWhitespace(line);
  if (start.empty()) return DecodeResult::kNotRecognised;
  if (start.front() != '{') return FindLine(line, *envelope);
  return FindInDocument(absl::StripTrailingAsciiWhitespace(start), level, *envelope);
}

bool Unwrapper::TakeHeaders(absl::string_view& line, int level, const Envelope*& envelope) {
  // Few lines have any.
  const auto headed = [&]() -> Envelope& {
    Envelope& own = headed_[static_cast<size_t>(level)];
    if (envelope != &own) own = *envelope;
    envelope = &own;
    return own;
  };
  std::optional<event::TimeNs> pair_time;
  line = TakePair(line, &pair_time);
  if (pair_time) headed().read_time = *pair_time;
  if (envelope->hint.raw_log) return true;
  if (const auto cri = ParseCriLine(line)) {
    headed().Add(*cri);
    const uint64_t stream = envelope->StreamKey(*stream_seed_);
    if (cri->partial) {
      partials_.Add(stream, cri->text);
      return false;
    }
    const absl::string_view whole = partials_.Finish(stream, cri->text);
    line = whole.data() == cri->text.data() ? whole : arena_->Copy(whole);
  }
  if (const auto prefix = ParseSyslogPrefix(line)) {
    headed().Add(*prefix);
    line = prefix->rest;
  }
  return true;
}

DecodeResult Unwrapper::FindLine(absl::string_view line, const Envelope& envelope) {
  SourceKind kind = kind_;
  parts_.reset();
  if (kind == SourceKind::kAuto) kind = RecogniseLine(line, envelope.hint, &parts_);
  if (kind == SourceKind::kAuto || !HasTextLines(kind)) {
    KeepLine(line, envelope);
    return DecodeResult::kNotRecognised;
  }
  payload_ = {.kind = kind,
              .document = nullptr,
              .text = line,
              .parts = parts_ ? &*parts_ : nullptr,
              .envelope = &envelope};
  return DecodeResult::kDecoded;
}

void Unwrapper::KeepLine(absl::string_view line, const Envelope& envelope) {
  if (!payload_.text.empty()) return;
  kept_ = envelope;  // the next line's may take its place
  payload_.text = line;
  payload_.envelope = &kept_;
}

DecodeResult Unwrapper::FindInDocument(absl::string_view json, int level,
                                       const Envelope& envelope) {
  if (read_count_ == kMaxReads) return DecodeResult::kNotRecognised;
  Document& document = reads_[read_count_++];
  document.json = json;
  const DecodeResult result = reader_.Read(json, *arena_, document.found);
  if (result != DecodeResult::kDecoded) {
    // A line that only begins like a document.
    const DecodeResult as_line = FindLine(json, envelope);
    return as_line == DecodeResult::kDecoded ? as_line : result;
  }
  const SourceKind own = RecogniseDocument(document, envelope);
  if (own != SourceKind::kAuto) return TakeDocument(own, document, envelope);
  document.envelope = envelope;
  envelopes_.Read(document.found, EnvelopeReader::Role::kWrapper, *arena_, document.envelope);
  const bool access = sources_.IsAccess(document.found);
  if (level < kMaxLevels) {
    const DecodeResult inside = access ? FindAccessLine(document) : FindInside(document, level);
    if (inside == DecodeResult::kDecoded || inside == DecodeResult::kNotAnEvent) return inside;
  }
  if (access) return TakeDocument(AccessKind(document.envelope.hint), document, envelope);
  if (!envelope.hint.raw_log && sources_.IsEcs(document.found)) {
    return TakeDocument(SourceKind::kEcs, document, envelope);
  }
  if (innermost_ == nullptr) {
    innermost_ = &document;
    innermost_envelope_ = envelope;
  }
  // Text that happens to be JSON: of a named text source, or in a raw log.
  const bool may_be_line = HasTextLines(kind_) || envelope.hint.raw_log;
  return may_be_line && payload_.text.empty() ? FindLine(json, envelope)
                                              : DecodeResult::kNotRecognised;
}

SourceKind Unwrapper::AccessKind(const StreamHint& hint) const {
  if (kind_ != SourceKind::kAuto) return kind_;
  return hint.server == StreamHint::Server::kHttpd ? SourceKind::kHttpdAccess
                                                   : SourceKind::kNginxAccess;
}

SourceKind Unwrapper::RecogniseDocument(const Document& document, const Envelope& envelope) const {
  return envelope.hint.raw_log ? SourceKind::kAuto : sources_.RecogniseOwn(document.found);
}

DecodeResult Unwrapper::FindInside(Document& document, int level) {
  const Envelope& envelope = document.envelope;
  if (envelopes_.WrapsObjects(document.found)) {
    for (absl::string_view object : envelopes_.Objects(document.found)) {
      if (object.empty()) continue;
      Document* const innermost = innermost_;
      const DecodeResult result = FindInDocument(object, level + 1, envelope);
      if (result == DecodeResult::kDecoded) return result;
      innermost_ = innermost;  // a part of the document does not stand for it
    }
  }
  if (sources_.IsFinishedEcs(document.found)) {
    return TakeDocument(SourceKind::kEcs, document, envelope);
  }
  for (absl::string_view text : envelopes_.Texts(document.found)) {
    if (text.empty()) continue;
    const DecodeResult result = FindIn(text, level + 1, envelope);
    if (result == DecodeResult::kDecoded || result == DecodeResult::kNotAnEvent) return result;
  }
  return DecodeResult::kNotRecognised;
}

// A request that was taken apart may still have its line beside it, which is
// the better evidence. Nothing else may come out of such a document: a logged
// request body is the client's to write.
DecodeResult Unwrapper::FindAccessLine(const Document& document) {
  const Envelope& envelope = document.envelope;
  const auto texts = envelopes_.Texts(document.found);
  for (size_t i = 0; i < kShipperTexts; ++i) {
    const absl::string_view line = WithoutLineEnd(texts[i]);
    StreamHint hint = envelope.hint;
    hint.raw_log = true;
    const SourceKind kind = RecogniseLine(line, hint);
    const bool access = kind == SourceKind::kNginxAccess || kind == SourceKind::kHttpdAccess;
    if (!access || (kind_ != SourceKind::kAuto && kind != kind_)) continue;
    return FindLine(line, envelope);
  }
  return DecodeResult::kNotRecognised;
}

DecodeResult Unwrapper::TakeDocument(SourceKind kind, Document& document,
                                     const Envelope& envelope) {
  using Role = EnvelopeReader::Role;
  const bool web = kind == SourceKind::kNginxAccess || kind == SourceKind::kHttpdAccess;
  document.envelope = envelope;
  envelopes_.Read(document.found, web || kind == SourceKind::kZeek ? Role::kAccess : Role::kSource,
                  *arena_, document.envelope);
  payload_ = {.kind = kind,
              .document = &document.found,
              .text = document.json,
              .parts = nullptr,
              .envelope = &document.envelope};
  return DecodeResult::kDecoded;
}

}  // namespace sequitur::decode
