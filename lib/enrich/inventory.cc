#include "enrich/inventory.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "enrich/process_record.h"
#include "re2/re2.h"

namespace sequitur::enrich {
namespace {

constexpr uint32_t Bit(FileArea area) { return 1u << static_cast<int>(area); }

// Where what a name says is not to be believed: anybody, or a visitor, may have
// put the program there.
constexpr uint32_t kUntrusted = Bit(FileArea::kSharedTemp) | Bit(FileArea::kWebRoot) |
                                Bit(FileArea::kTemp) | Bit(FileArea::kCache);

// The options by which a runtime takes code from its arguments; `anywhere`:
// also behind other letters, as in `perl -we`.
struct InlineOptions {
  absl::string_view runtime;
  absl::string_view letters;
  bool anywhere;
};
constexpr InlineOptions kInlineOptions[] = {
    {"python", "c", true}, {"perl", "eE", true}, {"ruby", "e", true}, {"php", "rRB", false},
    {"node", "ep", false}, {"java", "", false},  {"", "e", false},
};

// A runtime told to run code from its arguments is nobody's service.
bool RunsInlineCode(absl::string_view runtime, absl::Span<const absl::string_view> args) {
  const InlineOptions* options = std::begin(kInlineOptions);
  while (!absl::StartsWithIgnoreCase(runtime, options->runtime)) ++options;
  for (const absl::string_view arg : args.subspan(std::min<size_t>(1, args.size()))) {
    if (arg.empty() || arg[0] != '-') return false;
    if (arg == "--eval" || arg == "--print" || arg == "-") return true;
    if (absl::StartsWith(arg, "--")) continue;
    const size_t at = arg.substr(1).find_first_of(options->letters);
    if (at != arg.npos && (at == 0 || options->anywhere)) return true;
  }
  return false;
}

std::string LowerCase(absl::string_view text) { return absl::AsciiStrToLower(text); }

}  // namespace

absl::string_view FileAreaName(FileArea area) {
  constexpr absl::string_view kNames[kFileAreas] = {
      "web_root", "module_dir", "log", "temp", "cache", "config", "persistence", "shared_temp"};
  return kNames[static_cast<int>(area)];
}

void Inventory::Programs::Add(absl::string_view program, int meaning) {
  if (program.find('/') == program.npos) {
    names.Add(program);
    name_meanings.push_back(meaning);
  } else {
    paths.Add(program);
    path_meanings.push_back(meaning);
  }
}

void Inventory::Programs::Compile() {
  names.Compile();
  paths.Compile();
}

void Inventory::Programs::Match(const Program& program, bool trust_name,
                                std::vector<int>& meanings) const {
  meanings.clear();
  std::vector<int> found;
  const absl::string_view path = FoldPath(program.executable);
  if (!path.empty()) {
    paths.Match(path, found);
    for (const int i : found) meanings.push_back(path_meanings[i]);
  }
  if (!trust_name) return;
  names.Match(path.empty() ? program.name : BaseName(path), found);
  for (const int i : found) meanings.push_back(name_meanings[i]);
}

Inventory::Inventory(const InventorySpec& spec)
    : command_lines_(PatternSet::Dialect::kText), area_paths_(PatternSet::Dialect::kPath) {
  for (const std::string& user : spec.web_users) web_users_.insert(LowerCase(user));
  for (const ServiceSpec& service : spec.services) {
    if (services_.size() < kMaxServices) AddService(service);
  }
  for (size_t i = 0; i < services_.size(); ++i) {
    const auto& workers = spec.services[i].workers;
    for (size_t k = 0; k < services_.size(); ++k) {
      const bool starts =
          std::find(workers.begin(), workers.end(), services_[k].name) != workers.end();
      if (starts || i == k) services_[i].workers |= uint64_t{1} << k;
    }
  }
  AddReaches(spec);
  AddAreas(spec.persistence, FileArea::kPersistence);
  AddAreas(spec.shared_temp, FileArea::kSharedTemp);
  for (Programs* programs : {&processes_, &runtimes_, &command_programs_, &child_programs_}) {
    programs->Compile();
  }
  command_lines_.Compile();
  area_paths_.Compile();
}

Inventory::~Inventory() = default;

void Inventory::AddService(const ServiceSpec& spec) {
  const auto index = static_cast<int16_t>(services_.size());
  Service& service = services_.emplace_back();
  service.name = spec.name;
  service.hosts = std::make_unique<PatternSet>(PatternSet::Dialect::kText);
  for (const std::string& text : spec.egress) {
    service.egress.push_back(ReadEgress(text, *service.hosts));
  }
  service.hosts->Compile();
  for (const std::string& dataset : spec.datasets) datasets_[dataset] = index;
  for (const std::string& process : spec.processes) processes_.Add(process, index);
  for (const std::string& runtime : spec.runtimes) runtimes_.Add(runtime, index);
  for (const ServiceCommand& command : spec.commands) {
    command_programs_.Add(command.program, static_cast<int>(commands_.size()));
    commands_.push_back({index, command_lines_.Add(command.arguments)});
  }
  for (const DeclaredChild& child : spec.children) AddChild(index, child);
  AddAreas(spec.web_roots, FileArea::kWebRoot);
  AddAreas(spec.module_dirs, FileArea::kModuleDir);
  AddAreas(spec.logs, FileArea::kLog);
  AddAreas(spec.temp, FileArea::kTemp);
  AddAreas(spec.cache, FileArea::kCache);
  AddAreas(spec.config, FileArea::kConfig);
}

// What is passed on to is passed on from there, as far as anybody has said.
void Inventory::AddReaches(const InventorySpec& spec) {
  for (size_t i = 0; i < services_.size(); ++i) {
    numbers_.emplace(services_[i].name, static_cast<int16_t>(i));
  }
  for (size_t i = 0; i < services_.size(); ++i) {
    if (!spec.services[i].upstreams) continue;
    std::vector<size_t> reached = {i};
    const auto add = [&](size_t service) {
      if (std::find(reached.begin(), reached.end(), service) == reached.end()) {
        reached.push_back(service);
      }
    };
    for (size_t next = 0; next < reached.size(); ++next) {
      const size_t from = reached[next];
      for (size_t k = 0; k < services_.size(); ++k) {
        if ((services_[from].workers >> k & 1) != 0) add(k);
      }
      const auto& upstreams = spec.services[from].upstreams;
      if (!upstreams) continue;
      for (const std::string& name : *upstreams) {
        const auto upstream = numbers_.find(name);
        if (upstream != numbers_.end()) add(static_cast<size_t>(upstream->second));
      }
    }
    for (const size_t k : reached) {
      services_[i].reaches.push_back(event::Value::String(services_[k].name));
    }
  }
}

event::Value Inventory::Reaches(absl::string_view service) const {
  const auto found = numbers_.find(service);
  return found == numbers_.end() ? event::Value()
                                 : event::Value::List(services_[found->second].reaches);
}

void Inventory::AddAreas(const std::vector<std::string>& paths, FileArea area) {
  for (const std::string& path : paths) {
    area_paths_.Add(path);
    areas_.push_back(area);
  }
}

void Inventory::AddChild(int16_t service, const DeclaredChild& child) {
  const uint64_t bit = uint64_t{1} << service;
  const auto same = std::find_if(children_.begin(), children_.end(),
                                 [&](const Child& known) { return known.declared == child; });
  if (same != children_.end()) {
    same->services |= bit;
    return;
  }
  child_programs_.Add(child.program, static_cast<int>(children_.size()));
  Child& out = children_.emplace_back();
  out.declared = child;
  out.services = bit;
  for (const std::string& pattern : child.arguments) out.arguments.push_back(ReadArgument(pattern));
}

Inventory::Argument Inventory::ReadArgument(const std::string& pattern) {
  Argument out;
  out.text = pattern;
  out.climbs = pattern.find("..") != pattern.npos;
  if (pattern.find_first_of("*?") == pattern.npos) return out;
  for (const absl::string_view part : absl::StrSplit(pattern, absl::ByAnyChar("*?"))) {
    if (part.size() > out.part.size()) out.part = std::string(part);
  }
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);
  options.set_log_errors(false);
  out.pattern =
      std::make_unique<RE2>(PatternToRegex(pattern, PatternSet::Dialect::kArgument), options);
  return out;
}

