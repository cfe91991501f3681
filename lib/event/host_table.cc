#include "event/host_table.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace sequitur::event {
namespace {

// How many of a record's addresses are looked at.
constexpr size_t kMostListed = 64;

bool Identifies(const IpAddress& a) {
  return !a.IsLoopback() && !a.IsLinkLocal() && !a.IsUnspecified() && !a.IsMulticast() &&
         !a.IsBroadcast();
}

bool IsNilId(absl::string_view id) { return id == "-" || id.find_first_not_of("0-") == id.npos; }

template <typename Key, typename Text>
void EraseFrom(std::vector<Key>& list, const Text& key) {
  list.erase(std::remove(list.begin(), list.end(), key), list.end());
}

}  // namespace

// Longer than any DNS name; what does not fit identifies nobody.
class HostTable::AliasText {
 public:
  static AliasText Id(absl::string_view id) {
    AliasText key(absl::StripAsciiWhitespace(id));
    if (IsNilId(key.text())) key.size_ = 0;
    return key;
  }
  static AliasText Name(absl::string_view name, const std::vector<std::string>& domains) {
    AliasText key(absl::StripAsciiWhitespace(name));
    absl::string_view text = key.text();
    absl::ConsumeSuffix(&text, ".");
    for (bool stripped = true; stripped;) {
      stripped = std::any_of(domains.begin(), domains.end(), [&](const std::string& domain) {
        return text.size() > domain.size() && absl::ConsumeSuffix(&text, domain);
      });
    }
    const bool no_name = text == "-" || text == "localhost" || text == "localhost.localdomain" ||
                         IpAddress::Parse(text).has_value();
    key.size_ = no_name ? 0 : text.size();
    return key;
  }

  absl::string_view text() const { return {text_.data(), size_}; }
  bool empty() const { return size_ == 0; }

 private:
  explicit AliasText(absl::string_view text)
      : size_(text.size() <= text_.size() ? text.size() : 0) {
    std::transform(text.begin(), text.begin() + size_, text_.begin(), absl::ascii_tolower);
  }

  std::array<char, 255> text_;
  size_t size_;
};

HostTable::HostTable(const HostTableOptions& options)
    : own_networks_(options.own_networks),
      max_hosts_(std::max<size_t>(options.max_hosts, 1)),
      memo_(options.remembered_claims) {
  hosts_.emplace_back();
  domains_.push_back(".local");
  for (absl::string_view domain : options.strip_domains) {
    absl::ConsumePrefix(&domain, ".");
    absl::ConsumeSuffix(&domain, ".");
    if (!domain.empty()) domains_.push_back(absl::StrCat(".", absl::AsciiStrToLower(domain)));
  }
  for (const HostAlias& alias : options.hosts) Configure(alias);
  anyone_named_ = !options.hosts.empty();
  const AliasText name = AliasText::Name(options.default_host, domains_);
  if (name.empty()) return;
  const auto known = names_.find(name.text());
  if (known == names_.end()) Configure({std::string(name.text()), {}, {}});
  default_host_ = names_.find(name.text())->second.host;
}

void HostTable::Configure(const HostAlias& alias) {
  const auto host = static_cast<HostId>(hosts_.size());
  hosts_.emplace_back();
  hosts_[host].configured = true;
  const AliasText name = AliasText::Name(alias.name, domains_);
  if (!name.empty() && !names_.contains(name.text())) {
    AddName(host, name.text());
    names_.find(name.text())->second.configured = true;
  }
  for (absl::string_view id : alias.ids) {
    const AliasText key = AliasText::Id(id);
    if (!key.empty() && !ids_.contains(key.text())) AddId(host, id, key.text());
  }
  for (absl::string_view text : alias.addresses) {
    const auto address = IpAddress::Parse(text);
    if (!address || !addresses_.try_emplace(*address, Binding{host, true}).second) continue;
    hosts_[host].addresses.push_back(*address);
    if (hosts_[host].address.empty()) hosts_[host].address = address->ToString();
  }
}

