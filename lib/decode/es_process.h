#pragma once

// EsProcess reads one process object of an eslogger record (the instigator, an
// exec's target, a fork's child) out of the captures.
//
// Source:   Apple, EndpointSecurity/ESMessage.h, es_process_t; eslogger(1).
// Lifetime: registers its paths when made; const afterwards.

#include <string>

#include "absl/strings/string_view.h"
#include "decode/json_reader.h"
#include "decode/process_fields.h"
#include "event/event.h"

namespace sequitur::decode {

class EsProcess {
 public:
  EsProcess(JsonPaths& paths, const event::Projection& projection, absl::string_view prefix);

  bool Present(const JsonCaptures& found) const;

  // process.*, its parent, its responsible process and user.*.
  void SetAsProcess(const JsonCaptures& found, event::Event& event) const;
  // Only what tells the image, as process.parent.* or process.previous.*.
  void SetAsImage(const JsonCaptures& found, const ImageFields& fields, event::Event& event) const;

 private:
  // An audit token is an object in most versions and an array of eight numbers
  // in some records of version 10; the version number does not tell which.
  struct Token {
    Token(JsonPaths& paths, const std::string& path);
    int64_t Get(const JsonCaptures& found, PathId key, size_t index) const;
    ImageId Image(const JsonCaptures& found) const;

    PathId list;
    PathId pid;
    PathId version;
    PathId ruid;
    PathId euid;
  };

  void SetUser(const JsonCaptures& found, event::Event& event) const;
  void SetParent(const JsonCaptures& found, event::Event& event) const;

  Token token_;
  Token parent_token_;
  Token responsible_token_;
  PathId ppid_;
  PathId original_ppid_;
  PathId executable_;
  PathId executable_cut_;
  PathId signing_id_;
  PathId team_id_;
  PathId start_time_;
  PathId group_id_;
  PathId session_id_;
};

}  // namespace sequitur::decode
