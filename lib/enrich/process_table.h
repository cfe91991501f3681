#pragma once

// ProcessTable: the processes of one host as images. An image is one program
// execution, or the copy of one that a fork made; exec keeps the pid and makes
// a new image. The images of a pid stand in order of time and fall into lives,
// from fork to exit.
//
// Links between images are not stored but looked up by (pid, pidversion, time)
// each time, so that records may arrive in any order: a fork that comes late is
// put where it belongs and the next question finds it. Where there is no
// pidversion, time and exits tell a reused pid from the old one.
//
// Bounds:   Options::max_images and max_bytes; exited images go first, then
//           those longest without use. Exited ones also go `linger` after the
//           last question about them. kMaxPerPid images of one pid: the oldest
//           goes and leaves its parent to the next.
// Threads:  none; one per host and worker.
// Lifetime: an ImageIndex is good until the next Learn().

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "enrich/process_record.h"
#include "enrich/string_pool.h"
#include "event/time.h"

namespace sequitur::enrich {

using ImageIndex = uint32_t;
inline constexpr ImageIndex kNoImage = UINT32_MAX;

struct ProcessTableOptions {
  size_t max_images = 65536;
  size_t max_bytes = size_t{48} << 20;
  event::TimeNs linger = 1800 * event::kSecond;
  // Arguments are kept, up to this much of each image's; 0 = not at all.
  size_t max_arguments = 2 << 10;
};

struct Image {
  enum class Origin : uint8_t {
    kFork,
    kExec,
    kSeen,  // known from a mention only; `begin` is then an upper bound
  };
  using Symbol = StringPool::Symbol;

  int64_t pid = kNoPid;
  int64_t version = kNoVersion;
  event::TimeNs begin = event::kNoTime;
  event::TimeNs exit = event::kEndOfTime;
  event::TimeNs last_used = event::kNoTime;

  // Of the life; meaningful where opens_life.
  event::TimeNs start = event::kNoTime;
  event::TimeNs born = event::kNoTime;  // when parent_pid was the parent
  int64_t parent_pid = kNoPid;
  int64_t parent_version = kNoVersion;
  Symbol parent_entity = StringPool::kNone;

  Symbol executable = StringPool::kNone;
  Symbol name = StringPool::kNone;
  Symbol arguments = StringPool::kNone;  // each ended by a NUL
  Symbol entity = StringPool::kNone;
  Symbol user = StringPool::kNone;

  Origin origin = Origin::kSeen;
  bool opens_life = false;
  bool fork_known = false;  // the life's fork was seen: its parent is the truth
  bool arguments_cut = false;
  bool exit_guessed = false;  // from another process under its pid

  // What the inventory says of the image; filled by Lineage.
  bool judged = false;
  bool runtime_runs_service = false;
  int16_t service = -1;
  int16_t runtime = -1;
  uint64_t declared_by = 0;  // bit per service that declares it as a child
  // The last answer, for when the ancestors it came from are gone.
  int16_t lineage_service = -1;
  Symbol lineage_entity = StringPool::kNone;

  ImageIndex older = kNoImage;  // of the same pid
  ImageIndex newer = kNoImage;
  ImageIndex before = kNoImage;  // in order of use
  ImageIndex after = kNoImage;
};

class ProcessTable {
 public:
  static constexpr size_t kMaxPerPid = 64;
  static constexpr size_t kMaxChain = 32;

  struct Stats {
    uint64_t images = 0;  // ever made
    uint64_t evictions = 0;
    uint64_t expired = 0;
    uint64_t boots = 0;
  };

  // An image and those it came from, nearest first: previous images of the same
  // pid, then the parent's. A fork's copy that went on to exec is left out; it
  // was never a program of its own.
  struct Chain {
    absl::InlinedVector<ImageIndex, kMaxChain> images;
    bool complete = false;         // reached the first process
    int64_t missing_pid = kNoPid;  // a record of this pid may tell more
  };

  explicit ProcessTable(const ProcessTableOptions& options) : options_(options) {}

  // Takes a record in; the image of its process, or kNoImage when the record
  // does not say enough to make one.
  ImageIndex Learn(const ProcessRecord& record);
  // Whether the latest Learn() made an image of this pid.
  bool Made(int64_t pid) const { return std::find(made_.begin(), made_.end(), pid) != made_.end(); }

  struct Found {
    ImageIndex image = kNoImage;
    bool exact = false;  // else the process, but maybe not the image
  };
  Found Find(int64_t pid, int64_t version, event::TimeNs time) const;
  ImageIndex FindEntity(absl::string_view entity_id) const;

