#pragma once

// NamedPipe: a pipe with a name, and a hand on its writing end: what is read from
// it has not ended before Close().

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace sequitur::testing {

class NamedPipe {
 public:
  explicit NamedPipe(std::string path) : path_(std::move(path)) {
    // Opened both ways: to open it for writing alone waits for a reader.
    if (mkfifo(path_.c_str(), 0600) == 0) end_ = open(path_.c_str(), O_RDWR | O_CLOEXEC);
    if (end_ < 0) ADD_FAILURE() << "no pipe " << path_;
  }
  ~NamedPipe() { Close(); }
  NamedPipe(const NamedPipe&) = delete;
  NamedPipe& operator=(const NamedPipe&) = delete;

  const std::string& path() const { return path_; }
  void Write(absl::string_view text) {
    EXPECT_EQ(write(end_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void Close() {
    if (end_ >= 0) close(std::exchange(end_, -1));
  }

 private:
  const std::string path_;
  int end_ = -1;
};

}  // namespace sequitur::testing
