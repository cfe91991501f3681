#include "pipeline/input_reader.h"

#include <utility>

#include "base/position.h"
#include "base/status_macros.h"

namespace sequitur::pipeline {

absl::StatusOr<std::unique_ptr<InputReader>> InputReader::Open(const Site& site, const Input& input,
                                                               uint32_t source) {
  decode::SourceOptions options = site.SourceOptionsFor(input.path);
  if (input.kind != decode::SourceKind::kAuto) options.kind = input.kind;
  ASSIGN_OR_RETURN(auto lines, LineReader::Open(input.path));
  ASSIGN_OR_RETURN(auto decoder, decode::Decoder::Create(site.projection(), options));
  return std::unique_ptr<InputReader>(
      new InputReader(std::move(lines), std::move(decoder), input.path, source));
}

InputReader::InputReader(std::unique_ptr<LineReader> lines,
                         std::unique_ptr<decode::Decoder> decoder, absl::string_view path,
                         uint32_t source)
    : records_(std::move(lines)),
      decoder_(std::move(decoder)),
      path_(path == "-" ? absl::string_view() : path),
      source_(source) {}

bool InputReader::Fill(size_t bytes, event::Event& scratch, EventBatch& batch) {
  auto found = RecordReader::Found::kRecord;
  do {
    const bool empty = batch.records().empty();
    absl::string_view record;
    found = records_.Next(&record, empty ? RecordReader::Wait::kYes : RecordReader::Wait::kNo);
    if (found == RecordReader::Found::kRecord) Decode(record, scratch, batch);
  } while (found == RecordReader::Found::kRecord && batch.records().size() < kMaxRecords &&
           batch.bytes() < bytes);
  batch.set_bytes_read(records_.lines().bytes_read());
  return found != RecordReader::Found::kEnd;
}

void InputReader::Decode(absl::string_view bytes, event::Event& scratch, EventBatch& batch) {
  decode::RawRecord record;
  record.bytes = bytes;
  record.path = path_;
  record.position = {source_, Position::kFile, records_.line_number(), 0};
  const auto result =
      decoder_->Decode(record, scratch, [&](event::Event& event) { batch.Add(event); });
  batch.EndRecord(result, decoder_->last_kind(), records_.line_number());
}

}  // namespace sequitur::pipeline
