#pragma once

// Zeek's tab-separated logs. A `#fields` header names the columns of the lines
// that follow it in its file; a reader that starts in the middle of one sees
// none and takes the columns for those of Zeek's stock conn.log.
// Format: https://docs.zeek.org/en/master/log-formats.html
//
// Bounds:   kMaxColumns columns a line; headers of kMaxFiles files, all
//           forgotten at once when there are more.
// Threads:  none; one per worker.

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "decode/source.h"
#include "decode/text_source.h"
#include "decode/zeek_record.h"
#include "event/event.h"

namespace sequitur::decode {

class ZeekTsv {
 public:
  static constexpr size_t kMaxColumns = 128;
  static constexpr size_t kMaxFiles = 256;

  // A header line, or a line that begins like every connection log does: time,
  // uid, and the two ends with their ports.
  static bool Recognises(absl::string_view line);

  // kNotAnEvent for headers and for streams that tell of no connection. Headers
  // are kept per `lines.memory`, which stands for the file.
  DecodeResult Decode(absl::string_view line, const LineContext& lines, event::Event& event);

 private:
  // What the headers of one file said. #set_separator is not among them: no
  // column that we read is a set.
  struct Layout {
    char separator = '\t';
    std::string empty_field = "(empty)";
    std::string unset_field = "-";
    std::string path;
    // Per column: which one it is, or none that we read.
    std::array<std::optional<ZeekColumn>, kMaxColumns> columns;
    size_t count = 0;  // 0: no #fields yet
  };

  Layout& LayoutOf(const LineMemory* file);
  static void ReadHeader(absl::string_view line, Layout& layout);
  static void ReadFieldNames(absl::string_view names, Layout& layout);
  static void ReadColumns(absl::Span<const absl::string_view> cells, const Layout& layout,
                          Arena& arena, ZeekRecord& record);
  static bool ReadStockColumns(absl::Span<const absl::string_view> cells, const Layout& layout,
                               Arena& arena, ZeekRecord& record);

  absl::flat_hash_map<const LineMemory*, Layout> layouts_;
};

}  // namespace sequitur::decode
