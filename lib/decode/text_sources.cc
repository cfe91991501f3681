#include "decode/text_sources.h"

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace sequitur::decode {

absl::StatusOr<TextSources> TextSources::Create(const SourceOptions& options) {
  const auto format_for = [&](SourceKind kind) {
    return options.kind == kind ? absl::string_view(options.log_format) : absl::string_view();
  };
  const bool takes_format = options.kind == SourceKind::kNginxAccess ||
                            options.kind == SourceKind::kHttpdAccess ||
                            options.kind == SourceKind::kHttpdError;
  if (!options.log_format.empty() && !takes_format) {
    return absl::InvalidArgumentError(
        absl::StrCat("a log format needs the source kind nginx-access, httpd-access or "
                     "httpd-error, not ",
                     SourceKindName(options.kind)));
  }
  ASSIGN_OR_RETURN(NginxAccess nginx_access,
                   NginxAccess::Create(format_for(SourceKind::kNginxAccess)));
  ASSIGN_OR_RETURN(HttpdAccess httpd_access,
                   HttpdAccess::Create(format_for(SourceKind::kHttpdAccess)));
  ASSIGN_OR_RETURN(HttpdError httpd_error, HttpdError::Create(format_for(SourceKind::kHttpdError)));
  return TextSources(std::move(nginx_access), std::move(httpd_access), std::move(httpd_error));
}

DecodeResult TextSources::Decode(SourceKind kind, absl::string_view line, const LineContext& lines,
                                 event::Event& event) {
  switch (kind) {
    case SourceKind::kNginxAccess:
      return nginx_access_.Decode(line, lines, event);
    case SourceKind::kHttpdAccess:
      return httpd_access_.Decode(line, lines, event);
    case SourceKind::kNginxError:
      return nginx_error_.Decode(line, lines, event);
    case SourceKind::kHttpdError:
      return httpd_error_.Decode(line, lines, event);
    case SourceKind::kPhpFpm:
      return php_fpm_.Decode(line, lines, event);
    case SourceKind::kSanta:
      return santa_.Decode(line, lines, event);
    case SourceKind::kZeek:
      return zeek_.Decode(line, lines, event);
    default:
      return DecodeResult::kNotRecognised;
  }
}

bool HasTextLines(SourceKind kind) {
  switch (kind) {
    case SourceKind::kNginxAccess:
    case SourceKind::kNginxError:
    case SourceKind::kHttpdAccess:
    case SourceKind::kHttpdError:
    case SourceKind::kPhpFpm:
    case SourceKind::kSanta:
    case SourceKind::kZeek:
      return true;
    default:
      return false;
  }
}

bool HasJsonDocuments(SourceKind kind) {
  return kind != SourceKind::kAuto && kind != SourceKind::kNginxError &&
         kind != SourceKind::kHttpdError && kind != SourceKind::kPhpFpm;
}

}  // namespace sequitur::decode