  Chain Walk(ImageIndex self);
  // The process that forked the image's.
  Found Parent(ImageIndex self) const;
  int64_t ParentPid(ImageIndex self) const { return images_[Opener(self)].parent_pid; }

  Image& image(ImageIndex index) { return images_[index]; }
  const Image& image(ImageIndex index) const { return images_[index]; }
  absl::string_view Executable(ImageIndex index) const {
    return strings_.Text(images_[index].executable);
  }
  // The name given, else the executable's last part.
  absl::string_view Name(ImageIndex index) const;
  absl::string_view Text(Image::Symbol symbol) const { return strings_.Text(symbol); }
  // The id the sensor gave, else one made of pid and pidversion or begin, which
  // from then on is the image's.
  absl::string_view EntityId(ImageIndex index);
  void RememberLineage(ImageIndex index, int16_t service, absl::string_view entity);

  size_t size() const { return live_.size + exited_.size; }
  size_t bytes() const { return size() * sizeof(Image) + strings_.bytes(); }
  const Stats& stats() const { return stats_; }
  event::TimeNs latest() const { return latest_; }

 private:
  struct List {
    ImageIndex first = kNoImage;
    ImageIndex last = kNoImage;
    size_t size = 0;
  };
  struct PidImages {
    ImageIndex newest = kNoImage;
    uint32_t count = 0;
  };

  // Records, in: process_table.cc.
  ImageIndex LearnFork(const ProcessRecord& record);
  ImageIndex LearnExec(const ProcessRecord& record);
  ImageIndex LearnMention(const ProcessRecord& record);
  void LearnExit(ImageIndex self, event::TimeNs time);
  void LearnParent(const ProcessRecord& record);
  void LearnPrevious(const ProcessRecord& record, ImageIndex self);
  void ObserveBoot(const ProcessRecord& record);
  ImageIndex FindSame(const ProcessRecord& record, Image::Origin origin) const;
  ImageIndex FindSameVersion(const ProcessRecord& record) const;
  ImageIndex FindSeenLater(const ProcessRecord& record) const;
  void Settle(ImageIndex self, const ProcessRecord& record);
  void OpenLife(ImageIndex self, const ProcessRecord& record);
  void AdoptNewer(ImageIndex self);
  bool ContinuesLife(ImageIndex older, const ProcessRecord& record) const;
  bool MayDescendFrom(ImageIndex self, int64_t pid) const;

  // Questions, and the images themselves: process_images.cc.
  ImageIndex FindByTime(ImageIndex newest, event::TimeNs time) const;
  ImageIndex Newest(int64_t pid) const;
  ImageIndex Opener(ImageIndex self) const;
  bool SameProgram(ImageIndex index, const ProcessMention& mention) const;
  ImageIndex SameProgramInLife(ImageIndex self, const ProcessMention& mention) const;
  ImageIndex Make(const ProcessMention& mention, Image::Origin origin, event::TimeNs begin);
  void Describe(ImageIndex index, const ProcessMention& mention);
  void SupposeUser(ImageIndex index, absl::string_view user);
  void DescribeExec(ImageIndex index, const ProcessRecord& record);
  void CopyProgram(ImageIndex to, ImageIndex from);
  void SetText(Image::Symbol& symbol, absl::string_view text);
  void SetEntity(ImageIndex index, absl::string_view entity_id);
  void Link(ImageIndex index);
  void Unlink(ImageIndex index);
  void Move(ImageIndex index, event::TimeNs begin);
  void Use(ImageIndex index);
  void Retire(ImageIndex index, event::TimeNs time);
  void RetireLife(ImageIndex any, event::TimeNs time);
  void SupposeLifeOver(ImageIndex any, event::TimeNs time);
  void ReviveLife(ImageIndex any);
  void Push(List& list, ImageIndex index);
  void Take(List& list, ImageIndex index);
  List& ListOf(const Image& image) { return image.exit == event::kEndOfTime ? live_ : exited_; }
  void Remove(ImageIndex index);
  void MakeRoom();
  void MakeRoomFor(int64_t pid);

  ProcessTableOptions options_;
  StringPool strings_;
  std::vector<Image> images_;
  std::vector<ImageIndex> free_;
  absl::flat_hash_map<int64_t, PidImages> pids_;
  absl::flat_hash_map<Image::Symbol, ImageIndex> entities_;
  List live_;
  List exited_;
  event::TimeNs latest_ = event::kNoTime;
  Image::Symbol boot_ = StringPool::kNone;
  Image::Symbol last_boot_ = StringPool::kNone;
  Stats stats_;
  absl::InlinedVector<int64_t, 4> made_;  // pids, by the latest Learn()
  std::string scratch_;                   // arguments being joined
};

}  // namespace sequitur::enrich
