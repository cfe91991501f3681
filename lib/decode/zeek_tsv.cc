#include "decode/zeek_tsv.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "event/ip_address.h"
#include "event/time.h"

namespace sequitur::decode {

using event::Value;

namespace {

// No stream or marker is longer; what is, is no Zeek header.
constexpr size_t kMaxHeaderValue = 64;

constexpr absl::string_view kHeaders[] = {"#separator",   "#set_separator", "#empty_field",
                                          "#unset_field", "#path",          "#open",
                                          "#close",       "#fields",        "#types"};

// Splits into `cells`; what is beyond its end is dropped. Returns the count.
size_t Split(absl::string_view line, char separator, absl::Span<absl::string_view> cells) {
  size_t count = 0;
  while (count < cells.size()) {
    const size_t end = line.find(separator);
    cells[count++] = line.substr(0, end);
    if (end == line.npos) break;
    line.remove_prefix(end + 1);
  }
  return count;
}

int HexDigit(char c) {
  if (absl::ascii_isdigit(c)) return c - '0';
  const char lower = absl::ascii_tolower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Zeek writes separators and bytes that do not print as \xHH.
size_t Unescape(absl::string_view text, char* out) {
  char* const start = out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] == 'x' &&
        HexDigit(text[i + 2]) >= 0 && HexDigit(text[i + 3]) >= 0) {
      *out++ = static_cast<char>(HexDigit(text[i + 2]) * 16 + HexDigit(text[i + 3]));
      i += 3;
    } else {
      *out++ = text[i];
    }
  }
  return static_cast<size_t>(out - start);
}

absl::string_view Unescaped(absl::string_view text, Arena& arena) {
  if (text.find("\\x") == text.npos) return text;
  char* out = arena.Allocate<char>(text.size());
  return {out, Unescape(text, out)};
}

std::string UnescapedHeader(absl::string_view text) {
  std::string out(text);
  out.resize(Unescape(text, out.data()));
  return out;
}

bool LooksLikeTime(absl::string_view text) {
  return event::ParseEpochSeconds(text).has_value() || event::ParseIso8601(text).has_value();
}

bool LooksLikePort(absl::string_view text) {
  int64_t port = 0;
  return event::ParseInt(text, &port) && port >= 0 && port <= 65535;
}

bool LooksLikeAddress(absl::string_view text) { return event::IpAddress::Parse(text).has_value(); }

// Zeek's stock conn.log. Since 7.1 ip_proto follows; scripts append more.
constexpr ZeekColumn kNothing = ZeekColumn::kSystemName;
constexpr ZeekColumn kStockConn[] = {
    ZeekColumn::kTs,
    ZeekColumn::kUid,
    ZeekColumn::kOrigHost,
    ZeekColumn::kOrigPort,
    ZeekColumn::kRespHost,
    ZeekColumn::kRespPort,
    ZeekColumn::kProto,
    ZeekColumn::kService,
    ZeekColumn::kDuration,
    ZeekColumn::kOrigBytes,
    ZeekColumn::kRespBytes,
    ZeekColumn::kConnState,
    kNothing /* local_orig */,
    kNothing /* local_resp */,
    kNothing /* missed_bytes */,
    ZeekColumn::kHistory,
    ZeekColumn::kOrigPackets,
    kNothing /* orig_ip_bytes */,
    ZeekColumn::kRespPackets,
    kNothing /* resp_ip_bytes */,
    kNothing /* tunnel_parents */,
};
constexpr size_t kStockColumns = std::size(kStockConn);
// Before 2.4 there was no local_resp.
constexpr size_t kLocalResp = 13;

}  // namespace

bool ZeekTsv::Recognises(absl::string_view line) {
  if (absl::StartsWith(line, "#")) {
    return std::any_of(std::begin(kHeaders), std::end(kHeaders), [&](absl::string_view header) {
      // The name ends there: at a separator, whichever it is.
      return absl::StartsWith(line, header) &&
             (line.size() == header.size() || !absl::ascii_isalnum(line[header.size()]));
    });
  }
  absl::string_view cells[7];
  return Split(line, '\t', absl::MakeSpan(cells)) == 7 && LooksLikeTime(cells[0]) &&
         LooksLikeAddress(cells[2]) && LooksLikePort(cells[3]) && LooksLikeAddress(cells[4]) &&
         LooksLikePort(cells[5]);
}

