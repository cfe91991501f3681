#pragma once

// FileSink: one file per stream, named as what is in it: lines of JSON
// (DIR/nginx-access.ndjson), or, when the records are bare and so do not say
// whose they are, one folder per host (DIR/web-01/nginx-access.log).
//
// Bounds:   one buffer per open file.
// Threads:  none.

#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include "loadgen/sink.h"

namespace sequitur::loadgen {

class FileSink final : public Sink {
 public:
  enum class Layout { kFilePerStream, kFolderPerHost };

  // The folder is made if it is missing; files in it are overwritten.
  FileSink(absl::string_view directory, Layout layout);

  Place Write(Stream stream, absl::string_view host, TimeNs time, absl::string_view line) override;
  absl::Status Close() override;
  bool Failed() const override { return !status_.ok(); }

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  struct Output {
    std::string name;
    std::unique_ptr<std::FILE, CloseFile> file;
    int64_t lines = 0;
  };
  Output& OutputOf(Stream stream, absl::string_view host);
  std::string NameOf(Stream stream, absl::string_view host) const;
  void Open(Output& output);
  void Fail(absl::string_view file);

  std::string directory_;
  Layout layout_;
  absl::Status status_;
  std::map<std::string, Output> outputs_;  // Places point to the names
  std::string key_;
};

}  // namespace sequitur::loadgen