// "host:port", "address:port", "[v6]:port", or any of them without the port.
Inventory::Egress Inventory::ReadEgress(absl::string_view text, PatternSet& hosts) {
  Egress out;
  const size_t colon = text.rfind(':');
  const bool bracketed = !text.empty() && text.front() == '[';
  const bool has_port =
      colon != text.npos && (bracketed ? text[colon - 1] == ']' : text.find(':') == colon);
  if (has_port && absl::SimpleAtoi(text.substr(colon + 1), &out.port)) {
    text = text.substr(0, colon);
  }
  if (bracketed && text.size() >= 2 && text.back() == ']') text = text.substr(1, text.size() - 2);
  out.block = event::CidrBlock::Parse(text);
  if (!out.block) out.host = hosts.Add(text);
  return out;
}

Inventory::Recognition Inventory::Recognise(const Program& program) const {
  Recognition out;
  const bool trust_name = (Areas(program.executable) & kUntrusted) == 0;
  std::vector<int> found;
  processes_.Match(program, trust_name, found);
  if (!found.empty()) out.service = static_cast<int16_t>(found.front());
  runtimes_.Match(program, trust_name, found);
  if (!found.empty()) out.runtime = static_cast<int16_t>(found.front());
  command_programs_.Match(program, trust_name, out.commands);
  // A program that is not where its sensor says cannot be told from another.
  if (!program.executable.empty()) child_programs_.Match(program, trust_name, out.children);
  return out;
}

