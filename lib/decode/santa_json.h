#pragma once

// SantaJson decodes Santa's JSON log: one SantaMessage a line, as protobuf
// prints it (64-bit numbers as strings, bytes as Base64, defaults printed).
// A network_activity message holds many flows, each with the exact image that
// made it: one event a flow.
//
// Source:   northpolesec/santa, Source/common/santa.proto.
// Bounds:   as many events as flows, each flow's own size.
// Threads:  none; one per worker (it keeps scratch for lists of objects).
// Lifetime: registers its paths in `paths` when made.

#include <vector>

#include "absl/strings/string_view.h"
#include "decode/json_reader.h"
#include "decode/santa_process.h"
#include "decode/source.h"
#include "decode/text_source.h"
#include "event/event.h"

namespace sequitur::decode {

struct SantaKind;  // one row of the table of kinds, in the .cc

class SantaJson {
 public:
  SantaJson(JsonPaths& paths, const event::Projection& projection);
  SantaJson(const SantaJson&) = delete;
  SantaJson& operator=(const SantaJson&) = delete;

  bool Recognises(const JsonCaptures& found) const;
  // kDecoded when at least one event was emitted.
  DecodeResult Decode(const JsonCaptures& found, const LineContext& lines, event::Event& event,
                      EmitEvent emit);

 private:
  // A kind of message and where its facts stand. What a kind does not have is
  // a path that no record fills.
  struct Message {
    Message(JsonPaths& paths, const event::Projection& projection, const SantaKind& kind);

    const SantaKind* kind;
    PathId raw;
    SantaProcess instigator;
    PathId path;
    PathId original;
    PathId existed;
    PathId inode, size, mode;
  };

  // Captures of one flow, read on its own so that no value of a neighbour can
  // slip in where this one has none.
  struct Flow {
    explicit Flow(JsonPaths& paths);
    PathId remote_address, remote_port, remote_hostname, local_address, local_port;
    PathId protocol, direction, start_time, close_time, decision;
  };

  DecodeResult SetCommon(const JsonCaptures& found, event::Event& event) const;
  DecodeResult DecodeMessage(const Message& message, const JsonCaptures& found,
                             event::Event& event);
  DecodeResult DecodeExec(const Message& message, const JsonCaptures& found, event::Event& event);
  DecodeResult DecodeFork(const Message& message, const JsonCaptures& found,
                          event::Event& event) const;
  DecodeResult DecodeExit(const Message& message, const JsonCaptures& found,
                          event::Event& event) const;
  DecodeResult DecodeFile(const Message& message, const JsonCaptures& found,
                          event::Event& event) const;
  DecodeResult DecodeFlows(const JsonCaptures& found, event::Event& event, EmitEvent emit);
  void SetFlow(event::Event& event) const;
  void SetFlowTimes(event::Event& event) const;
  event::Value DecodeArguments(const event::Value& encoded, Arena& arena) const;
  void SetDescriptors(absl::string_view raw, event::Event& event);

  PathId machine_id_;
  PathId boot_session_;
  PathId event_time_;
  PathId processed_time_;
  std::vector<Message> messages_;

  SantaProcess exec_target_;
  SantaProcess fork_child_;
  PathId exec_args_, exec_envs_, exec_cwd_, exec_script_, exec_fds_, exec_decision_;
  PathId exit_status_, exit_signal_;
  PathId close_modified_;
  PathId access_decision_, access_policy_;
  PathId flows_;

  JsonPaths process_paths_;  // one element of network_activity.processes
  SantaProcess flow_process_;
  PathId process_flows_;
  JsonReader process_reader_;
  JsonCaptures process_found_;

  JsonPaths flow_paths_;
  Flow flow_;
  JsonReader flow_reader_;
  JsonCaptures flow_found_;

  JsonPaths fd_paths_;
  PathId fd_, fd_type_;
  JsonReader fd_reader_;
  JsonCaptures fd_found_;
};

}  // namespace sequitur::decode
