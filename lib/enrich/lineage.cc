// From a chain of images to what it means. A chain stands nearest first, so
// index 0 is the event's own image and higher is older.
//
// A service and the same service above it are one instance: a worker and its
// master, a node cluster, a php-fpm that reloaded itself. The instance's id is
// its oldest image's, so that what two workers of one service do can be joined.

#include "enrich/lineage.h"

#include <algorithm>

namespace sequitur::enrich {
namespace {

namespace field = event::field;
using event::Event;
using event::Value;

bool IsProcessEvent(const Event& event) {
  return HasWord(event.Get(field::kEventCategory), "process");
}

bool MayWait(const Event& event) {
  const Value& category = event.Get(field::kEventCategory);
  return HasWord(category, "network") || HasWord(category, "file") || HasWord(category, "process");
}

void SetCopied(Event& event, event::FieldId id, absl::string_view text) {
  if (!text.empty() && event.Wants(id)) event.Set(id, Value::String(event.arena().Copy(text)));
}

// Sets what nobody has set.
void Fill(Event& event, event::FieldId id, absl::string_view text) {
  if (!event.Has(id)) SetCopied(event, id, text);
}

}  // namespace

void Lineage::AddFields(event::Projection& projection) { AddProcessFields(projection); }

int16_t Lineage::Enrich(Event& event) {
  if (!event.Has(field::kProcessPid)) return Inventory::kNone;
  const ProcessRecord record = ReadProcess(event);
  if (record.self.pid < 0) return Inventory::kNone;
  Host& host = HostOf(event.host);
  const int16_t service = EnrichOn(host, record, event);
  Account(host);
  return service;
}

int16_t Lineage::EnrichOn(Host& host, const ProcessRecord& record, Event& event) {
  const uint64_t known = host.table.stats().images;
  const ImageIndex self = host.table.Learn(record);
  const bool learnt = host.table.stats().images != known ||
                      record.kind == ProcessRecord::Kind::kFork ||
                      record.kind == ProcessRecord::Kind::kExec;
  ProcessTable::Chain chain;
  chain.missing_pid = record.self.pid;
  if (self != kNoImage) chain = host.table.Walk(self);
  const Reading reading = Read(host.table, chain);
  WaitIfBroken(host, event, chain, reading);
  if (self != kNoImage) {
    FillProcess(host.table, chain, event);
    FillParent(host.table, self, record, event);
  }
  FillAncestors(host.table, chain, event);
  FillService(reading, event);
  event.Set(field::kSequiturLineageComplete, Value::Bool(chain.complete));
  if (learnt) Wake(host, record.self.pid);
  // Each child of a process that started before us names it and says no more.
  if (host.table.Made(record.parent.pid)) Wake(host, record.parent.pid);
  return reading.service;
}

Lineage::Host& Lineage::HostOf(event::HostId id) {
  std::unique_ptr<Host>& host = hosts_[id];
  if (host == nullptr) {
    host = std::make_unique<Host>(options_);
    host->place = by_use_.insert(by_use_.end(), id);
  }
  return *host;
}

// Counts the host's bytes anew; it is the one used last and stays.
void Lineage::Account(Host& host) {
  by_use_.splice(by_use_.end(), by_use_, host.place);
  bytes_ -= host.bytes;
  host.bytes = host.table.bytes();
  bytes_ += host.bytes;
  while (bytes_ > options_.max_bytes && by_use_.size() > 1) {
    ++crowded_out_;
    ForgetHost(by_use_.front());
  }
}

void Lineage::ForgetHost(event::HostId id) {
  const auto found = hosts_.find(id);
  if (found == hosts_.end()) return;
  bytes_ -= found->second->bytes;
  by_use_.erase(found->second->place);
  hosts_.erase(found);
}

Inventory::Judgement Lineage::JudgementOf(Inventory::Program program, absl::string_view arguments) {
  const Inventory::Recognition& recognition = RecognitionOf(program);
  if (recognition.empty()) return {};
  args_.clear();
  while (!arguments.empty()) {
    const size_t end = std::min(arguments.find('\0'), arguments.size());
    args_.push_back(arguments.substr(0, end));
    arguments.remove_prefix(std::min(end + 1, arguments.size()));
  }
  program.args = args_;
  return inventory_.Judge(recognition, program);
}

const Inventory::Recognition& Lineage::RecognitionOf(const Inventory::Program& program) {
  const auto end = static_cast<uint32_t>(program.executable.size());  // no text forges it
  program_.assign(reinterpret_cast<const char*>(&end), sizeof(end));
  program_.append(program.executable.data(), program.executable.size());
  program_.append(program.name.data(), program.name.size());
  if (const auto* known = recognitions_.Find(program_)) return *known;
  recognition_ = inventory_.Recognise(program);
  recognitions_.Keep(program_, recognition_);
  return recognition_;
}

// Asks the inventory about an image, once.
void Lineage::Judge(ProcessTable& table, ImageIndex index) {
  Image& image = table.image(index);
  if (image.judged) return;
  Inventory::Program program;
  program.executable = table.Executable(index);
  program.name = table.Name(index);
  program.user = table.Text(image.user);
  program.args_cut = image.arguments_cut;
  const Inventory::Judgement judgement = JudgementOf(program, table.Text(image.arguments));
  image.judged = true;
  image.service = judgement.service;
  image.runtime = judgement.runtime;
  image.runtime_runs_service = judgement.runs_as_web_user;
  // Before its exec is seen, nobody knows its arguments. That record will be
  // judged by them; meanwhile what it starts is judged by its own.
  image.declared_by =
      image.origin == Image::Origin::kSeen ? judgement.known_to : judgement.declared_by;
}

// From the oldest image to the event's own, since what a runtime is depends on
// who started it: a service of its own kind, or nobody public.
void Lineage::NameServices(ProcessTable& table, const ProcessTable::Chain& chain,
                           Reading& reading) {
  reading.services.assign(chain.images.size(), Inventory::kNone);
  bool below_service = false;
  for (size_t i = chain.images.size(); i-- > 0;) {
    Judge(table, chain.images[i]);
    const Image& image = table.image(chain.images[i]);
    const int16_t above = i + 1 < chain.images.size() ? reading.services[i + 1] : Inventory::kNone;
    int16_t& service = reading.services[i];
    const bool copy = image.origin == Image::Origin::kFork && i + 1 < chain.images.size();
    if (copy && table.Name(chain.images[i]) == table.Name(chain.images[i + 1])) {
      service = above;
    } else if (image.service != Inventory::kNone) {
      service = image.service;
    } else if (image.runtime != Inventory::kNone &&
               (inventory_.StartsRuntime(above, image.runtime) ||
                (image.runtime_runs_service && !below_service))) {
      service = image.runtime;
    }
    below_service = below_service || service != Inventory::kNone;
  }
}

Lineage::Reading Lineage::Read(ProcessTable& table, const ProcessTable::Chain& chain) {
  Reading out;
  NameServices(table, chain, out);
  const size_t count = chain.images.size();
  size_t at = 0;
  while (at < count && out.services[at] == Inventory::kNone) ++at;
  if (at == count) {
    RecallService(table, chain, out);
    return out;
  }
  size_t root = at;
  while (root + 1 < count && out.services[root + 1] == out.services[at]) ++root;
  out.service = out.services[at];
  out.self_is_service = at == 0;
  out.entity_id = table.EntityId(chain.images[root]);
  out.pid = table.image(chain.images[at]).pid;
  size_t above = root + 1;
  while (above < count && out.services[above] == Inventory::kNone) ++above;
  // A service that another service started is a child like any other.
  if (at > 0) {
    out.expected_child = Declared(table, chain, 0, at, out.service);
  } else {
    out.expected_child = above >= count || Declared(table, chain, root, above, out.services[above]);
  }
  for (size_t i = 0; i < at + 1; ++i) {
    table.RememberLineage(chain.images[i], out.service, out.entity_id);
  }
  return out;
}

// The ancestors may be gone, or beyond what a chain holds, but what they were is
// remembered.
void Lineage::RecallService(ProcessTable& table, const ProcessTable::Chain& chain,
                            Reading& reading) {
  if (chain.complete) return;
  for (size_t i = 0; i < chain.images.size(); ++i) {
    const Image& image = table.image(chain.images[i]);
    if (image.lineage_service == Inventory::kNone) continue;
    reading.service = image.lineage_service;
    reading.entity_id = table.Text(image.lineage_entity);
    for (size_t k = 0; k < i; ++k) {
      table.RememberLineage(chain.images[k], reading.service, reading.entity_id);
    }
    return;
  }
}

// True when all of the chain's images [from, to) are declared by `service`; a
// fork's copy is what it was copied from.
bool Lineage::Declared(const ProcessTable& table, const ProcessTable::Chain& chain, size_t from,
                       size_t to, int16_t service) const {
  for (size_t i = from; i < to; ++i) {
    const Image& image = table.image(chain.images[i]);
    if ((image.declared_by >> service & 1) != 0) continue;
    const bool copy = image.origin == Image::Origin::kFork && i + 1 < to;
    if (!copy || table.Name(chain.images[i]) != table.Name(chain.images[i + 1])) return false;
  }
  return true;
}

void Lineage::WaitIfBroken(Host& host, const Event& event, const ProcessTable::Chain& chain,
                           const Reading& reading) {
  if (chain.missing_pid == kNoPid) return;
  if (!chain.complete) ++unknown_parents_;
  const bool gap = chain.complete || reading.service != Inventory::kNone;
  // With the service known, only a missing parent's name is worth the wait.
  if (gap && event.Has(field::kProcessParentName)) return;
  if (!MayWait(event) || !host.room.Admits(chain.missing_pid, host.table.latest())) return;
  host.room.Add({event::Snapshot::Of(event), chain.missing_pid, chain.images.size(), chain.complete,
                 host.table.latest()});
}

void Lineage::Wake(Host& host, int64_t pid) {
  if (host.room.size() == 0) return;
  const auto judge = [&](WaitingRoom::Waiter& waiter) {
    const auto number = [&](event::FieldId id) {
      const Value value = waiter.event->Get(id).first();
      int64_t out = -1;
      if (value.kind() == Value::Kind::kInt) return value.int_value();
      return event::ParseInt(value.is_string() ? value.string_value() : "", &out) ? out : -1;
    };
    const auto found = host.table.Find(number(field::kProcessPid),
                                       number(field::kProcessPidVersion), waiter.event->time());
    if (found.image == kNoImage) return WaitingRoom::Verdict::kKeep;
    const ProcessTable::Chain chain = host.table.Walk(found.image);
    const bool learnt_more = chain.images.size() > waiter.known || chain.missing_pid == kNoPid ||
                             (chain.complete && !waiter.complete);
    if (learnt_more) {
      ++reexamined_;
      return WaitingRoom::Verdict::kHandOut;
    }
    waiter.pid = chain.missing_pid;
    return WaitingRoom::Verdict::kKeep;
  };
  host.room.Wake(pid, judge, reexaminable_);
}

void Lineage::FillProcess(ProcessTable& table, const ProcessTable::Chain& chain, Event& event) {
  const ImageIndex self = chain.images.front();
  Fill(event, field::kProcessName, table.Name(self));
  Fill(event, field::kProcessExecutable, table.Executable(self));
  if (event.Wants(field::kProcessEntityId)) {
    Fill(event, field::kProcessEntityId, table.EntityId(self));
  }
}

void Lineage::FillParent(ProcessTable& table, ImageIndex self, const ProcessRecord& record,
                         Event& event) {
  const int64_t born_of = table.ParentPid(self);
  ProcessTable::Found parent;
  if (record.parent.pid == kNoPid || record.parent.pid == born_of) {
    parent = table.Parent(self);
    if (record.parent.pid == kNoPid && born_of != kNoPid) {
      event.SetInt(field::kProcessParentPid, born_of);
    }
  } else {
    parent = table.Find(record.parent.pid, record.parent.version, record.time);
  }
  if (parent.image == kNoImage || !parent.exact) return;
  Fill(event, field::kProcessParentName, table.Name(parent.image));
  Fill(event, field::kProcessParentExecutable, table.Executable(parent.image));
  if (event.Wants(field::kProcessParentEntityId)) {
    Fill(event, field::kProcessParentEntityId, table.EntityId(parent.image));
  }
  FillParentArguments(table.Text(table.image(parent.image).arguments), event);
}

// `arguments` are each ended by a NUL.
void Lineage::FillParentArguments(absl::string_view arguments, Event& event) {
  if (arguments.empty()) return;
  arguments.remove_suffix(1);
  const auto missing = [&](event::FieldId id) { return event.Wants(id) && !event.Has(id); };
  if (missing(field::kProcessParentCommandLine)) {
    char* line = event.arena().Allocate<char>(arguments.size());
    std::replace_copy(arguments.begin(), arguments.end(), line, '\0', ' ');
    event.SetString(field::kProcessParentCommandLine, {line, arguments.size()});
  }
  if (!missing(field::kProcessParentArgs)) return;
  const auto count = static_cast<size_t>(std::count(arguments.begin(), arguments.end(), '\0')) + 1;
  Value* list = event.arena().Allocate<Value>(count);
  absl::string_view rest = event.arena().Copy(arguments);
  for (size_t i = 0; i < count; ++i) {
    const size_t end = std::min(rest.find('\0'), rest.size());
    list[i] = Value::String(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  event.Set(field::kProcessParentArgs, Value::List({list, count}));
}

void Lineage::FillAncestors(const ProcessTable& table, const ProcessTable::Chain& chain,
                            Event& event) {
  const auto fill = [&](event::FieldId id, auto text_of) {
    if (!event.Wants(id)) return;
    Value* list = event.arena().Allocate<Value>(std::min(chain.images.size(), kMaxAncestors));
    size_t count = 0;
    for (size_t i = 1; i < chain.images.size() && count < kMaxAncestors; ++i) {
      const absl::string_view text = text_of(chain.images[i]);
      if (!text.empty()) list[count++] = Value::String(event.arena().Copy(text));
    }
    event.Set(id, Value::List({list, count}));
  };
  fill(field::kSequiturAncestorsName, [&](ImageIndex i) { return table.Name(i); });
  fill(field::kSequiturAncestorsExecutable, [&](ImageIndex i) { return table.Executable(i); });
}

void Lineage::FillService(const Reading& reading, Event& event) {
  event.Set(field::kSequiturLineageService, Value());
  event.Set(field::kSequiturLineageEntityId, Value());
  event.Set(field::kSequiturLineagePid, Value());
  event.Set(field::kSequiturServiceExpectedChild, Value());
  if (reading.service == Inventory::kNone) return;
  // The inventory outlives the event.
  const Value name = Value::String(inventory_.name(reading.service));
  event.Set(field::kSequiturLineageService, name);
  SetCopied(event, field::kSequiturLineageEntityId, reading.entity_id);
  if (reading.pid != kNoPid) event.Set(field::kSequiturLineagePid, Value::Int(reading.pid));
  if (reading.self_is_service && !event.Has(field::kServiceName)) {
    event.Set(field::kServiceName, name);
  }
  // What a service does itself is no declared child's doing; that it runs is
  // normal.
  const bool excused =
      reading.expected_child && (!reading.self_is_service || IsProcessEvent(event));
  event.Set(field::kSequiturServiceExpectedChild, Value::Bool(excused));
}

void Lineage::DropIdleHosts(event::TimeNs before) {
  for (auto id = by_use_.begin(); id != by_use_.end();) {
    const event::HostId host = *id++;
    if (hosts_.at(host)->table.latest() < before) ForgetHost(host);
  }
}

Lineage::Stats Lineage::stats() const {
  Stats out;
  out.unknown_parents = unknown_parents_;
  out.reexamined = reexamined_;
  out.bytes = bytes_;
  out.crowded_out = crowded_out_;
  for (const auto& [id, host] : hosts_) {
    out.images += host->table.size();
    out.evictions += host->table.stats().evictions;
    out.expired += host->table.stats().expired;
    out.waiting += host->room.size();
    out.refused += host->room.stats().refused;
    out.waited_in_vain += host->room.stats().expired;
  }
  return out;
}

}  // namespace sequitur::enrich
