// ProcessTable's images: where they stand, what they say, how they go.

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "enrich/process_table.h"

namespace sequitur::enrich {
namespace {

using event::kEndOfTime;
using event::kSecond;
using event::TimeNs;

// Events of a process may be stamped a little after its exit: log lines carry
// whole seconds.
constexpr TimeNs kExitGrace = 1 * kSecond;
// How far before its first known moment a process may have acted: what was only
// seen began some time earlier, a fork just in another clock's second.
constexpr TimeNs kSeenReach = 600 * kSecond;
constexpr TimeNs kForkReach = 2 * kSecond;
// A pidversion is met again only after a reboot.
constexpr TimeNs kVersionReach = 5 * kSecond;

int Rank(Image::Origin origin) { return origin == Image::Origin::kFork ? 0 : 1; }

bool Before(const Image& a, const Image& b) {
  if (a.begin != b.begin) return a.begin < b.begin;
  if (a.version >= 0 && b.version >= 0 && a.version != b.version) return a.version < b.version;
  return Rank(a.origin) < Rank(b.origin);
}

bool IsInit(absl::string_view name) {
  return name == "launchd" || name == "systemd" || name == "init";
}

}  // namespace

ImageIndex ProcessTable::Newest(int64_t pid) const {
  const auto found = pids_.find(pid);
  return found == pids_.end() ? kNoImage : found->second.newest;
}

ProcessTable::Found ProcessTable::Find(int64_t pid, int64_t version, TimeNs time) const {
  const ImageIndex newest = Newest(pid);
  if (newest == kNoImage) return {};
  if (version != kNoVersion) {
    for (ImageIndex i = newest; i != kNoImage; i = images_[i].older) {
      const Image& image = images_[i];
      const bool begun = image.begin <= event::AddSaturating(time, kVersionReach);
      if (image.version == version && (begun || image.origin == Image::Origin::kSeen)) {
        return {i, true};
      }
    }
  }
  const ImageIndex at = FindByTime(newest, time);
  if (at == kNoImage) return {};
  return {at, version == kNoVersion || images_[at].version == kNoVersion};
}

ImageIndex ProcessTable::FindByTime(ImageIndex newest, TimeNs time) const {
  ImageIndex oldest = newest;
  for (ImageIndex i = newest; i != kNoImage; i = images_[i].older) {
    if (images_[i].begin <= time) {
      return event::AddSaturating(images_[i].exit, kExitGrace) >= time ? i : kNoImage;
    }
    oldest = i;
  }
  const TimeNs reach = images_[oldest].fork_known ? kForkReach : kSeenReach;
  return images_[oldest].begin <= event::AddSaturating(time, reach) ? oldest : kNoImage;
}

ImageIndex ProcessTable::FindEntity(absl::string_view entity_id) const {
  const auto found = entities_.find(strings_.Find(entity_id));
  return found == entities_.end() ? kNoImage : found->second;
}

ImageIndex ProcessTable::Opener(ImageIndex self) const {
  while (!images_[self].opens_life && images_[self].older != kNoImage) self = images_[self].older;
  return self;
}

ProcessTable::Found ProcessTable::Parent(ImageIndex self) const {
  const Image& opener = images_[Opener(self)];
  if (opener.parent_pid != kNoPid && opener.parent_pid != opener.pid) {
    const Found found = Find(opener.parent_pid, opener.parent_version, opener.born);
    if (found.image != kNoImage) return found;
  }
  const auto named = entities_.find(opener.parent_entity);
  if (opener.parent_entity == StringPool::kNone || named == entities_.end()) return {};
  if (images_[named->second].pid == opener.pid) return {};
  return {named->second, true};
}

ProcessTable::Chain ProcessTable::Walk(ImageIndex self) {
  Chain chain;
  chain.images.push_back(self);
  for (ImageIndex at = self; chain.images.size() < kMaxChain;) {
    Use(at);
    const Image& image = images_[at];
    if (!image.opens_life && image.older != kNoImage) {
      at = image.older;
      const bool copy = images_[at].opens_life && images_[at].origin == Image::Origin::kFork;
      if (!copy) chain.images.push_back(at);
      continue;
    }
    const Found parent = Parent(at);
    const bool at_root = image.pid <= 1 || image.parent_pid == 0 || image.parent_pid == 1;
    if (parent.image == kNoImage) {
      chain.complete = at_root || IsInit(Name(at));
      if (!chain.complete && chain.missing_pid == kNoPid) {
        chain.missing_pid = image.parent_pid == kNoPid ? image.pid : image.parent_pid;
      }
      return chain;
    }
    if (!parent.exact && chain.missing_pid == kNoPid) chain.missing_pid = image.parent_pid;
    at = parent.image;
    chain.images.push_back(at);
    if (at_root) {
      Use(at);
      chain.complete = true;
      return chain;
    }
  }
  return chain;
}

absl::string_view ProcessTable::Name(ImageIndex index) const {
  const Image& image = images_[index];
  return image.name != StringPool::kNone ? strings_.Text(image.name)
                                         : BaseName(strings_.Text(image.executable));
}

absl::string_view ProcessTable::EntityId(ImageIndex index) {
  const Image& image = images_[index];
  if (image.entity == StringPool::kNone) {
    const bool exact = image.version != kNoVersion;
    SetEntity(index, exact ? absl::StrCat("p", image.pid, "-v", image.version)
                           : absl::StrCat("p", image.pid, "-t", image.begin));
  }
  return strings_.Text(images_[index].entity);
}

void ProcessTable::RememberLineage(ImageIndex index, int16_t service, absl::string_view entity) {
  Image& image = images_[index];
  image.lineage_service = service;
  if (strings_.Text(image.lineage_entity) != entity) SetText(image.lineage_entity, entity);
}

bool ProcessTable::SameProgram(ImageIndex index, const ProcessMention& mention) const {
  const absl::string_view theirs =
      mention.executable.empty() ? mention.name : BaseName(mention.executable);
  const Image& image = images_[index];
  const absl::string_view ours = image.executable == StringPool::kNone
                                     ? strings_.Text(image.name)
                                     : BaseName(strings_.Text(image.executable));
  return absl::EqualsIgnoreCase(ours, theirs) || absl::EqualsIgnoreCase(Name(index), theirs);
}

ImageIndex ProcessTable::SameProgramInLife(ImageIndex self, const ProcessMention& mention) const {
  for (ImageIndex i = self; i != kNoImage; i = images_[i].older) {
    if (SameProgram(i, mention)) return i;
    if (images_[i].opens_life) break;
  }
  return kNoImage;
}

ImageIndex ProcessTable::Make(const ProcessMention& mention, Image::Origin origin, TimeNs begin) {
  ImageIndex index = static_cast<ImageIndex>(images_.size());
  if (free_.empty()) {
    images_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
    images_[index] = Image();
  }
  Image& image = images_[index];
  image.pid = mention.pid;
  image.version = mention.version;
  image.origin = origin;
  image.begin = begin;
  image.last_used = latest_;
  Push(live_, index);
  Describe(index, mention);
  ++stats_.images;
  made_.push_back(mention.pid);
  return index;
}

void ProcessTable::Describe(ImageIndex index, const ProcessMention& mention) {
  Image& image = images_[index];
  if (image.version == kNoVersion) image.version = mention.version;
  SetEntity(index, mention.entity_id);
  if (image.executable == StringPool::kNone && !mention.executable.empty()) {
    SetText(image.executable, mention.executable);
    image.judged = false;
  }
  if (image.name == StringPool::kNone && !mention.name.empty() &&
      mention.name != BaseName(mention.executable)) {
    SetText(image.name, mention.name);
    image.judged = false;
  }
}

void ProcessTable::SupposeUser(ImageIndex index, absl::string_view user) {
  Image& image = images_[index];
  if (image.user != StringPool::kNone || user.empty()) return;
  SetText(image.user, user);
  image.judged = false;
}

void ProcessTable::DescribeExec(ImageIndex index, const ProcessRecord& record) {
  Image& image = images_[index];
  SetText(image.user, record.user);
  image.judged = false;
  if (options_.max_arguments == 0) return;
  scratch_.clear();
  for (const event::Value& arg : record.args) {
    if (!arg.is_string()) continue;
    absl::StrAppend(&scratch_, arg.string_value().substr(0, options_.max_arguments + 1));
    scratch_.push_back('\0');
    if (scratch_.size() > options_.max_arguments) break;
  }
  image.arguments_cut = scratch_.size() > options_.max_arguments;
  if (image.arguments_cut) scratch_.resize(options_.max_arguments);
  SetText(image.arguments, scratch_);
}

void ProcessTable::CopyProgram(ImageIndex to, ImageIndex from) {
  Image& image = images_[to];
  const Image& source = images_[from];
  SetText(image.executable, strings_.Text(source.executable));
  SetText(image.name, strings_.Text(source.name));
  SetText(image.user, strings_.Text(source.user));
}

void ProcessTable::SetText(Image::Symbol& symbol, absl::string_view text) {
  const Image::Symbol old = symbol;
  symbol = strings_.Add(text);
  strings_.Release(old);
}

void ProcessTable::SetEntity(ImageIndex index, absl::string_view entity_id) {
  Image& image = images_[index];
  if (image.entity != StringPool::kNone || entity_id.empty()) return;
  SetText(image.entity, entity_id);
  entities_[image.entity] = index;
}

void ProcessTable::Link(ImageIndex index) {
  PidImages& of_pid = pids_[images_[index].pid];
  ImageIndex newer = kNoImage;
  ImageIndex older = of_pid.newest;
  while (older != kNoImage && Before(images_[index], images_[older])) {
    newer = older;
    older = images_[older].older;
  }
  images_[index].older = older;
  images_[index].newer = newer;
  if (older != kNoImage) images_[older].newer = index;
  (newer == kNoImage ? of_pid.newest : images_[newer].older) = index;
  ++of_pid.count;
}

void ProcessTable::Unlink(ImageIndex index) {
  const Image& image = images_[index];
  const auto of_pid = pids_.find(image.pid);
  if (image.older != kNoImage) images_[image.older].newer = image.newer;
  (image.newer == kNoImage ? of_pid->second.newest : images_[image.newer].older) = image.older;
  if (--of_pid->second.count == 0) pids_.erase(of_pid);
}

void ProcessTable::Move(ImageIndex index, TimeNs begin) {
  Unlink(index);
  images_[index].begin = begin;
  Link(index);
}

void ProcessTable::Use(ImageIndex index) {
  Image& image = images_[index];
  if (image.last_used == latest_) return;
  List& list = ListOf(image);
  Take(list, index);
  image.last_used = latest_;
  Push(list, index);
}

void ProcessTable::Retire(ImageIndex index, TimeNs time) {
  Image& image = images_[index];
  if (image.exit != kEndOfTime && !image.exit_guessed) return;
  Take(ListOf(image), index);
  image.exit = std::max(time, image.begin);
  image.exit_guessed = false;
  image.last_used = latest_;
  Push(exited_, index);
}

void ProcessTable::RetireLife(ImageIndex any, TimeNs time) {
  const ImageIndex opener = Opener(any);
  const TimeNs last = event::AddSaturating(time, kExitGrace);
  for (ImageIndex i = opener; i != kNoImage; i = images_[i].newer) {
    if (i != opener && images_[i].opens_life) return;
    if (images_[i].begin > last && i != opener) {
      images_[i].opens_life = true;  // a later process, whose fork is not known
      return;
    }
    Retire(i, time);
  }
}

// Over by `time`, since another process has its pid then; but a record that
// comes late may prove that they are one.
void ProcessTable::SupposeLifeOver(ImageIndex any, TimeNs time) {
  const ImageIndex opener = Opener(any);
  for (ImageIndex i = opener; i != kNoImage; i = images_[i].newer) {
    if (i != opener && images_[i].opens_life) return;
    if (images_[i].exit != kEndOfTime) continue;
    Retire(i, time);
    images_[i].exit_guessed = true;
  }
}

void ProcessTable::ReviveLife(ImageIndex any) {
  const ImageIndex opener = Opener(any);
  for (ImageIndex i = opener; i != kNoImage; i = images_[i].newer) {
    if (i != opener && images_[i].opens_life) return;
    if (!images_[i].exit_guessed) continue;
    Take(exited_, i);
    images_[i].exit = kEndOfTime;
    images_[i].exit_guessed = false;
    Push(live_, i);
  }
}

void ProcessTable::Push(List& list, ImageIndex index) {
  images_[index].before = list.last;
  images_[index].after = kNoImage;
  (list.last == kNoImage ? list.first : images_[list.last].after) = index;
  list.last = index;
  ++list.size;
}

void ProcessTable::Take(List& list, ImageIndex index) {
  const Image& image = images_[index];
  (image.before == kNoImage ? list.first : images_[image.before].after) = image.after;
  (image.after == kNoImage ? list.last : images_[image.after].before) = image.before;
  --list.size;
}

void ProcessTable::Remove(ImageIndex index) {
  Image& image = images_[index];
  if (image.opens_life && image.newer != kNoImage && !images_[image.newer].opens_life) {
    Image& heir = images_[image.newer];
    heir.opens_life = true;
    heir.fork_known = image.fork_known;
    heir.start = image.start;
    heir.born = image.born;
    heir.parent_pid = image.parent_pid;
    heir.parent_version = image.parent_version;
    SetText(heir.parent_entity, strings_.Text(image.parent_entity));
  }
  Unlink(index);
  Take(ListOf(image), index);
  const auto named = entities_.find(image.entity);
  if (named != entities_.end() && named->second == index) entities_.erase(named);
  for (const Image::Symbol symbol : {image.executable, image.name, image.arguments, image.entity,
                                     image.user, image.parent_entity, image.lineage_entity}) {
    strings_.Release(symbol);
  }
  free_.push_back(index);
}

void ProcessTable::MakeRoomFor(int64_t pid) {
  const auto of_pid = pids_.find(pid);
  if (of_pid == pids_.end() || of_pid->second.count + 2 <= kMaxPerPid) return;
  ImageIndex oldest = of_pid->second.newest;
  while (images_[oldest].older != kNoImage) oldest = images_[oldest].older;
  ++stats_.evictions;
  Remove(oldest);
}

// For the three images a record can make: a process, its parent, its previous.
void ProcessTable::MakeRoom() {
  while (exited_.size > 0 &&
         event::AddSaturating(images_[exited_.first].last_used, options_.linger) < latest_) {
    ++stats_.expired;
    Remove(exited_.first);
  }
  while (size() > 0 && (size() + 3 > options_.max_images || bytes() > options_.max_bytes)) {
    ++stats_.evictions;
    Remove(exited_.size > 0 ? exited_.first : live_.first);
  }
}

}  // namespace sequitur::enrich