HostId HostTable::Resolve(const HostClaim& claim, absl::string_view flow_initiator,
                          absl::string_view flow_responder) {
  const HostId host = claim.role == HostClaim::Role::kSubject
                          ? ResolveSubject(claim)
                          : ResolveSensor(claim, flow_initiator, flow_responder);
  if (host == kUnknownHost) {
    ++stats_.unknown;
  } else {
    Touch(host);
  }
  return host;
}

HostId HostTable::ResolveSubject(const HostClaim& claim) {
  HostId host = ResolveAndLearn(claim);
  if (host != kUnknownHost) return host;
  host = ByKnownAddress(claim);
  if (host != kUnknownHost || default_host_ == kUnknownHost) return host;
  ++stats_.defaulted;
  return default_host_;
}

// A claim that changed nothing would do so again until something else is bound to
// its host: all that its answer came from is.
HostId HostTable::ResolveAndLearn(const HostClaim& claim) {
  const ClaimMemo::Answer* known = memo_.Find(claim);
  if (known != nullptr && hosts_[known->host].version == known->version) return known->host;
  const uint64_t before = changes_;
  const HostId host = ResolveNamed(claim);
  if (host == kUnknownHost) return host;
  anyone_named_ = true;
  LearnAddresses(host, claim.addresses);
  if (changes_ == before) memo_.Keep({host, hosts_[host].version});
  return host;
}

HostId HostTable::ResolveSensor(const HostClaim& claim, absl::string_view initiator,
                                absl::string_view responder) {
  for (absl::string_view address : {initiator, responder}) {
    const HostId host = FindByAddress(address);
    if (host != kUnknownHost) return host;
  }
  if (default_host_ != kUnknownHost) {
    ++stats_.defaulted;
    return default_host_;
  }
  const auto address = IpAddress::Parse(initiator);
  if (!address || !IsOwn(*address)) return ResolveNamed(claim);
  if (!anyone_named_) return kUnknownHost;
  const HostId host = NewHost();
  hosts_[host].address = address->ToString();
  LearnAddress(host, *address);
  return host;
}

bool HostTable::IsOwn(const IpAddress& address) const {
  if (!Identifies(address)) return false;
  return address.IsPrivate() ||
         std::any_of(own_networks_.begin(), own_networks_.end(),
                     [&](const CidrBlock& block) { return block.Contains(address); });
}

HostId HostTable::ResolveNamed(const HostClaim& claim) {
  const AliasText id = AliasText::Id(claim.id);
  const AliasText name = AliasText::Name(claim.name, domains_);
  const AliasText agent = AliasText::Id(claim.agent_id);
  HostId host = kUnknownHost;
  if (!id.empty()) {
    host = ResolveId(absl::StripAsciiWhitespace(claim.id), id.text(), name.text());
  } else if (!name.empty()) {
    host = ResolveName(name.text());
  }
  if (agent.empty()) return host;
  const auto known = agents_.find(agent.text());
  if (host == kUnknownHost) return known == agents_.end() ? kUnknownHost : known->second.host;
  if (known == agents_.end() || known->second.host != host) LearnAgent(host, agent.text());
  return host;
}

HostId HostTable::ResolveId(absl::string_view id, absl::string_view key, absl::string_view name) {
  const auto known = ids_.find(key);
  if (known != ids_.end()) {
    return name.empty() ? known->second.host : BindName(known->second.host, name);
  }
  // An id that comes alone may be a name: some shippers have only the one field.
  const auto named = names_.find(name.empty() ? key : name);
  if (named != names_.end() && hosts_[named->second.host].ids.empty()) {
    const HostId host = named->second.host;
    AddId(host, id, key);
    return host;
  }
  const HostId host = NewHost();
  AddId(host, id, key);
  return name.empty() ? host : BindName(host, name);
}

HostId HostTable::ResolveName(absl::string_view name) {
  const auto known = names_.find(name);
  if (known != names_.end()) return known->second.host;
  const auto id = ids_.find(name);
  if (id != ids_.end()) return BindName(id->second.host, name);
  const HostId host = NewHost();
  AddName(host, name);
  return host;
}

