#include "enrich/process_table.h"

#include <algorithm>
#include <deque>
#include <map>
#include <random>

#include "absl/strings/str_cat.h"
#include "enrich/event_builder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::enrich {
namespace {

using Kind = ProcessRecord::Kind;

// The slow obvious model: every image of every process, linked as it happened.
struct ModelImage {
  int64_t pid;
  int64_t version;
  std::string program;
  const ModelImage* from;  // previous image of the pid, or the forker's
  bool fork_copy;
};

// A record that owns its strings.
struct Story {
  Kind kind;
  double at;
  int64_t pid, version, parent, parent_version;
  std::string program;
  const ModelImage* image;
};

ProcessRecord ToRecord(const Story& story, bool versions) {
  ProcessRecord record;
  record.kind = story.kind;
  record.time = At(story.at);
  record.self.pid = story.pid;
  record.self.version = versions ? story.version : kNoVersion;
  record.self.executable = story.program;
  record.parent.pid = story.parent;
  record.parent.version = versions ? story.parent_version : kNoVersion;
  return record;
}

// Random forks, execs and exits over few pids, so that each is used many times.
class Model {
 public:
  explicit Model(uint64_t seed) : random_(seed) {
    images_.push_back({1, 1, "/sbin/launchd", nullptr, false});
    live_[1] = &images_.back();
  }

  std::vector<Story> Run(int steps) {
    std::vector<Story> out;
    for (int i = 0; i < steps; ++i) {
      time_ += 0.001 * static_cast<double>(1 + random_() % 5000);
      const uint64_t what = random_() % 10;
      if (what < 4) {
        Fork(out);
      } else if (what < 7) {
        Exec(out);
      } else {
        Exit(out);
      }
    }
    return out;
  }

  // Names as ProcessTable::Walk gives them.
  static std::string Chain(const ModelImage* image) {
    std::string out = image->program;
    size_t count = 1;
    for (const ModelImage* at = image->from; at != nullptr && count < ProcessTable::kMaxChain;
         at = at->from) {
      if (at->fork_copy && IsPreviousOf(at, image)) continue;
      absl::StrAppend(&out, " ", at->program);
      ++count;
    }
    return out;
  }

 private:
  // True when `at` is met on the way as an earlier image of the same process,
  // not as the parent of another one.
  static bool IsPreviousOf(const ModelImage* at, const ModelImage* from) {
    const ModelImage* child = from;
    while (child->from != at) child = child->from;
    return child->pid == at->pid && !child->fork_copy;
  }

  ModelImage* Pick() {
    auto it = live_.begin();
    std::advance(it, static_cast<long>(random_() % live_.size()));
    return it->second;
  }
  ModelImage* PickChild() {
    ModelImage* image = Pick();
    return image->pid == 1 ? nullptr : image;
  }
  void Fork(std::vector<Story>& out) {
    const ModelImage* parent = Pick();
    const int64_t pid = 2 + static_cast<int64_t>(random_() % 20);
    if (live_.contains(pid)) return;
    images_.push_back({pid, ++version_, parent->program, parent, true});
    live_[pid] = &images_.back();
    parents_[pid] = {parent->pid, parent->version};
    out.push_back({Kind::kFork, time_, pid, version_, parent->pid, parent->version, parent->program,
                   live_[pid]});
  }
  void Exec(std::vector<Story>& out) {
    const ModelImage* before = PickChild();
    if (before == nullptr) return;
    const std::string program = absl::StrCat("/bin/p", ++programs_);
    images_.push_back({before->pid, ++version_, program, before, false});
    live_[before->pid] = &images_.back();
    const auto [parent, parent_version] = parents_[before->pid];
    out.push_back({Kind::kExec, time_, before->pid, version_, parent, parent_version, program,
                   &images_.back()});
  }
  void Exit(std::vector<Story>& out) {
    const ModelImage* image = PickChild();
    if (image == nullptr) return;
    const auto [parent, parent_version] = parents_[image->pid];
    out.push_back({Kind::kExit, time_, image->pid, image->version, parent, parent_version,
                   image->program, image});
    live_.erase(image->pid);
  }

  std::mt19937_64 random_;
  std::deque<ModelImage> images_;
  std::map<int64_t, ModelImage*> live_;
  std::map<int64_t, std::pair<int64_t, int64_t>> parents_;
  double time_ = 0;
  int64_t version_ = 1;
  int programs_ = 0;
};

std::string ChainOf(ProcessTable& table, ImageIndex image) {
  std::string out;
  for (const ImageIndex i : table.Walk(image).images) {
    absl::StrAppend(&out, out.empty() ? "" : " ", table.Executable(i));
  }
  return out;
}

Story LaunchdStarts() { return {Kind::kExec, 0, 1, 1, 0, 0, "/sbin/launchd", nullptr}; }

ProcessTableOptions Roomy() {
  ProcessTableOptions options;
  options.linger = 1'000'000 * event::kSecond;
  return options;
}

void CheckAll(ProcessTable& table, const std::vector<Story>& stories, bool versions,
              absl::string_view label) {
  for (const Story& story : stories) {
    if (story.kind == Kind::kExit) continue;
    const auto found = table.Find(story.pid, versions ? story.version : kNoVersion, At(story.at));
    ASSERT_NE(found.image, kNoImage) << label;
    ASSERT_EQ(ChainOf(table, found.image), Model::Chain(story.image)) << label;
  }
}

class ProcessTableModel : public ::testing::TestWithParam<bool> {};

TEST_P(ProcessTableModel, AgreesInOrder) {
  const bool versions = GetParam();
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Model model(seed);
    const std::vector<Story> stories = model.Run(300);
    ProcessTable table(Roomy());
    table.Learn(ToRecord(LaunchdStarts(), versions));
    for (const Story& story : stories) {
      const ImageIndex self = table.Learn(ToRecord(story, versions));
      ASSERT_EQ(ChainOf(table, self), Model::Chain(story.image)) << "seed " << seed;
    }
    CheckAll(table, stories, versions, absl::StrCat("seed ", seed));
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, ProcessTableModel, ::testing::Bool());

TEST(ProcessTable, AgreesWithTheModelWhateverTheOrderWhenVersionsAreKnown) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    Model model(seed);
    const std::vector<Story> stories = model.Run(200);
    std::vector<Story> shuffled = stories;
    std::mt19937_64 random(seed);
    // Each record up to 30 places from where it belongs.
    for (size_t i = 0; i + 1 < shuffled.size(); ++i) {
      std::swap(shuffled[i], shuffled[std::min(shuffled.size() - 1, i + random() % 30)]);
    }
    ProcessTable table(Roomy());
    table.Learn(ToRecord(LaunchdStarts(), true));
    for (const Story& story : shuffled) table.Learn(ToRecord(story, true));
    CheckAll(table, stories, true, absl::StrCat("seed ", seed));
    if (HasFatalFailure()) return;
  }
}

