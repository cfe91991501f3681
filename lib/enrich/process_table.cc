// How records become images. Each record may come at any time: before its
// process's fork, after its exit, twice. So every step first looks whether the
// image is known already, then puts it where its time says, then settles to
// which life of the pid it belongs.

#include "enrich/process_table.h"

#include <cstdlib>

namespace sequitur::enrich {
namespace {

using event::kSecond;
using event::TimeNs;

// Two sensors, or one that prints whole seconds, tell one fact's time this
// differently.
constexpr TimeNs kSameFact = 5 * kSecond;
constexpr TimeNs kSameStart = 2 * kSecond;
constexpr TimeNs kExitGrace = 1 * kSecond;

bool Near(TimeNs a, TimeNs b, TimeNs tolerance) {
  return a <= event::AddSaturating(b, tolerance) && b <= event::AddSaturating(a, tolerance);
}

bool StartsDiffer(TimeNs a, TimeNs b) {
  return a != event::kNoTime && b != event::kNoTime && !Near(a, b, kSameStart);
}

}  // namespace

ImageIndex ProcessTable::Learn(const ProcessRecord& record) {
  for (const int64_t pid : made_) MakeRoomFor(pid);
  made_.clear();
  if (record.self.pid < 0) return kNoImage;
  latest_ = std::max(latest_, record.time);
  MakeRoom();
  ObserveBoot(record);
  if (record.kind == ProcessRecord::Kind::kFork) return LearnFork(record);
  if (record.kind == ProcessRecord::Kind::kExec) return LearnExec(record);
  LearnParent(record);
  const ImageIndex self = LearnMention(record);
  if (self != kNoImage && record.kind == ProcessRecord::Kind::kExit) LearnExit(self, record.time);
  return self;
}

ImageIndex ProcessTable::LearnFork(const ProcessRecord& record) {
  LearnParent(record);
  ImageIndex self = FindSame(record, Image::Origin::kFork);
  if (self == kNoImage) {
    self = Make(record.self, Image::Origin::kFork, record.time);
    Link(self);
  } else {
    images_[self].origin = Image::Origin::kFork;
    Move(self, record.time);
    Describe(self, record.self);
  }
  OpenLife(self, record);
  if (const ImageIndex older = images_[self].older; older != kNoImage) {
    RetireLife(older, record.time);
  }
  const Found parent = Parent(self);
  if (!record.self.named() && parent.image != kNoImage) CopyProgram(self, parent.image);
  AdoptNewer(self);
  return self;
}

ImageIndex ProcessTable::LearnExec(const ProcessRecord& record) {
  LearnParent(record);
  ImageIndex self = FindSame(record, Image::Origin::kExec);
  if (self == kNoImage) {
    self = Make(record.self, Image::Origin::kExec, record.time);
    Link(self);
  } else {
    images_[self].origin = Image::Origin::kExec;
    Move(self, record.time);
    Describe(self, record.self);
  }
  DescribeExec(self, record);
  Settle(self, record);
  LearnPrevious(record, self);
  return self;
}

ImageIndex ProcessTable::LearnMention(const ProcessRecord& record) {
  const ProcessMention& mention = record.self;
  const Found found = Find(mention.pid, mention.version, record.time);
  if (found.image != kNoImage && found.exact) {
    const bool same_version =
        mention.version != kNoVersion && images_[found.image].version == mention.version;
    const bool same = same_version || !mention.named() || Name(found.image).empty();
    const ImageIndex self = same ? found.image : SameProgramInLife(found.image, mention);
    if (self != kNoImage) {
      Describe(self, mention);
      SupposeUser(self, record.user);
      return self;
    }
  }
  // An image that nobody reported: an exec was missed, or all before today.
  if (!mention.named()) return found.image;
  const ImageIndex self = Make(mention, Image::Origin::kSeen, record.time);
  Link(self);
  SupposeUser(self, record.user);
  Settle(self, record);
  return self;
}

void ProcessTable::LearnExit(ImageIndex self, TimeNs time) {
  RetireLife(self, std::max(time, images_[self].begin));
}

// The parent as the record names it, when it is not known by itself. What runs
// since before today is known from its children only, and by their user.
void ProcessTable::LearnParent(const ProcessRecord& record) {
  const ProcessMention& parent = record.parent;
  if (parent.pid <= 1 || parent.pid == record.self.pid || !parent.named()) return;
  const bool forked = record.kind == ProcessRecord::Kind::kFork;
  const TimeNs time = !forked && record.start != event::kNoTime ? record.start : record.time;
  const Found found = Find(parent.pid, parent.version, time);
  if (found.image != kNoImage && (found.exact || parent.version == kNoVersion)) {
    if (images_[found.image].origin == Image::Origin::kSeen) {
      SupposeUser(found.image, record.user);
    }
    return;
  }
  ProcessMention named = parent;
  // Elastic gives an exec's parent the entity id of the image before the exec,
  // which is the process's own.
  if (!forked && parent.version == kNoVersion) named.entity_id = {};
  const ImageIndex image = Make(named, Image::Origin::kSeen, time);
  Link(image);
  images_[image].opens_life = found.image == kNoImage;
  images_[image].born = time;
  SupposeUser(image, record.user);
}

// The image before an exec, when it is not known by itself.
void ProcessTable::LearnPrevious(const ProcessRecord& record, ImageIndex self) {
  const ProcessMention& previous = record.previous;
  if (!previous.named()) return;
  if (!images_[self].opens_life) {
    const ImageIndex older = images_[self].older;
    const bool versions = previous.version != kNoVersion && images_[older].version != kNoVersion;
    if (versions ? images_[older].version == previous.version : SameProgram(older, previous)) {
      return;
    }
  }
  if (previous.version != kNoVersion && Find(previous.pid, previous.version, record.time).exact) {
    return;
  }
  const ImageIndex image = Make(previous, Image::Origin::kSeen, record.time - 1);
  Link(image);
  if (!images_[self].opens_life || images_[self].older != image) return;
  OpenLife(image, record);
  images_[self].opens_life = false;
  // What looks like the parent is the copy a fork made of it.
  const Found parent = Parent(image);
  if (parent.image != kNoImage && SameProgram(parent.image, previous)) {
    images_[image].origin = Image::Origin::kFork;
  }
}

// After a reboot pids and pidversions begin anew: what ran is over.
void ProcessTable::ObserveBoot(const ProcessRecord& record) {
  if (record.boot_id.empty() || record.boot_id == strings_.Text(boot_)) return;
  const Image::Symbol boot = strings_.Find(record.boot_id);
  if (boot != StringPool::kNone && boot == last_boot_) return;
  if (boot_ != StringPool::kNone) {
    ++stats_.boots;
    for (ImageIndex i = live_.first; i != kNoImage;) {
      const ImageIndex next = images_[i].after;
      if (images_[i].begin < record.time) Retire(i, record.time - 1 - kExitGrace);
      i = next;
    }
  }
  strings_.Release(last_boot_);
  last_boot_ = boot_;
  boot_ = strings_.Add(record.boot_id);
}

ImageIndex ProcessTable::FindSame(const ProcessRecord& record, Image::Origin origin) const {
  if (record.self.version != kNoVersion) {
    const ImageIndex same = FindSameVersion(record);
    if (same != kNoImage) return same;
  }
  for (ImageIndex i = Newest(record.self.pid); i != kNoImage; i = images_[i].older) {
    const Image& image = images_[i];
    const bool comparable = image.version == kNoVersion || record.self.version == kNoVersion;
    if (comparable && image.origin == origin && image.begin == record.time &&
        (!record.self.named() || SameProgram(i, record.self))) {
      return i;
    }
  }
  return origin == Image::Origin::kExec ? FindSeenLater(record) : kNoImage;
}

ImageIndex ProcessTable::FindSameVersion(const ProcessRecord& record) const {
  for (ImageIndex i = Newest(record.self.pid); i != kNoImage; i = images_[i].older) {
    const Image& image = images_[i];
    if (image.version != record.self.version) continue;
    const bool seen_later = image.origin == Image::Origin::kSeen &&
                            image.begin >= record.time - kSameFact &&
                            !StartsDiffer(image.start, record.start);
    if (seen_later || Near(image.begin, record.time, kSameFact)) return i;
  }
  return kNoImage;
}

// The program seen at work before the record of its exec came.
ImageIndex ProcessTable::FindSeenLater(const ProcessRecord& record) const {
  ImageIndex next = kNoImage;
  for (ImageIndex i = Newest(record.self.pid); i != kNoImage; i = images_[i].older) {
    if (images_[i].begin < record.time) break;
    next = i;
  }
  if (next == kNoImage || images_[next].origin != Image::Origin::kSeen) return kNoImage;
  const bool comparable = images_[next].version == kNoVersion || record.self.version == kNoVersion;
  return comparable && SameProgram(next, record.self) ? next : kNoImage;
}

void ProcessTable::Settle(ImageIndex self, const ProcessRecord& record) {
  const ImageIndex older = images_[self].older;
  if (older == kNoImage || !ContinuesLife(older, record)) {
    OpenLife(self, record);
    if (older != kNoImage) SupposeLifeOver(older, record.time - 1 - kExitGrace);
  } else {
    images_[self].opens_life = false;
    Image& opener = images_[Opener(self)];
    if (opener.parent_pid == kNoPid) {
      opener.parent_pid = record.parent.pid;
      opener.parent_version = record.parent.version;
    }
    if (opener.start == event::kNoTime) opener.start = record.start;
    if (images_[older].exit != event::kEndOfTime) Retire(self, images_[older].exit);
  }
  AdoptNewer(self);
}

void ProcessTable::OpenLife(ImageIndex self, const ProcessRecord& record) {
  Image& image = images_[self];
  const bool forked = record.kind == ProcessRecord::Kind::kFork;
  image.opens_life = true;
  image.fork_known = forked;
  image.start = record.start;
  image.born = !forked && record.start != event::kNoTime ? record.start : record.time;
  image.parent_pid = record.parent.pid;
  image.parent_version = record.parent.version;
  if (forked || record.parent.version != kNoVersion) {
    SetText(image.parent_entity, record.parent.entity_id);
    return;
  }
  // The nearest ancestor by id that is known and another process.
  for (const event::Value& id : record.ancestry) {
    const ImageIndex ancestor = id.is_string() ? FindEntity(id.string_value()) : kNoImage;
    if (ancestor == kNoImage || images_[ancestor].pid == image.pid) continue;
    SetText(image.parent_entity, id.string_value());
    return;
  }
}

// What stood as the beginning of a life for want of anything earlier: one life
// after the other, until one is another process for sure.
void ProcessTable::AdoptNewer(ImageIndex self) {
  const ImageIndex opener = Opener(self);
  for (ImageIndex i = self; images_[i].newer != kNoImage; i = images_[i].newer) {
    const ImageIndex newer = images_[i].newer;
    Image& orphan = images_[newer];
    if (!orphan.opens_life) continue;
    const bool over = images_[i].exit < orphan.begin && !images_[i].exit_guessed;
    if (orphan.fork_known || over) return;
    if (StartsDiffer(images_[opener].start, orphan.start)) return;
    const int64_t claimed = orphan.parent_pid;
    const bool parents_differ =
        images_[opener].parent_pid > 1 && claimed > 1 && images_[opener].parent_pid != claimed;
    if (parents_differ && !(images_[opener].fork_known && MayDescendFrom(opener, claimed))) return;
    const bool exited = orphan.exit != event::kEndOfTime && !orphan.exit_guessed;
    const TimeNs exit = orphan.exit;
    orphan.opens_life = false;
    ReviveLife(self);
    if (exited) RetireLife(self, exit);
  }
}

bool ProcessTable::ContinuesLife(ImageIndex older, const ProcessRecord& record) const {
  const Image& last = images_[older];
  const Image& opener = images_[Opener(older)];
  if (event::AddSaturating(last.exit, kExitGrace) < record.time) return false;
  if (StartsDiffer(opener.start, record.start)) return false;
  if (last.version != kNoVersion && last.version == record.previous.version) return true;
  const bool parents_differ =
      opener.parent_pid > 1 && record.parent.pid > 1 && opener.parent_pid != record.parent.pid;
  // An orphan is given to an ancestor of its own (a subreaper); a parent that
  // is none means another process under the same pid.
  return !parents_differ || MayDescendFrom(older, record.parent.pid);
}

bool ProcessTable::MayDescendFrom(ImageIndex self, int64_t pid) const {
  for (size_t step = 0; step < kMaxChain; ++step) {
    const Image& opener = images_[Opener(self)];
    if (opener.parent_pid == pid) return true;
    if (opener.parent_pid == 0 || opener.parent_pid == 1) return false;
    const Found parent = Parent(self);
    if (parent.image == kNoImage) return true;  // cannot tell
    self = parent.image;
  }
  return true;
}

}  // namespace sequitur::enrich
