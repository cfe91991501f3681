#include "decode/error_log_format.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "decode/log_text.h"
#include "decode/log_time.h"

namespace sequitur::decode {
namespace {

constexpr size_t kNone = absl::string_view::npos;

// Drops `ErrorLogFormat [connection|request] "` and the closing quote.
absl::string_view FormatString(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (absl::ConsumePrefix(&text, "ErrorLogFormat ")) text = absl::StripAsciiWhitespace(text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  return text;
}

// %t in its three precisions: ctime, {u} with microseconds, {cu} compact ISO.
std::optional<event::TimeNs> ParseTime(absl::string_view text, absl::string_view argument,
                                       const absl::TimeZone& zone) {
  return absl::StrContains(argument, "c") ? event::ParseIso8601(text, &zone)
                                          : ParseCtime(text, zone);
}

// The bytes a time takes at the front of `text`, by its shape; 0 = none there.
size_t TimeSize(absl::string_view text, absl::string_view argument) {
  const bool compact = absl::StrContains(argument, "c");
  size_t size = compact ? 19 : 24;
  const size_t dot = 19;
  if (text.size() > dot && text[dot] == '.') {
    size_t fraction = 1;
    while (dot + fraction < text.size() && absl::ascii_isdigit(text[dot + fraction])) ++fraction;
    size += fraction;
  }
  if (text.size() < size) return 0;
  const bool punctuated = compact ? text[4] == '-' && text[10] == ' ' && text[13] == ':'
                                  : text[3] == ' ' && text[7] == ' ' && text[13] == ':';
  return punctuated ? size : 0;
}

bool IsCount(absl::string_view text) { return ParseCount(text).has_value(); }

// Whether `text` can be what the item writes.
bool Fits(char item, absl::string_view text) {
  switch (item) {
    case 'P':
    case 'T':
      return IsCount(text);
    case 'E':
      return absl::StartsWith(text, "(") && absl::StrContains(text, ")");
    case 'F':
      return absl::EndsWith(text, ")") && absl::StrContains(text, "(");
    case 'a':
    case 'A':
      return IsIpAddress(SplitHostPort(text, ColonRule::kLastIsPort).host) || IsIpAddress(text);
    default:
      return !text.empty();
  }
}

void SetAddress(absl::string_view text, absl::string_view* host, std::optional<int64_t>* port) {
  const bool whole = IsIpAddress(text) && text.find('.') == kNone && !absl::StrContains(text, "]");
  // 2001:db8::1:51234 reads as an address too; httpd always writes the port.
  const HostPort parts = SplitHostPort(text, ColonRule::kLastIsPort);
  const bool has_port = parts.port.has_value() && IsIpAddress(parts.host);
  *host = has_port || !whole ? parts.host : text;
  *port = has_port ? parts.port : std::nullopt;
}

void Store(char item, absl::string_view argument, absl::string_view text, ErrorLine* line) {
  switch (item) {
    case 'm':
      if (text != "-") line->logger = text;
      break;
    case 'l':
      line->level = text;
      break;
    case 'P':
      line->pid = ParseCount(text);
      break;
    case 'T':
      line->thread = ParseCount(text);
      break;
    case 'E':
      line->cause = text;
      break;
    case 'a':
      SetAddress(text, &line->client, &line->client_port);
      break;
    case 'L':
      if (argument.empty() && text != "-") line->request_id = text;
      break;
    case 'v':
    case 'V':
      if (text != "-") line->host = text;
      break;
    case 'i':
      if (absl::EqualsIgnoreCase(argument, "referer") && text != "-") line->referrer = text;
      break;
    case 'e':
      if (absl::EqualsIgnoreCase(argument, "unique_id") && text != "-") line->request_id = text;
      break;
    default:
      break;
  }
}

}  // namespace

absl::StatusOr<ErrorLogFormat> ErrorLogFormat::Create(absl::string_view directive) {
  const absl::string_view text = FormatString(directive);
  ErrorLogFormat format;
  Part part;
  bool has_time = false, has_message = false;
  const auto finish = [&] {
    if (part.pieces.empty() && part.tail.empty()) return;
    auto& parts = has_message && !part.is_message ? format.suffix_ : format.parts_;
    parts.push_back(std::exchange(part, Part()));
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const bool more = i + 1 < text.size();
    if (text[i] == '\\' && more) {
      part.tail.push_back(text[++i]);
    } else if (text[i] == ' ' || (text[i] == '%' && more && text[i + 1] == ' ')) {
      // "% " divides parts and writes nothing: `%M% ,\ referer\ %{Referer}i`.
      if (text[i] == '%') ++i;
      finish();
    } else if (text[i] != '%' || !more) {
      part.tail.push_back(text[i]);
    } else if (text[i + 1] == '%') {
      part.tail.push_back(text[++i]);
    } else {
      Piece piece;
      piece.before = std::exchange(part.tail, std::string());
      ++i;
      while (i < text.size() && absl::StrContains("-+0123456789", text.substr(i, 1))) ++i;
      if (i < text.size() && text[i] == '{') {
        const size_t close = std::min(text.find('}', i), text.size());
        piece.argument = std::string(text.substr(i + 1, close - i - 1));
        i = close + 1;
      }
      if (i >= text.size()) return absl::InvalidArgumentError("the format ends within an item");
      piece.item = text[i];
      part.is_time |= piece.item == 't';
      part.is_message |= piece.item == 'M';
      has_time |= part.is_time;
      has_message |= part.is_message;
      part.pieces.push_back(std::move(piece));
    }
  }
  finish();
  if (!has_time) return absl::InvalidArgumentError("the format has no %t");
  if (!has_message) return absl::InvalidArgumentError("the format has no %M");
  if (format.parts_.size() + format.suffix_.size() > kMaxParts) {
    return absl::InvalidArgumentError(absl::StrCat("more than ", kMaxParts, " parts"));
  }
  return format;
}

bool ErrorLogFormat::TakePart(const Part& part, absl::string_view* rest, const LineContext& lines,
                              ErrorLine* line) const {
  absl::string_view text = *rest;
  for (size_t i = 0; i < part.pieces.size(); ++i) {
    const Piece& piece = part.pieces[i];
    if (!absl::ConsumePrefix(&text, piece.before)) return false;
    if (piece.item == 'M') {
      line->message = text;
      *rest = {};
      return true;
    }
    const absl::string_view stop = i + 1 < part.pieces.size()
                                       ? absl::string_view(part.pieces[i + 1].before)
                                       : absl::string_view(part.tail);
    size_t size = piece.item == 't' ? TimeSize(text, piece.argument)
                  : stop.empty()    ? std::min(text.find(' '), text.size())
                                    : text.find(stop);
    if (size == kNone || size == 0) return false;
    const absl::string_view value = text.substr(0, size);
    if (piece.item == 't') {
      const auto time = ParseTime(value, piece.argument, lines.zone);
      line->time = time ? *time : event::kNoTime;
    } else if (!Fits(piece.item, value)) {
      return false;
    } else {
      Store(piece.item, piece.argument, value, line);
    }
    text.remove_prefix(size);
  }
  if (!absl::ConsumePrefix(&text, part.tail)) return false;
  absl::ConsumePrefix(&text, " ");
  *rest = text;
  return true;
}

// Cuts off the parts that stand behind the message, by their first literal.
void ErrorLogFormat::CutSuffix(absl::string_view* text, ErrorLine* line) const {
  for (size_t i = suffix_.size(); i-- > 0;) {
    const Part& part = suffix_[i];
    if (part.pieces.empty() || part.pieces[0].before.empty()) continue;
    const size_t at = text->rfind(part.pieces[0].before);
    if (at == kNone) continue;
    absl::string_view value = text->substr(at + part.pieces[0].before.size());
    absl::ConsumeSuffix(&value, part.tail);
    Store(part.pieces[0].item, part.pieces[0].argument, value, line);
    *text = text->substr(0, at);
  }
}

bool ErrorLogFormat::Split(absl::string_view text, const LineContext& lines,
                           ErrorLine* line) const {
  absl::string_view rest = text;
  for (const Part& part : parts_) {
    const ErrorLine before = *line;
    if (TakePart(part, &rest, lines, line)) continue;
    if (part.is_time) return false;
    *line = before;
  }
  CutSuffix(&line->message, line);
  return true;
}

}  // namespace sequitur::decode
