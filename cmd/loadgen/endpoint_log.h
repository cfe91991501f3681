#pragma once

// EndpointLog: what Elastic Endpoint sends about one macOS host: process, file
// and network documents in ECS.
//
// Format: Elastic Endpoint 8 for macOS. The parent's pid is the real parent's,
//         its entity, name and executable are the image before the exec.
// Threads:  none.
// Lifetime: borrows everything it is given.

#include <string>

#include "loadgen/eslogger_log.h"
#include "loadgen/flow.h"
#include "loadgen/json_text.h"
#include "loadgen/process.h"
#include "loadgen/shipper.h"

namespace sequitur::loadgen {

class EndpointLog {
 public:
  EndpointLog(const Host& host, Timeline& timeline, Shipper& shipper, Random random);

  void Fork(const Process& parent, const Process& child, Mark mark);
  void Exec(const Process& process, Mark mark);
  void Exit(const Process& process, int wait_status, Mark mark);
  // Endpoint reports the close of a changed file, and renames.
  void File(const Process& process, const FileChange& change, Mark mark);
  void Connect(const Process& process, const Flow& flow, Mark mark);
  void Disconnect(const Process& process, const Flow& flow);

  std::string EntityId(int pid, TimeNs time) const;

 private:
  struct Kind {
    absl::string_view category;  // also the end of the dataset's name
    absl::string_view action;
    absl::string_view type;
    absl::string_view noun;
  };
  void Ship(const Kind& kind, const Process& process, absl::string_view members, Mark mark);
  void Network(const Kind& kind, const Process& process, const Flow& flow, Mark mark);
  std::string ProcessJson(const Process& process, absl::string_view more);
  std::string WithParent(const Process& process, int pid, const Image& image, int exit_code);

  Timeline& timeline_;
  Shipper& shipper_;
  Random random_;
  ClockText clock_;
  std::string agent_id_;
  std::string static_members_;  // agent, host, ecs, elastic
  int64_t sequence_;
};

}  // namespace sequitur::loadgen