HostId HostTable::BindName(HostId host, absl::string_view name) {
  const auto known = names_.find(name);
  if (known == names_.end()) {
    AddName(host, name);
    return host;
  }
  const Binding held = known->second;
  if (held.host == host) return host;
  if (hosts_[held.host].ids.empty()) {
    // A host without an id of its own is this one, unless both are configured apart.
    const bool keep_held = hosts_[held.host].configured;
    if (!keep_held || !hosts_[host].configured) {
      const HostId into = keep_held ? held.host : host;
      MergeInto(keep_held ? host : held.host, into);
      return into;
    }
  }
  ++stats_.name_conflicts;
  ++changes_;  // to be counted each time: no claim to remember
  if (held.configured) return host;
  DropName(held.host, name);
  AddName(host, name);
  return host;
}

HostId HostTable::FindByAddress(absl::string_view text) const {
  const auto address = IpAddress::Parse(text);
  if (!address) return kUnknownHost;
  const auto known = addresses_.find(*address);
  return known == addresses_.end() ? kUnknownHost : known->second.host;
}

HostId HostTable::ByKnownAddress(const HostClaim& claim) const {
  HostId host = FindByAddress(claim.name);
  if (host != kUnknownHost) return host;
  const auto listed = claim.addresses.elements();
  for (const Value& address : listed.subspan(0, std::min(listed.size(), kMostListed))) {
    host = FindByAddress(address.text());
    if (host != kUnknownHost) return host;
  }
  return kUnknownHost;
}

void HostTable::LearnAddresses(HostId host, const Value& addresses) {
  const auto listed = addresses.elements();
  for (const Value& text : listed.subspan(0, std::min(listed.size(), kMostListed))) {
    const auto address = IpAddress::Parse(text.text());
    if (address && Identifies(*address)) LearnAddress(host, *address);
  }
}

void HostTable::LearnAddress(HostId host, const IpAddress& address) {
  const auto known = addresses_.find(address);
  if (known != addresses_.end()) {
    const Binding held = known->second;
    if (held.host == host || held.configured) return;
    if (IsAddressOnly(hosts_[held.host])) return MergeInto(held.host, host);
    ++stats_.address_moves;
    EraseFrom(hosts_[held.host].addresses, address);
    Changed(held.host);
  }
  Bind(addresses_, hosts_[host].addresses, address, host, kMaxAddresses);
}

void HostTable::LearnAgent(HostId host, absl::string_view agent) {
  const auto known = agents_.find(agent);
  if (known != agents_.end()) {
    EraseFrom(hosts_[known->second.host].agents, agent);
    Changed(known->second.host);
  }
  Bind(agents_, hosts_[host].agents, std::string(agent), host, kMaxAgents);
}

// Beyond `most` aliases, the oldest that are not configured give way.
template <typename Key>
void HostTable::Trim(Bindings<Key>& bindings, std::vector<Key>& list, size_t most) {
  while (list.size() > most) {
    const auto oldest = std::find_if(list.begin(), list.end(), [&](const Key& key) {
      return !bindings.find(key)->second.configured;
    });
    if (oldest == list.end()) return;
    bindings.erase(*oldest);
    list.erase(oldest);
  }
}

template <typename Key>
void HostTable::Bind(Bindings<Key>& bindings, std::vector<Key>& list, Key key, HostId host,
                     size_t most) {
  list.push_back(key);
  bindings.insert_or_assign(std::move(key), Binding{host, false});
  Changed(host);
  Trim(bindings, list, most);
}

void HostTable::AddId(HostId host, absl::string_view id, absl::string_view key) {
  Host& h = hosts_[host];
  if (h.id.empty()) h.id = std::string(id);
  h.ids.emplace_back(key);
  ids_.insert_or_assign(h.ids.back(), Binding{host, h.configured});
  Changed(host);
}

void HostTable::AddName(HostId host, absl::string_view name) {
  Bind(names_, hosts_[host].names, std::string(name), host, kMaxNames);
  ChooseName(hosts_[host]);
}

