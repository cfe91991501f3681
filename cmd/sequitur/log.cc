#include "cmd/sequitur/log.h"

#include <chrono>
#include <memory>
#include <string>

#include "alert/printable.h"
#include "spdlog/pattern_formatter.h"
#include "spdlog/sinks/dup_filter_sink.h"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"
#include "yaml/json.h"

namespace sequitur::cmd {
namespace {

constexpr size_t kMaxMessage = 16 << 10;
constexpr std::chrono::seconds kRepeatsWithin(10);

// The message: as a JSON string, or as text whose further lines stand indented.
class Message final : public spdlog::custom_flag_formatter {
 public:
  explicit Message(bool json) : json_(json) {}

  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& out) override {
    const absl::string_view text(message.payload.data(), message.payload.size());
    std::string line;
    if (json_) {
      line = yaml::JsonString(alert::ValidUtf8(text.substr(0, kMaxMessage)));
    } else {
      for (size_t from = 0; from <= text.size();) {
        size_t end = text.find('\n', from);
        if (end == text.npos) end = text.size();
        if (from > 0) line += "\n    ";
        line += alert::Printable(text.substr(from, end - from), kMaxMessage);
        from = end + 1;
      }
    }
    out.append(line.data(), line.data() + line.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<Message>(json_);
  }

 private:
  const bool json_;
};

}  // namespace

void StartLog(const config::Log& log) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  formatter->add_flag<Message>('*', log.json);
  formatter->set_pattern(
      log.json ? R"({"@timestamp":"%Y-%m-%dT%H:%M:%S.%eZ","log.level":"%l","message":%*})"
               : "%Y-%m-%dT%H:%M:%S.%eZ %l %*");
  // Made once: other threads may be writing to it when the format changes.
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto repeats = std::make_shared<spdlog::sinks::dup_filter_sink_mt>(kRepeatsWithin);
    repeats->add_sink(std::make_shared<spdlog::sinks::stderr_sink_mt>());
    auto made = std::make_shared<spdlog::logger>("sequitur", repeats);
    made->flush_on(spdlog::level::info);
    spdlog::set_default_logger(made);
    return made;
  }();
  logger->set_formatter(std::move(formatter));
  logger->set_level(spdlog::level::from_str(log.level));
}

}  // namespace sequitur::cmd
