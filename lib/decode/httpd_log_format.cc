// Reads httpd's `LogFormat` directive into a LogFormat. Directives are those of
// mod_log_config, mod_logio and mod_ssl; any other is a text that is skipped,
// since modules add their own.

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "decode/log_format.h"

namespace sequitur::decode {
namespace {

using enum AccessField;
using Item = LogFormat::Item;
using Shape = LogFormat::Shape;
using TimeForm = LogFormat::TimeForm;

struct Directive {
  char letter;
  absl::string_view argument;  // compared without regard to case
  AccessField field;
  Shape shape = Shape::kText;
};

// The first that fits; an empty argument fits only a directive without one.
constexpr Directive kDirectives[] = {
    {'h', "", kRemote},
    {'h', "c", kPeer},
    {'a', "", kRemote},
    {'a', "c", kPeer},
    {'A', "", kServerAddress},
    {'l', "", kIgnored},
    {'u', "", kUser},
    {'r', "", kRequest},
    {'m', "", kMethod},
    {'U', "", kPath},
    {'q', "", kQuery},
    {'H', "", kProtocol},
    {'s', "", kStatus, Shape::kNumber},
    {'b', "", kBodyBytes, Shape::kNumber},
    {'B', "", kBodyBytes, Shape::kNumber},
    {'O', "", kBytes, Shape::kNumber},
    {'I', "", kRequestBytes, Shape::kNumber},
    {'i', "referer", kReferrer},
    {'i', "user-agent", kAgent},
    {'i', "host", kHost},
    {'i', "x-forwarded-for", kForwarded, Shape::kList},
    {'i', "x-request-id", kRequestId},
    {'e', "unique_id", kRequestId},
    {'L', "", kLogId},
    {'P', "", kPid, Shape::kNumber},
    {'P', "pid", kPid, Shape::kNumber},
    {'P', "tid", kThread, Shape::kNumber},
    {'p', "", kServerPort, Shape::kNumber},
    {'p', "canonical", kServerPort, Shape::kNumber},
    {'p', "local", kServerPort, Shape::kNumber},
    {'p', "remote", kRemotePort, Shape::kNumber},
    {'v', "", kHost},
    {'V', "", kHost},
    {'k', "", kIgnored, Shape::kNumber},
    {'x', "ssl_protocol", kTlsProtocol},
    {'x', "ssl_cipher", kTlsCipher},
};

struct Nickname {
  absl::string_view name;
  absl::string_view format;
};
constexpr Nickname kNicknames[] = {
    {"common", "%h %l %u %t \"%r\" %>s %b"},
    {"combined", "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\""},
    {"combinedio", "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\" %I %O"},
    {"vhost_combined", "%v:%p %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\""},
    {"vhost_common", "%v %h %l %u %t \"%r\" %>s %b"},
    {"ssl_request_log", "%t %h %{SSL_PROTOCOL}x %{SSL_CIPHER}x \"%r\" %b"},
};

// %D, %T and %{ms}T.
Item DurationItem(int64_t unit) {
  Item item;
  item.shape = Shape::kDuration;
  item.unit = unit;
  return item;
}

int64_t UnitOf(absl::string_view name) {
  if (absl::StartsWith(name, "ms")) return event::kMillisecond;
  if (absl::StartsWith(name, "us")) return event::kMicrosecond;
  return event::kSecond;
}

// %t, %{begin:...}t, %{end:...}t: a name of a form, or strftime's.
Item TimeItem(absl::string_view argument) {
  Item item;
  item.shape = Shape::kTime;
  item.edge =
      absl::ConsumePrefix(&argument, "end:") ? LogFormat::Edge::kEnd : LogFormat::Edge::kStart;
  absl::ConsumePrefix(&argument, "begin:");
  item.unit = UnitOf(argument);
  if (argument == "sec") {
    item.form = TimeForm::kCalendar;
    item.calendar = "%s";
  } else if (argument == "msec" || argument == "usec") {
    item.form = TimeForm::kEpoch;
  } else if (argument == "msec_frac" || argument == "usec_frac") {
    item.form = TimeForm::kFraction;
  } else {
    item.form = TimeForm::kCalendar;
    item.calendar = argument.empty() ? "[%d/%b/%Y:%H:%M:%S %z]" : std::string(argument);
  }
  return item;
}

Item ItemOf(char letter, absl::string_view argument) {
  if (letter == 't') return TimeItem(argument);
  if (letter == 'D') return DurationItem(event::kMicrosecond);
  if (letter == 'T') return DurationItem(UnitOf(argument));
  Item item;
  const auto* known =
      std::find_if(std::begin(kDirectives), std::end(kDirectives), [&](const Directive& d) {
        return d.letter == letter && absl::EqualsIgnoreCase(d.argument, argument);
      });
  if (known != std::end(kDirectives)) {
    item.field = known->field;
    item.shape = known->shape;
  }
  return item;
}

// What httpd.conf's string syntax means: \" \\ \n \t.
std::string Unquote(absl::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out.push_back(text[i]);
      continue;
    }
    const char next = text[++i];
    out.push_back(next == 'n' ? '\n' : next == 't' ? '\t' : next);
  }
  return out;
}

// The string of `LogFormat "..." nickname`; else the text itself.
std::string FormatString(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  for (const Nickname& nickname : kNicknames) {
    if (nickname.name == text) return std::string(nickname.format);
  }
  if (absl::ConsumePrefix(&text, "LogFormat ")) {
    text = absl::StripAsciiWhitespace(text);
    const size_t last = text.rfind('"');
    if (absl::ConsumePrefix(&text, "\"") && last > 0) text = text.substr(0, last - 1);
  }
  return Unquote(text);
}

// Reads one directive behind its '%': `[<>!,0-9]*{argument}letter`, and "^FB".
Item TakeDirective(absl::string_view* format) {
  const auto skip = [format](absl::string_view marks) {
    while (!format->empty() && absl::StrContains(marks, format->substr(0, 1))) {
      format->remove_prefix(1);
    }
  };
  skip("<>!,0123456789");
  absl::string_view argument;
  if (absl::ConsumePrefix(format, "{")) {
    const size_t close = std::min(format->find('}'), format->size());
    argument = format->substr(0, close);
    format->remove_prefix(std::min(close + 1, format->size()));
  }
  skip("<>!,0123456789");
  if (absl::ConsumePrefix(format, "^")) {
    format->remove_prefix(std::min<size_t>(2, format->size()));
    return Item();
  }
  if (format->empty()) return Item();
  const char letter = format->front();
  format->remove_prefix(1);
  return ItemOf(letter, argument);
}

}  // namespace

absl::StatusOr<LogFormat> CompileHttpdLogFormat(absl::string_view text) {
  const std::string owned = FormatString(text);
  absl::string_view format = owned;
  std::vector<Item> items;
  std::string literal;
  while (!format.empty()) {
    const char c = format.front();
    format.remove_prefix(1);
    if (c != '%') {
      literal.push_back(c);
    } else if (absl::ConsumePrefix(&format, "%")) {
      literal.push_back('%');
    } else {
      Item item = TakeDirective(&format);
      item.before = std::exchange(literal, std::string());
      items.push_back(std::move(item));
    }
  }
  return LogFormat::Create(std::move(items), std::move(literal), /*escaped=*/true);
}

}  // namespace sequitur::decode