TEST(ProcessTable, TheSameRecordTwiceIsOneImage) {
  Model model(7);
  const std::vector<Story> stories = model.Run(200);
  ProcessTable once(Roomy()), twice(Roomy());
  for (const Story& story : stories) {
    once.Learn(ToRecord(story, true));
    twice.Learn(ToRecord(story, true));
    twice.Learn(ToRecord(story, true));
  }
  EXPECT_EQ(once.size(), twice.size());
}

TEST(ProcessTable, AFloodStaysWithinTheBoundsAndKeepsTheAncestorsInUse) {
  ProcessTableOptions options;
  options.max_images = 1000;
  ProcessTable table(options);
  table.Learn(ToRecord({Kind::kExec, 0, 100, 10, 1, 1, "/usr/sbin/nginx", nullptr}, true));
  for (int i = 0; i < 20000; ++i) {
    const int64_t pid = 1000 + i;
    const double at = 1 + i * 0.001;
    const ImageIndex self = table.Learn(
        ToRecord({Kind::kFork, at, pid, pid, 100, 10, "/usr/sbin/nginx", nullptr}, true));
    ASSERT_EQ(table.Walk(self).images.size(), 2u) << i;
    ASSERT_LE(table.size(), options.max_images);
  }
  EXPECT_GT(table.stats().evictions, 0u);
}

TEST(ProcessTable, LongArgumentsAreCutAndBytesBounded) {
  ProcessTableOptions options;
  options.max_bytes = 1 << 20;
  ProcessTable table(options);
  event::Event event(AllFields());
  for (int i = 0; i < 2000; ++i) {
    EventBuilder(event, "process", "exec", i * 0.001)
        .Pid(1000 + i)
        .Parent(1)
        .Program(absl::StrCat("/bin/x", i))
        .Args({absl::StrCat("x", i), std::string(100'000, 'a')});
    const ImageIndex self = table.Learn(ReadProcess(event));
    EXPECT_TRUE(table.image(self).arguments_cut);
    ASSERT_LE(table.bytes(), options.max_bytes + 8192);
  }
  EXPECT_GT(table.stats().evictions, 0u);
}

TEST(ProcessTable, OnePidThatExecutesForEverKeepsItsParent) {
  ProcessTable table(Roomy());
  table.Learn(ToRecord({Kind::kExec, 0, 100, 1, 1, 1, "/usr/sbin/nginx", nullptr}, true));
  table.Learn(ToRecord({Kind::kFork, 1, 200, 2, 100, 1, "/usr/sbin/nginx", nullptr}, true));
  ImageIndex self = kNoImage;
  for (int i = 0; i < 1000; ++i) {
    self =
        table.Learn(ToRecord({Kind::kExec, 2.0 + i, 200, 3 + i, 100, 1, "/bin/sh", nullptr}, true));
  }
  EXPECT_LE(table.size(), ProcessTable::kMaxPerPid + 2);
  EXPECT_EQ(table.ParentPid(self), 100);
}

TEST(ProcessTable, ExitedProcessesGoAfterAWhileWithoutUse) {
  ProcessTableOptions options;
  options.linger = 10 * event::kSecond;
  ProcessTable table(options);
  table.Learn(ToRecord({Kind::kExec, 0, 200, 2, 1, 1, "/bin/sh", nullptr}, true));
  table.Learn(ToRecord({Kind::kExit, 1, 200, 2, 1, 1, "/bin/sh", nullptr}, true));
  table.Learn(ToRecord({Kind::kExec, 9, 300, 3, 1, 1, "/bin/ls", nullptr}, true));
  EXPECT_EQ(table.size(), 2u);
  table.Learn(ToRecord({Kind::kExec, 20, 301, 4, 1, 1, "/bin/ls", nullptr}, true));
  EXPECT_EQ(table.size(), 2u);
  EXPECT_EQ(table.stats().expired, 1u);
}

TEST(StringPool, KeepsAStringAsLongAsItHasOwners) {
  StringPool pool;
  const auto a = pool.Add("/bin/sh");
  EXPECT_EQ(pool.Add("/bin/sh"), a);
  pool.Release(a);
  EXPECT_EQ(pool.Text(a), "/bin/sh");
  pool.Release(a);
  EXPECT_EQ(pool.Find("/bin/sh"), StringPool::kNone);
  EXPECT_EQ(pool.bytes(), 0u);
  EXPECT_EQ(pool.Add(""), StringPool::kNone);
}

}  // namespace
}  // namespace sequitur::enrich