Inventory::Judgement Inventory::Judge(const Recognition& recognition,
                                      const Program& program) const {
  Judgement out;
  out.service = recognition.service;
  if (const int16_t named = ServiceByCommand(recognition.commands, program); named != kNone) {
    out.service = named;
  }
  const absl::string_view runtime =
      program.executable.empty() ? program.name : BaseName(program.executable);
  if (recognition.runtime != kNone && !RunsInlineCode(runtime, program.args)) {
    out.runtime = recognition.runtime;
    // Started without a script, a runtime reads one from whoever started it.
    out.runs_as_web_user = program.args.size() != 1 && web_users_.contains(LowerCase(program.user));
  }
  for (const int i : recognition.children) {
    const Child& child = children_[i];
    out.known_to |= child.services;
    if (ArgumentsMatch(child, program)) out.declared_by |= child.services;
  }
  return out;
}

int16_t Inventory::ServiceByCommand(const std::vector<int>& commands,
                                    const Program& program) const {
  if (commands.empty() || program.args.empty()) return kNone;
  if (RunsInlineCode(BaseName(program.executable), program.args)) return kNone;
  std::vector<int> lines;
  command_lines_.Match(absl::StrJoin(program.args.subspan(1), " "), lines);
  for (const int i : commands) {
    if (std::binary_search(lines.begin(), lines.end(), commands_[i].arguments)) {
      return commands_[i].service;
    }
  }
  return kNone;
}

// All that can be said without running the pattern.
bool Inventory::MayMatch(const Argument& declared, absl::string_view arg) {
  if (declared.pattern == nullptr) return arg == declared.text;
  if (arg.find(declared.part) == arg.npos) return false;
  return declared.climbs || arg.find("..") == arg.npos;
}

bool Inventory::ArgumentsMatch(const Child& child, const Program& program) {
  if (child.declared.any_arguments) return true;
  if (program.args_cut || program.args.size() != child.arguments.size() + 1) return false;
  for (size_t i = 0; i < child.arguments.size(); ++i) {
    if (!MayMatch(child.arguments[i], program.args[i + 1])) return false;
  }
  for (size_t i = 0; i < child.arguments.size(); ++i) {
    const RE2* pattern = child.arguments[i].pattern.get();
    const absl::string_view arg = program.args[i + 1];
    if (pattern != nullptr && !RE2::FullMatch({arg.data(), arg.size()}, *pattern)) return false;
  }
  return true;
}

bool Inventory::StartsRuntime(int16_t service, int16_t runtime) const {
  return service != kNone && (services_[service].workers >> runtime & 1) != 0;
}

bool Inventory::ExpectsEgress(int16_t service, absl::string_view address, absl::string_view host,
                              int64_t port) const {
  const Service& declared = services_[service];
  if (declared.egress.empty()) return false;
  const auto ip = event::IpAddress::Parse(address);
  std::vector<int> hosts;
  if (!host.empty()) declared.hosts->Match(host, hosts);
  return std::any_of(declared.egress.begin(), declared.egress.end(), [&](const Egress& to) {
    if (to.port != 0 && to.port != port) return false;
    if (to.block) return ip && to.block->Contains(ip->EmbeddedV4());
    return std::binary_search(hosts.begin(), hosts.end(), to.host);
  });
}

bool Inventory::AnyExpectsEgress(absl::string_view address, absl::string_view host,
                                 int64_t port) const {
  for (size_t i = 0; i < services_.size(); ++i) {
    if (ExpectsEgress(static_cast<int16_t>(i), address, host, port)) return true;
  }
  return false;
}

int16_t Inventory::ServiceOfDataset(absl::string_view dataset) const {
  const auto found = datasets_.find(dataset.substr(0, dataset.find('.')));
  return found == datasets_.end() ? kNone : found->second;
}

uint32_t Inventory::Areas(absl::string_view path) const {
  if (path.empty() || areas_.empty()) return 0;
  std::vector<int> found;
  area_paths_.Match(FoldPath(path), found);
  uint32_t out = 0;
  for (const int i : found) out |= Bit(areas_[i]);
  return out;
}

}  // namespace sequitur::enrich
