#pragma once

// TextSources: every decoder of text lines, the stock formats or the ones that
// were configured.
//
// Threads:  none; one per Decoder.

#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "decode/httpd_access.h"
#include "decode/httpd_error.h"
#include "decode/nginx_access.h"
#include "decode/nginx_error.h"
#include "decode/php_fpm.h"
#include "decode/santa_log.h"
#include "decode/source.h"
#include "decode/text_source.h"
#include "decode/zeek_tsv.h"
#include "event/event.h"

namespace sequitur::decode {

class TextSources {
 public:
  // Fails on a log_format that cannot be read, or given for a kind without one.
  static absl::StatusOr<TextSources> Create(const SourceOptions& options);

  // REQUIRES: a kind that has text lines.
  DecodeResult Decode(SourceKind kind, absl::string_view line, const LineContext& lines,
                      event::Event& event);

 private:
  TextSources(NginxAccess nginx_access, HttpdAccess httpd_access, HttpdError httpd_error)
      : nginx_access_(std::move(nginx_access)),
        httpd_access_(std::move(httpd_access)),
        httpd_error_(std::move(httpd_error)) {}

  NginxAccess nginx_access_;
  HttpdAccess httpd_access_;
  NginxError nginx_error_;
  HttpdError httpd_error_;
  PhpFpm php_fpm_;
  SantaLog santa_;
  ZeekTsv zeek_;
};

// Whether the kind comes as lines of text, as JSON documents, or both.
bool HasTextLines(SourceKind kind);
bool HasJsonDocuments(SourceKind kind);

}  // namespace sequitur::decode