void HostTable::DropName(HostId host, absl::string_view name) {
  EraseFrom(hosts_[host].names, name);
  names_.erase(name);
  Changed(host);
  ChooseName(hosts_[host]);
}

// Keeps the name people know while the host still holds it.
void HostTable::ChooseName(Host& host) {
  if (std::find(host.names.begin(), host.names.end(), host.name) != host.names.end()) return;
  host.name = host.names.empty() ? "" : host.names.front();
}

HostId HostTable::NewHost() {
  if (stats_.hosts >= max_hosts_) Forget(hosts_[0].newer);
  HostId host = static_cast<HostId>(hosts_.size());
  if (free_.empty()) {
    hosts_.emplace_back();
  } else {
    host = free_.back();
    free_.pop_back();
    hosts_[host] = Host();
  }
  Changed(host);
  LinkAsNewest(host);
  ++stats_.hosts;
  return host;
}

void HostTable::MergeInto(HostId from, HostId into) {
  Host& source = hosts_[from];
  Host& target = hosts_[into];
  const auto move = [into](auto& bindings, auto& list, auto& to) {
    for (auto& key : list) {
      bindings.find(key)->second.host = into;
      to.push_back(std::move(key));
    }
    list.clear();
  };
  move(ids_, source.ids, target.ids);
  move(names_, source.names, target.names);
  move(agents_, source.agents, target.agents);
  move(addresses_, source.addresses, target.addresses);
  Trim(names_, target.names, kMaxNames);
  Trim(agents_, target.agents, kMaxAgents);
  Trim(addresses_, target.addresses, kMaxAddresses);
  ChooseName(target);
  if (target.id.empty()) target.id = source.id;
  if (target.address.empty()) target.address = source.address;
  source.merged_into = into;
  Changed(from);
  Changed(into);
  Unlink(from);
  --stats_.hosts;
  ++stats_.merges;
  merges_.emplace_back(from, into);
}

void HostTable::Forget(HostId host) {
  Host& h = hosts_[host];
  for (const std::string& key : h.ids) ids_.erase(key);
  for (const std::string& key : h.names) names_.erase(key);
  for (const std::string& key : h.agents) agents_.erase(key);
  for (const IpAddress& key : h.addresses) addresses_.erase(key);
  Unlink(host);
  // Its texts stay, to be named in whatever is still said of it.
  h.ids.clear();
  h.names.clear();
  h.agents.clear();
  h.addresses.clear();
  Changed(host);
  --stats_.hosts;
  ++stats_.forgotten;
  forgotten_.push_back(host);
}

void HostTable::Unlink(HostId host) {
  Host& h = hosts_[host];
  hosts_[h.newer].older = h.older;
  hosts_[h.older].newer = h.newer;
}

// The ring: hosts_[0].newer is the oldest host, hosts_[0].older the newest.
void HostTable::LinkAsNewest(HostId host) {
  Host& h = hosts_[host];
  h.newer = 0;
  h.older = hosts_[0].older;
  hosts_[h.older].newer = host;
  hosts_[0].older = host;
}

void HostTable::Touch(HostId host) {
  if (hosts_[host].configured || hosts_[0].older == host) return;
  Unlink(host);
  LinkAsNewest(host);
}

HostId HostTable::Alive(HostId host) const {
  while (hosts_[host].merged_into != kUnknownHost) host = hosts_[host].merged_into;
  return host;
}

absl::string_view HostTable::canonical(HostId host) const {
  const Host& h = hosts_[Alive(host)];
  if (!h.name.empty()) return h.name;
  if (!h.id.empty()) return h.id;
  return h.address.empty() ? absl::string_view("unknown") : absl::string_view(h.address);
}

std::vector<std::pair<HostId, HostId>> HostTable::TakeMerges() {
  for (const auto& [from, into] : merges_) free_.push_back(from);
  return std::exchange(merges_, {});
}

std::vector<HostId> HostTable::TakeForgotten() {
  free_.insert(free_.end(), forgotten_.begin(), forgotten_.end());
  return std::exchange(forgotten_, {});
}

}  // namespace sequitur::event
