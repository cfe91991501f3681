#include "config/sections.h"

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "event/ip_address.h"
#include "yaml/scalar.h"

namespace sequitur::config {
namespace {

using yaml::Mapping;
using yaml::Node;

std::optional<absl::TimeZone> ReadTimeZone(Mapping& mapping) {
  const auto node = mapping.Get("time_zone");
  if (!node) return std::nullopt;
  absl::TimeZone zone;
  if (absl::LoadTimeZone(node->text(), &zone)) return zone;
  node->AddError(absl::StrCat("expected a time zone such as UTC or Europe/Berlin, found ",
                              yaml::Quoted(node->text())));
  return std::nullopt;
}

// The node's strings that are addresses, or addresses and CIDR blocks.
enum class Accept { kAddress, kBlock };
std::vector<std::string> ReadAddresses(const Node& node, Accept accept) {
  std::vector<std::string> addresses;
  for (const Node& element : node.Elements()) {
    const bool valid = accept == Accept::kAddress
                           ? event::IpAddress::Parse(element.text()).has_value()
                           : event::CidrBlock::Parse(element.text()).has_value();
    if (valid) {
      addresses.emplace_back(element.text());
    } else {
      element.AddError(absl::StrCat(
          "expected ",
          accept == Accept::kAddress ? "an address such as 10.0.0.5 or 2001:db8::5"
                                     : "an address or a range such as 10.0.0.0/8 or 2001:db8::/32",
          ", found ", yaml::Quoted(element.text())));
    }
  }
  return addresses;
}

std::vector<std::string> GetAddresses(Mapping& mapping, absl::string_view key, Accept accept) {
  const auto node = mapping.Get(key);
  return node ? ReadAddresses(*node, accept) : std::vector<std::string>();
}

Source ReadSource(const Node& node) {
  Source source;
  Mapping mapping(node, "a source");
  source.match = mapping.RequireString("match").value_or("");
  if (const auto kind = mapping.Get("kind")) {
    if (const auto index = kind->AsWord(decode::SourceKindNames())) {
      source.options.kind = static_cast<decode::SourceKind>(*index);
    }
  }
  source.options.log_format = mapping.GetString("log_format").value_or("");
  source.options.time_zone = ReadTimeZone(mapping);
  source.options.host = mapping.GetString("host").value_or("");
  if (const auto lateness = mapping.Get("lateness")) {
    source.lateness = lateness->AsDuration();
    source.lateness_here = lateness->Here();
  }
  mapping.Finish();
  return source;
}

Host ReadHost(const Node& node) {
  Host host;
  Mapping mapping(node, "a host");
  host.name = mapping.RequireString("name").value_or("");
  host.ids = mapping.GetStrings("ids");
  host.addresses = GetAddresses(mapping, "addresses", Accept::kAddress);
  host.time_zone = ReadTimeZone(mapping);
  mapping.Finish();
  return host;
}

// Names, ids and addresses that two hosts claim would join their events.
void CheckClaim(const Node& node, const std::string& claim, const std::string& host,
                absl::flat_hash_map<std::string, std::string>& owners) {
  const auto [owner, inserted] = owners.emplace(absl::AsciiStrToLower(claim), host);
  if (inserted || owner->second == host) return;
  node.AddError(
      absl::StrCat(yaml::Quoted(claim), " already belongs to host ", yaml::Quoted(owner->second)));
}

std::string CanonicalAddress(const std::string& text) {
  const auto address = event::IpAddress::Parse(text);
  return address ? address->ToString() : text;
}

Baseline ReadBaseline(const Node& node) {
  Baseline baseline;
  Mapping mapping(node, "a baseline");
  baseline.name = mapping.RequireString("name").value_or("");
  if (const auto fields = mapping.Require("fields")) baseline.fields = fields->AsStrings();
  if (const auto when = mapping.Get("when")) {
    baseline.when = when->AsString().value_or("");
    baseline.when_here = when->Here();
  }
  baseline.learning_period =
      mapping.GetDuration("learning_period").value_or(baseline.learning_period);
  if (const auto until = mapping.Get("learning_until")) {
    baseline.learning_until = event::ParseIso8601(until->text());
    if (!baseline.learning_until) {
      until->AddError("expected a time such as 2026-12-01T00:00:00Z");
    }
  }
  baseline.age = mapping.GetDuration("age").value_or(baseline.age);
  baseline.cap = mapping.GetInt("cap", 1).value_or(baseline.cap);
  mapping.Finish();
  return baseline;
}

}  // namespace

std::optional<HostPort> SplitAddress(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return std::nullopt;
  HostPort split;
  absl::string_view host = text.substr(0, colon);
  if (absl::ConsumePrefix(&host, "[") && !absl::ConsumeSuffix(&host, "]")) return std::nullopt;
  split.host = std::string(host);
  if (!absl::SimpleAtoi(text.substr(colon + 1), &split.port)) return std::nullopt;
  if (split.host.empty() || split.port < 0 || split.port > 65535) return std::nullopt;
  return split;
}

std::vector<Source> ReadSources(const Node& node) {
  std::vector<Source> sources;
  for (const Node& element : node.Elements()) sources.push_back(ReadSource(element));
  return sources;
}

std::vector<Host> ReadHosts(const Node& node) {
  std::vector<Host> hosts;
  absl::flat_hash_map<std::string, std::string> owners;
  for (const Node& element : node.Elements()) {
    hosts.push_back(ReadHost(element));
    const Host& host = hosts.back();
    if (host.name.empty()) continue;
    CheckClaim(element, host.name, host.name, owners);
    for (const std::string& id : host.ids) CheckClaim(element, id, host.name, owners);
    for (const std::string& address : host.addresses) {
      CheckClaim(element, CanonicalAddress(address), host.name, owners);
    }
  }
  return hosts;
}

Network ReadNetwork(const Node& node) {
  Network network;
  Mapping mapping(node, "network");
  network.own_ranges = GetAddresses(mapping, "own_ranges", Accept::kBlock);
  network.egress_proxies = GetAddresses(mapping, "egress_proxies", Accept::kBlock);
  network.not_egress = GetAddresses(mapping, "not_egress", Accept::kBlock);
  if (const auto ranges = mapping.Get("not_egress_override")) {
    network.not_egress_override = ReadAddresses(*ranges, Accept::kBlock);
  }
  mapping.Finish();
  return network;
}

std::vector<Baseline> ReadBaselines(const Node& node) {
  std::vector<Baseline> baselines;
  for (const Node& element : node.Elements()) {
    baselines.push_back(ReadBaseline(element));
    for (size_t i = 0; i + 1 < baselines.size(); ++i) {
      if (baselines[i].name != baselines.back().name || baselines[i].name.empty()) continue;
      element.AddError(
          absl::StrCat("baseline ", yaml::Quoted(baselines[i].name), " stands here a second time"));
      break;
    }
  }
  return baselines;
}

Clock ReadClock(const Node& node) {
  Clock clock;
  Mapping mapping(node, "clock");
  if (const auto max_future = mapping.Get("max_future")) {
    clock.max_future = max_future->AsDuration().value_or(clock.max_future);
    clock.max_future_here = max_future->Here();
  }
  mapping.Finish();
  return clock;
}

Coverage ReadCoverage(const Node& node) {
  Coverage coverage;
  Mapping mapping(node, "coverage");
  coverage.window = mapping.GetDuration("window").value_or(coverage.window);
  mapping.Finish();
  return coverage;
}

Canaries ReadCanaries(const Node& node) {
  Canaries canaries;
  Mapping mapping(node, "canaries");
  canaries.enabled = mapping.GetBool("enabled").value_or(canaries.enabled);
  if (const auto every = mapping.Get("every")) {
    const auto period = every->AsDuration();
    if (period.has_value() && (*period < absl::Seconds(1) || *period > absl::Hours(24))) {
      every->AddError(absl::StrCat("expected a duration of at least 1s and at most 1d, found ",
                                   yaml::Quoted(every->text())));
    }
    canaries.every = period.value_or(canaries.every);
  }
  mapping.Finish();
  return canaries;
}

Http ReadHttp(const Node& node) {
  Http http;
  Mapping mapping(node, "http");
  if (const auto listen = mapping.Get("listen")) {
    http.listen = listen->AsString().value_or("");
    if (!http.listen.empty() && !SplitAddress(http.listen).has_value()) {
      listen->AddError(absl::StrCat(
          "expected an address and port such as 127.0.0.1:9464, [::]:9464 or \"\" for none, found ",
          yaml::Quoted(http.listen)));
    }
  }
  mapping.Finish();
  return http;
}

Limits ReadLimits(const Node& node) {
  constexpr int64_t kMinMemory = 16 << 20;
  Limits limits;
  Mapping mapping(node, "limits");
  if (const auto memory = mapping.Get("memory")) {
    limits.memory = memory->AsBytes().value_or(limits.memory);
    if (limits.memory < kMinMemory) memory->AddError("expected at least 16MiB");
  }
  if (const auto memory = mapping.Get("process_memory")) {
    limits.process_memory = memory->AsBytes().value_or(limits.process_memory);
    if (limits.process_memory < kMinMemory) memory->AddError("expected at least 16MiB");
  }
  limits.host_memory_percent =
      mapping.GetInt("host_memory_percent", 1, 100).value_or(limits.host_memory_percent);
  limits.hosts = mapping.GetInt("hosts", 1, 1 << 30).value_or(limits.hosts);
  limits.hits_per_key = mapping.GetInt("hits_per_key", 2, 1 << 30).value_or(limits.hits_per_key);
  mapping.Finish();
  return limits;
}

Log ReadLog(const Node& node) {
  constexpr absl::string_view kLevels[] = {"trace", "debug", "info", "warning", "error"};
  constexpr absl::string_view kFormats[] = {"text", "json"};
  Log log;
  Mapping mapping(node, "log");
  if (const auto level = mapping.Get("level")) {
    if (const auto index = level->AsWord(kLevels)) log.level = std::string(kLevels[*index]);
  }
  if (const auto format = mapping.Get("format")) {
    if (const auto index = format->AsWord(kFormats)) log.json = kFormats[*index] == "json";
  }
  mapping.Finish();
  return log;
}

}  // namespace sequitur::config
