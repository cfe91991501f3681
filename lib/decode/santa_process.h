#pragma once

// SantaProcess reads one ProcessInfo (or its light form) of Santa's JSON log.
// Defaults are printed, so a pid of 0 or a time at the epoch means "not set".
//
// Source:   santa.proto, ProcessInfo.
// Lifetime: registers its paths when made; const afterwards.

#include "absl/strings/string_view.h"
#include "decode/json_reader.h"
#include "decode/process_fields.h"
#include "event/event.h"

namespace sequitur::decode {

class SantaProcess {
 public:
  SantaProcess(JsonPaths& paths, const event::Projection& projection, absl::string_view prefix);

  bool Present(const JsonCaptures& found) const;
  void SetAsProcess(const JsonCaptures& found, event::Event& event) const;
  // Only what tells the image, as process.parent.* or process.previous.*.
  void SetAsImage(const JsonCaptures& found, const ImageFields& fields, event::Event& event) const;

 private:
  struct Id {
    PathId pid, version;
    ImageId Get(const JsonCaptures& found) const;
  };

  void SetUsers(const JsonCaptures& found, event::Event& event) const;

  Id id_;
  Id parent_;
  Id responsible_;
  PathId original_parent_;
  PathId executable_;
  PathId executable_cut_;
  PathId hash_;
  PathId hash_type_;
  PathId signing_id_;
  PathId team_id_;
  PathId start_time_;
  PathId group_id_;
  PathId session_id_;
  PathId real_uid_;
  PathId real_name_;
  PathId effective_uid_;
  PathId effective_name_;
};

}  // namespace sequitur::decode
