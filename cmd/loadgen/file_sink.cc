#include "loadgen/file_sink.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace sequitur::loadgen {
namespace {

constexpr size_t kBuffer = 1 << 20;

bool IsJson(Stream stream) {
  return stream == Stream::kEslogger || stream == Stream::kEndpoint || stream == Stream::kFlows;
}

}  // namespace

FileSink::FileSink(absl::string_view directory, Layout layout)
    : directory_(directory), layout_(layout) {
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  if (error) status_ = absl::UnavailableError(absl::StrCat(directory_, ": ", error.message()));
}

Place FileSink::Write(Stream stream, absl::string_view host, TimeNs, absl::string_view line) {
  if (Failed()) return {};
  Output& output = OutputOf(stream, host);
  if (Failed()) return {};
  std::FILE* file = output.file.get();
  if (std::fwrite(line.data(), 1, line.size(), file) != line.size() ||
      std::fputc('\n', file) == EOF) {
    Fail(output.name);
    return {};
  }
  return {output.name, ++output.lines};
}

FileSink::Output& FileSink::OutputOf(Stream stream, absl::string_view host) {
  key_.assign(1, static_cast<char>(stream));
  if (layout_ == Layout::kFolderPerHost) key_.append(host.data(), host.size());
  Output& output = outputs_[key_];
  if (!output.file) {
    output.name = NameOf(stream, host);
    Open(output);
  }
  return output;
}

std::string FileSink::NameOf(Stream stream, absl::string_view host) const {
  if (layout_ == Layout::kFilePerStream) return absl::StrCat(StreamName(stream), ".ndjson");
  return absl::StrCat(host, "/", StreamName(stream), IsJson(stream) ? ".ndjson" : ".log");
}

void FileSink::Open(Output& output) {
  const std::filesystem::path path = std::filesystem::path(directory_) / output.name;
  std::error_code ignored;  // fopen says what is wrong
  std::filesystem::create_directories(path.parent_path(), ignored);
  output.file.reset(std::fopen(path.c_str(), "wb"));
  if (!output.file) return Fail(output.name);
  std::setvbuf(output.file.get(), nullptr, _IOFBF, kBuffer);
}

absl::Status FileSink::Close() {
  for (auto& [key, output] : outputs_) {
    if (output.file && std::fclose(output.file.release()) != 0) Fail(output.name);
  }
  return status_;
}

void FileSink::Fail(absl::string_view file) {
  if (!status_.ok()) return;
  status_ = absl::UnavailableError(absl::StrCat(directory_, "/", file, ": ", std::strerror(errno)));
}

}  // namespace sequitur::loadgen
