#include "pipeline/test_events.h"

#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "decode/decoder.h"

namespace sequitur::pipeline {
namespace {

// Decoders by (kind, host): a test's events come from a few sources.
class TestDecoders {
 public:
  explicit TestDecoders(const Site& site) : site_(site) {}

  absl::StatusOr<decode::Decoder*> For(const rules::TestEvent& event) {
    auto& decoder = decoders_[{event.source, event.host}];
    if (decoder == nullptr) {
      decode::SourceOptions options;
      options.kind = decode::ParseSourceKind(event.source).value_or(decode::SourceKind::kAuto);
      options.host = event.host;
      options.trust_own_fields = true;
      auto created = decode::Decoder::Create(site_.projection(), options);
      if (!created.ok()) return created.status();
      decoder = *std::move(created);
    }
    return decoder.get();
  }

 private:
  const Site& site_;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<decode::Decoder>> decoders_;
};

}  // namespace

std::vector<std::string> DecodeTestEvents(const Site& site, const rules::RuleTest& test,
                                          absl::FunctionRef<void(event::Event&)> each) {
  std::vector<std::string> problems;
  TestDecoders decoders(site);
  event::Event scratch(site.projection());
  for (size_t i = 0; i < test.events.size(); ++i) {
    const rules::TestEvent& event = test.events[i];
    const auto decoder = decoders.For(event);
    if (!decoder.ok()) {
      problems.emplace_back(decoder.status().message());
      return problems;
    }
    decode::RawRecord record;
    record.bytes = event.record;
    record.position = {0, Position::kFile, static_cast<int64_t>(i + 1), 0};
    const auto result = (*decoder)->Decode(record, scratch, each);
    if (decode::IsDecodeError(result)) {
      problems.push_back(absl::StrCat(test.file, ":", event.line, ": event ", i + 1, ": ",
                                      decode::DecodeResultName(result)));
    }
  }
  return problems;
}

}  // namespace sequitur::pipeline
