#pragma once

// Inventory: the public services of the site, from config/services.yaml: which
// processes they are, where their files lie, what they normally start and where
// they normally connect. Service and Lineage ask it; inventory_yaml.cc reads it.
//
// Bounds:   kMaxServices; questions take linear time in the text asked about.
// Threads:  const after construction; shared by workers.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/diagnostic.h"
#include "enrich/pattern_set.h"
#include "event/ip_address.h"
#include "event/value.h"

namespace re2 {
class RE2;
}

namespace sequitur::enrich {

// A program that a service starts as part of its work, and with which
// arguments: a program alone says nothing, an injection runs it too.
struct DeclaredChild {
  std::string program;  // a path when it has a slash, else a name
  bool any_arguments = false;
  std::vector<std::string> arguments;  // one pattern each, argv[0] left out

  friend bool operator==(const DeclaredChild&, const DeclaredChild&) = default;
};

// A runtime that is the service when started with these arguments.
struct ServiceCommand {
  std::string program;
  std::string arguments;  // kText over the arguments joined by blanks
};

struct ServiceSpec {
  std::string name;
  std::vector<std::string> processes;  // paths when with a slash, else names
  std::vector<std::string> runtimes;   // names that may be anything; see Judge
  std::vector<std::string> workers;    // services whose runtimes it starts as its own
  // Services it passes requests on to; unset: nobody has said.
  std::optional<std::vector<std::string>> upstreams;
  std::vector<ServiceCommand> commands;
  std::vector<std::string> datasets;  // first part of event.dataset of its logs
  std::vector<std::string> web_roots, module_dirs, logs, temp, cache, config;
  std::vector<DeclaredChild> children;
  std::vector<std::string> egress;  // address, CIDR or host pattern, each with :port or without
};

struct InventorySpec {
  std::vector<ServiceSpec> services;
  std::vector<std::string> web_users;    // who only ever runs services
  std::vector<std::string> persistence;  // where programs are put to be run again
  std::vector<std::string> shared_temp;  // where anybody may write
};

// The spec of a services.yaml, or none when it has errors.
std::optional<InventorySpec> ParseInventory(absl::string_view yaml, absl::string_view file_name,
                                            Diagnostics& diagnostics);

// Where a path lies; a path may lie in several.
enum class FileArea : uint8_t {
  kWebRoot,
  kModuleDir,
  kLog,
  kTemp,  // the services' own; `shared_temp` is everybody's
  kCache,
  kConfig,
  kPersistence,
  kSharedTemp,
};
inline constexpr size_t kFileAreas = 8;
absl::string_view FileAreaName(FileArea area);

class Inventory {
 public:
  static constexpr size_t kMaxServices = 64;
  static constexpr int16_t kNone = -1;

  explicit Inventory(const InventorySpec& spec);
  ~Inventory();

  struct Program {
    absl::string_view executable;
    absl::string_view name;
    absl::string_view user;
    absl::Span<const absl::string_view> args;  // with argv[0]; none when unknown
    bool args_cut = false;
  };
  struct Judgement {
    // The service the program is by its name, path or arguments.
    int16_t service = kNone;
    // The service it is if its place in the lineage says so: a runtime, started
    // on a script and not on code from its arguments.
    int16_t runtime = kNone;
    bool runs_as_web_user = false;
    uint64_t declared_by = 0;  // bit per service that declares it as a child
    uint64_t known_to = 0;     // the same, whatever its arguments
  };
  Judgement Judge(const Program& program) const { return Judge(Recognise(program), program); }

  // What a program is by its name and place alone. It takes all the automata, and a
  // host has few programs: to be kept for the next process that runs it.
  struct Recognition {
    int16_t service = kNone;
    int16_t runtime = kNone;
    std::vector<int> commands;  // that it may be, by its arguments
    std::vector<int> children;  // that it may be, by its arguments

    bool empty() const {
      return service == kNone && runtime == kNone && commands.empty() && children.empty();
    }
  };
  Recognition Recognise(const Program& program) const;
  // REQUIRES: what Recognise() said of a program of the same executable and name.
  Judgement Judge(const Recognition& recognition, const Program& program) const;

  // True when `service` starts `runtime`s as its own workers.
  bool StartsRuntime(int16_t service, int16_t runtime) const;
  bool ExpectsEgress(int16_t service, absl::string_view address, absl::string_view host,
                     int64_t port) const;
  // True when some service does.
  bool AnyExpectsEgress(absl::string_view address, absl::string_view host, int64_t port) const;
  int16_t ServiceOfDataset(absl::string_view dataset) const;
  absl::string_view name(int16_t service) const { return services_[service].name; }
  // The services in which a request to this one can end, itself among them: names,
  // a list or null when nobody has said. The inventory's own.
  event::Value Reaches(absl::string_view service) const;
  // Bit per FileArea.
  uint32_t Areas(absl::string_view path) const;
  bool reads_arguments() const { return !children_.empty() || !commands_.empty(); }

 private:
  struct Argument {
    std::string text;
    std::unique_ptr<re2::RE2> pattern;  // null: the text as it is
    std::string part;                   // of what matches: asked first, it costs least
    bool climbs = false;                // the pattern itself has ".."
  };
  struct Child {
    DeclaredChild declared;
    uint64_t services = 0;  // bit per service that declares just this
    std::vector<Argument> arguments;
  };
  struct Command {
    int16_t service = kNone;
    int arguments = 0;  // number within command_lines_
  };
  struct Egress {
    std::optional<event::CidrBlock> block;
    int host = -1;  // number within the service's hosts
    int64_t port = 0;
  };
  struct Service {
    std::string name;
    uint64_t workers = 0;
    std::vector<event::Value> reaches;  // into names; empty: unknown
    std::vector<Egress> egress;
    std::unique_ptr<PatternSet> hosts;
  };
  // Programs by name or by path, and what each stands for.
  struct Programs {
    Programs() : names(PatternSet::Dialect::kName), paths(PatternSet::Dialect::kProgram) {}
    void Add(absl::string_view program, int meaning);
    void Compile();
    // Meanings of what matches; names only when `trust_name`.
    void Match(const Program& program, bool trust_name, std::vector<int>& meanings) const;

    PatternSet names, paths;
    std::vector<int> name_meanings, path_meanings;
  };

  void AddService(const ServiceSpec& spec);
  void AddReaches(const InventorySpec& spec);
  void AddAreas(const std::vector<std::string>& paths, FileArea area);
  void AddChild(int16_t service, const DeclaredChild& child);
  static Egress ReadEgress(absl::string_view text, PatternSet& hosts);
  static Argument ReadArgument(const std::string& pattern);
  static bool MayMatch(const Argument& declared, absl::string_view arg);
  static bool ArgumentsMatch(const Child& child, const Program& program);
  int16_t ServiceByCommand(const std::vector<int>& commands, const Program& program) const;

  std::vector<Service> services_;
  absl::flat_hash_map<std::string, int16_t> numbers_;  // by name
  absl::flat_hash_map<std::string, int16_t> datasets_;
  absl::flat_hash_set<std::string> web_users_;
  Programs processes_, runtimes_, command_programs_, child_programs_;
  std::vector<Command> commands_;
  PatternSet command_lines_;
  std::vector<Child> children_;
  PatternSet area_paths_;
  std::vector<FileArea> areas_;
};

}  // namespace sequitur::enrich