ZeekTsv::Layout& ZeekTsv::LayoutOf(const LineMemory* file) {
  if (layouts_.size() >= kMaxFiles && !layouts_.contains(file)) layouts_.clear();
  return layouts_[file];
}

void ZeekTsv::ReadFieldNames(absl::string_view names, Layout& layout) {
  absl::string_view cells[kMaxColumns];
  layout.count = Split(names, layout.separator, absl::MakeSpan(cells));
  for (size_t i = 0; i < layout.count; ++i) layout.columns[i] = FindZeekColumn(cells[i]);
}

void ZeekTsv::ReadHeader(absl::string_view line, Layout& layout) {
  // The one header that is not separated by the separator, which begins a file.
  if (absl::ConsumePrefix(&line, "#separator ")) {
    const std::string separator = UnescapedHeader(line);
    layout = Layout();
    if (!separator.empty()) layout.separator = separator[0];
    return;
  }
  const size_t end = std::min(line.find(layout.separator), line.size());
  const absl::string_view name = line.substr(0, end);
  absl::string_view value = line.substr(std::min(end + 1, line.size()));
  if (name == "#fields") ReadFieldNames(value, layout);
  value = value.substr(0, kMaxHeaderValue);
  if (name == "#path") layout.path = std::string(value);
  if (name == "#empty_field") layout.empty_field = UnescapedHeader(value);
  if (name == "#unset_field") layout.unset_field = UnescapedHeader(value);
}

namespace {

// The cell's value: null when unset or empty.
Value Cell(absl::string_view cell, absl::string_view unset, absl::string_view empty, Arena& arena) {
  if (cell.empty() || cell == unset || cell == empty) return Value();
  return Value::String(Unescaped(cell, arena));
}

}  // namespace

void ZeekTsv::ReadColumns(absl::Span<const absl::string_view> cells, const Layout& layout,
                          Arena& arena, ZeekRecord& record) {
  record.stream = layout.path;
  for (size_t i = 0; i < layout.count; ++i) {
    if (!layout.columns[i]) continue;
    record.columns[static_cast<size_t>(*layout.columns[i])] =
        Cell(cells[i], layout.unset_field, layout.empty_field, arena);
  }
}

bool ZeekTsv::ReadStockColumns(absl::Span<const absl::string_view> cells, const Layout& layout,
                               Arena& arena, ZeekRecord& record) {
  if (cells.size() < kStockColumns - 1) return false;
  const bool has_local_resp = cells.size() >= kStockColumns;
  record.stream = "conn";
  size_t column = 0;
  for (size_t i = 0; i < kStockColumns; ++i) {
    if (i == kLocalResp && !has_local_resp) continue;
    const absl::string_view cell = cells[column++];
    if (kStockConn[i] == kNothing) continue;
    record.columns[static_cast<size_t>(kStockConn[i])] =
        Cell(cell, layout.unset_field, layout.empty_field, arena);
  }
  for (absl::string_view cell : cells.subspan(column)) {
    if (absl::StartsWith(cell, "1:")) {
      record.columns[static_cast<size_t>(ZeekColumn::kCommunityId)] = Value::String(cell);
    }
  }
  // Other streams begin with the same columns; none has a state here.
  return IsZeekConnState(record.Text(ZeekColumn::kConnState));
}

DecodeResult ZeekTsv::Decode(absl::string_view line, const LineContext& lines,
                             event::Event& event) {
  absl::ConsumeSuffix(&line, "\n");
  absl::ConsumeSuffix(&line, "\r");
  if (absl::StripAsciiWhitespace(line).empty()) return DecodeResult::kEmpty;
  Layout& layout = LayoutOf(lines.memory);
  if (line.front() == '#') {
    ReadHeader(line, layout);
    return DecodeResult::kNotAnEvent;
  }
  absl::string_view cells[kMaxColumns];
  const size_t count = Split(line, layout.separator, absl::MakeSpan(cells));
  ZeekRecord record;
  if (layout.count == 0) {
    if (!ReadStockColumns({cells, count}, layout, event.arena(), record)) {
      return DecodeResult::kNotRecognised;
    }
  } else {
    // A line that does not fit its header is cut off, or of another file.
    if (count != layout.count) return DecodeResult::kMalformedLine;
    ReadColumns({cells, count}, layout, event.arena(), record);
  }
  return DecodeZeek(record, lines, event);
}

}  // namespace sequitur::decode
