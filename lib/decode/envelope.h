#pragma once

// Envelope: what the wrappings of a payload say about it, collected from the
// outside in while the facade (decoder.h) unwraps. EnvelopeReader registers the
// fields that Filebeat, Elastic Agent, Fluent Bit, Vector, Logstash, rsyslog,
// journald, Docker and GELF put beside a payload, and reads them.
//
// Rules: the outermost path and tags stay (an inner one describes a relay's
// copy); the innermost host, zone, offset and read time win. A host is taken as
// a whole, name, id and addresses of one document, so that two machines are
// never mixed; one that an agent states about itself is not replaced by a bare
// `host` string further in.
//
// Bounds:   fixed size; kMaxNames names are kept for hints.
// Threads:  none. Lifetime: views as long as the record and its arena.

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "decode/cri_line.h"
#include "decode/json_reader.h"
#include "decode/stream_hint.h"
#include "decode/syslog_prefix.h"
#include "event/event.h"

namespace sequitur::decode {

// Who the wrapping says the host is, and how far that can be trusted.
struct HostEvidence {
  enum class Rank : uint8_t {
    kNone,
    kAddress,    // an address and nothing else: who sent it
    kContainer,  // the Kubernetes node or pod
    kPlain,      // a `host` or `hostname` string
    kAgent,      // host.*, agent.* of an agent on the machine, or a syslog header
  };

  Rank rank = Rank::kNone;
  absl::string_view id;
  absl::string_view name;
  absl::string_view agent_id;
  event::Value addresses;
};

// What tells apart streams that name neither a file nor a container.
using StreamSeed = absl::FunctionRef<uint64_t()>;

struct Envelope {
  static constexpr size_t kMaxNames = 12;
  static constexpr int64_t kNoOffset = -1;

  absl::string_view path;  // of the log file
  event::Value tags;
  absl::string_view timezone;   // as written
  absl::string_view container;  // id of the container or pod
  absl::string_view stream;     // stdout or stderr
  int64_t offset = kNoOffset;
  event::TimeNs read_time = event::kNoTime;
  HostEvidence host;
  StreamHint hint;
  bool has_syslog_header = false;

  // A header in front of the line.
  void Add(const SyslogPrefix& prefix);
  void Add(const CriLine& line);
  // Where the record itself came from.
  enum class Origin : uint8_t { kFile, kTopic };
  void AddOrigin(absl::string_view name, Origin origin, HintMemo& hints);
  // A host inside the others: replaces one of no higher rank.
  void AddHost(const HostEvidence& inner);
  // The stream this line is one of: the same file or container whatever record
  // brings it.
  uint64_t StreamKey(StreamSeed seed) const;
};

class EnvelopeReader {
 public:
  static constexpr size_t kTexts = 6;
  static constexpr size_t kObjects = 7;

  explicit EnvelopeReader(JsonPaths& paths);

  // What `document` wraps, in the order to look: whole objects, then texts.
  // Empty views where it has none.
  bool WrapsObjects(const JsonCaptures& document) const { return document.HasAnyOf(any_object_); }
  std::array<absl::string_view, kObjects> Objects(const JsonCaptures& document) const;
  std::array<absl::string_view, kTexts> Texts(const JsonCaptures& document) const;

  // What a document is to the fact: in each case its agent's fields count.
  enum class Role : uint8_t {
    kWrapper,  // holds the payload: all of it is the shipper's
    kSource,   // is the payload: `path`, `timestamp` and such are its own
    kAccess,   // is a web server's: even `host` is (the virtual host)
  };
  void Read(const JsonCaptures& document, Role role, Arena& arena, Envelope& envelope);

  HintMemo& hints() { return hints_; }

 private:
  struct HostPaths {
    PathId id, name, hostname, addresses, agent_id, agent_hostname, agent_name;
    PathId beat_hostname, beat_name;
    PathId plain_host, plain_hostname, syslog_host, journal_host, gelf_host;
    PathId kubernetes_host, node_name, pod_name, pod_name_beats;
  };

  void ReadHost(const JsonCaptures& document, Role role, Arena& arena, Envelope& envelope) const;
  HostEvidence AgentHost(const JsonCaptures& document, Arena& arena) const;
  HostEvidence PlainHost(const JsonCaptures& document, Arena& arena) const;
  void ReadNames(const JsonCaptures& document, Envelope& envelope);
  void ReadWrapper(const JsonCaptures& document, Envelope& envelope) const;
  bool IsParsedAccess(const JsonCaptures& document) const;

  HintMemo hints_;
  std::array<PathId, kObjects> objects_;
  std::array<PathId, kTexts> texts_;
  HostPaths host_;
  std::array<PathId, 4> paths_of_wrappers_;
  std::array<PathId, 4> read_times_;
  std::array<PathId, 2> request_words_;
  std::array<PathId, 3> containers_;
  std::array<PathId, Envelope::kMaxNames> names_;
  PathId agent_path_, tags_, timezone_, stream_, offset_, beat_offset_;
  // Of those above, what few documents have.
  PathSet any_object_, any_name_;
};

}  // namespace sequitur::decode
