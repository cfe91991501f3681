#include "enrich/lineage.h"

#include <algorithm>
#include <functional>
#include <memory>

#include "absl/strings/str_cat.h"
#include "enrich/event_builder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::enrich {
namespace {

namespace field = event::field;
using event::Event;
using ::testing::IsEmpty;

constexpr char kSite[] = R"(
web_users: [_www, "70"]
shared_temp: [/tmp]
services:
  - name: nginx
    processes: [nginx]
  - name: php-fpm
    processes: [php-fpm]
    web_roots: [/var/www]
    expected_children:
      - {program: /bin/sh, arguments: ["-c", "/usr/bin/convert -resize * /srv/in/* /srv/out/*"]}
      - {program: /bin/bash, arguments: ["-c", "/usr/bin/convert -resize * /srv/in/* /srv/out/*"]}
      - {program: convert, arguments: ["-resize", "*", "/srv/in/*", "/srv/out/*"]}
  - name: node
    runtimes: [node]
  - name: python
    processes: [gunicorn]
    runtimes: [python]
)";

class LineageTest : public ::testing::Test {
 protected:
  LineageTest() : event_(AllFields()), inventory_(Spec()), lineage_(NewLineage()) {}

  static InventorySpec Spec() {
    Diagnostics diagnostics;
    auto spec = ParseInventory(kSite, "services.yaml", diagnostics);
    EXPECT_THAT(diagnostics, IsEmpty());
    return spec.value_or(InventorySpec());
  }
  std::unique_ptr<Lineage> NewLineage() const {
    LineageOptions options;
    options.patience = 60 * event::kSecond;
    return std::make_unique<Lineage>(inventory_, options);
  }

  EventBuilder New(absl::string_view category, absl::string_view action, double seconds) {
    return EventBuilder(event_, category, action, seconds);
  }
  void Enrich() { lineage_->Enrich(event_); }

  struct Id {
    int64_t pid;
    int64_t version = -1;
  };
  void Fork(double at, Id child, Id parent, absl::string_view program = "") {
    auto event = New("process", "fork", at);
    event.Pid(child.pid, child.version).Parent(parent.pid, parent.version);
    if (!program.empty()) event.Program(program);
    Enrich();
  }
  void Exec(double at, Id self, Id parent, absl::string_view program,
            const std::vector<std::string>& args = {}, absl::string_view user = "_www") {
    auto event = New("process", "exec", at);
    event.Pid(self.pid, self.version).Program(program).Text(field::kUserName, user);
    if (parent.pid >= 0) event.Parent(parent.pid, parent.version);
    if (!args.empty()) event.Args(args);
    Enrich();
  }
  void Exit(double at, Id self) {
    New("process", "exit", at).Pid(self.pid, self.version);
    Enrich();
  }
  void Flow(double at, Id self) {
    New("network", "network_flow", at).Pid(self.pid, self.version);
    Enrich();
  }

  std::string Ancestors() { return event_.Get(field::kSequiturAncestorsName).ToString(); }
  std::string ServiceName() { return std::string(event_.Text(field::kSequiturLineageService)); }
  std::string Name() { return std::string(event_.Text(field::kProcessName)); }
  std::string Complete() { return event_.Get(field::kSequiturLineageComplete).ToString(); }
  std::string Expected() { return event_.Get(field::kSequiturServiceExpectedChild).ToString(); }
  std::string Instance() { return std::string(event_.Text(field::kSequiturLineageEntityId)); }

  // nginx-less php-fpm: launchd starts the master (100), which forks a worker (101).
  void StartPhpFpm() {
    Exec(0, {100, 10}, {1, 1}, "/opt/homebrew/sbin/php-fpm");
    Fork(1, {101, 11}, {100, 10}, "/opt/homebrew/sbin/php-fpm");
  }

  Event event_;
  Inventory inventory_;
  std::unique_ptr<Lineage> lineage_;
};

TEST_F(LineageTest, OnePidSeveralImages) {
  StartPhpFpm();
  Fork(10, {200, 20}, {101, 11}, "/opt/homebrew/sbin/php-fpm");
  Exec(10.01, {200, 21}, {101, 11}, "/bin/sh", {"sh", "-c", "curl x"});
  Exec(10.02, {200, 22}, {101, 11}, "/bin/bash", {"sh", "-c", "curl x"});
  Exec(10.03, {200, 23}, {101, 11}, "/usr/bin/curl", {"curl", "x"});
  EXPECT_EQ(Ancestors(), "[bash, sh, php-fpm, php-fpm]");
  EXPECT_EQ(ServiceName(), "php-fpm");
  EXPECT_EQ(Complete(), "true");
  EXPECT_EQ(event_.Text(field::kProcessParentName), "php-fpm");
  Flow(10.5, {200, 23});
  EXPECT_EQ(Name(), "curl");
  EXPECT_EQ(Ancestors(), "[bash, sh, php-fpm, php-fpm]");
  EXPECT_EQ(ServiceName(), "php-fpm");
  // At the time of the shell the pid was the shell.
  Flow(10.015, {200});
  EXPECT_EQ(Name(), "sh");
}

TEST_F(LineageTest, OrphansKeepTheParentTheForkTold) {
  StartPhpFpm();
  Fork(10, {200, 20}, {101, 11}, "/opt/homebrew/sbin/php-fpm");
  Exec(10.01, {200, 21}, {101, 11}, "/bin/sh", {"sh", "-c", "nohup x &"});
  Fork(10.02, {300, 30}, {200, 21}, "/bin/sh");
  Exit(10.03, {200, 21});
  Exec(10.05, {300, 31}, {1, 1}, "/usr/bin/curl", {"curl", "x"});
  EXPECT_EQ(Ancestors(), "[sh, php-fpm, php-fpm]");
  EXPECT_EQ(ServiceName(), "php-fpm");
  EXPECT_EQ(Complete(), "true");
  Exit(11, {101, 11});
  Exit(12, {100, 10});
  Flow(300, {300, 31});
  EXPECT_EQ(ServiceName(), "php-fpm");
}

TEST_F(LineageTest, SelfSpawnsAreNormalAndOneInstance) {
  StartPhpFpm();
  EXPECT_EQ(Expected(), "true");  // the worker's fork
  const std::string instance = Instance();
  Fork(2, {102, 12}, {100, 10}, "/opt/homebrew/sbin/php-fpm");
  EXPECT_EQ(Instance(), instance);
  EXPECT_EQ(Expected(), "true");
  // USR2: the master forks and executes itself anew.
  Fork(3, {103, 13}, {100, 10}, "/opt/homebrew/sbin/php-fpm");
  Exec(3.1, {103, 14}, {100, 10}, "/opt/homebrew/sbin/php-fpm", {"php-fpm"});
  EXPECT_EQ(Expected(), "true");
  EXPECT_EQ(event_.Text(field::kServiceName), "php-fpm");
  EXPECT_EQ(Instance(), instance);
  // What two of its workers do has one lineage.
  Fork(4, {400, 40}, {101, 11}, "/opt/homebrew/sbin/php-fpm");
  Exec(4.1, {400, 41}, {101, 11}, "/bin/sh", {"sh"});
  EXPECT_EQ(Instance(), instance);
  EXPECT_EQ(Expected(), "false");
}

TEST_F(LineageTest, ANodeClusterIsItsOwnWorkers) {
  Exec(0, {100, 10}, {1, 1}, "/usr/local/bin/node", {"node", "server.js"});
  EXPECT_EQ(ServiceName(), "node");
  Fork(1, {101, 11}, {100, 10}, "/usr/local/bin/node");
  Exec(1.1, {101, 12}, {100, 10}, "/usr/local/bin/node", {"node", "server.js"}, "nobody");
  EXPECT_EQ(ServiceName(), "node");
  EXPECT_EQ(Expected(), "true");
  // Code from arguments is a child, not a worker.
  Fork(2, {102, 13}, {101, 12}, "/usr/local/bin/node");
  Exec(2.1, {102, 14}, {101, 12}, "/usr/local/bin/node", {"node", "-e", "evil()"});
  EXPECT_EQ(ServiceName(), "node");
  EXPECT_EQ(Expected(), "false");
  EXPECT_EQ(event_.Text(field::kServiceName), "");
}

TEST_F(LineageTest, ARuntimeIsAServiceOnlyUnderItsConditions) {
  Exec(0, {500, 50}, {1, 1}, "/usr/bin/python3.12", {"python3.12", "app.py"}, "alice");
  EXPECT_EQ(ServiceName(), "");
  Exec(1, {501, 51}, {1, 1}, "/usr/bin/python3.12", {"python3.12", "app.py"}, "70");
  EXPECT_EQ(ServiceName(), "python");
  Exec(2, {502, 52}, {1, 1}, "/usr/bin/python3.12", {"python3.12", "-c", "import pty"}, "_www");
  EXPECT_EQ(ServiceName(), "");
  // Below another service it is that service's child, whoever it runs as.
  StartPhpFpm();
  Fork(10, {200, 20}, {101, 11}, "/opt/homebrew/sbin/php-fpm");
  Exec(10.1, {200, 21}, {101, 11}, "/usr/bin/python3", {"python3", "/tmp/x.py"});
  EXPECT_EQ(ServiceName(), "php-fpm");
  EXPECT_EQ(Expected(), "false");
}

TEST_F(LineageTest, AProgramNamedLikeAServiceIsNoneInATemporaryDirectory) {
  StartPhpFpm();
  Fork(10, {200, 20}, {101, 11}, "/opt/homebrew/sbin/php-fpm");
  Exec(10.1, {200, 21}, {101, 11}, "/private/tmp/nginx", {"nginx"});
  EXPECT_EQ(ServiceName(), "php-fpm");
  EXPECT_EQ(Expected(), "false");
  // Nor is a real one normal when another service starts it.
  Exec(10.2, {200, 22}, {101, 11}, "/usr/sbin/nginx", {"nginx"});
  EXPECT_EQ(ServiceName(), "nginx");
  EXPECT_EQ(Expected(), "false");
}

TEST_F(LineageTest, DeclaredChildrenAreExpectedByProgramAndArguments) {
  StartPhpFpm();
  const std::vector<std::string> sh = {
      "sh", "-c", "/usr/bin/convert -resize 64x64 /srv/in/a.png /srv/out/a.png"};
  Fork(10, {200, 20}, {101, 11}, "/opt/homebrew/sbin/php-fpm");
  Exec(10.1, {200, 21}, {101, 11}, "/bin/sh", sh);
  EXPECT_EQ(Expected(), "true");
  Exec(10.2, {200, 22}, {101, 11}, "/bin/bash", sh);
  EXPECT_EQ(Expected(), "true");
  Exec(10.3, {200, 23}, {101, 11}, "/usr/bin/convert",
       {"convert", "-resize", "64x64", "/srv/in/a.png", "/srv/out/a.png"});
  EXPECT_EQ(Expected(), "true");
  New("file", "creation", 10.4).Pid(200, 23);
  Enrich();
  EXPECT_EQ(Expected(), "true");
}

TEST_F(LineageTest, DeclaredChildrenWithInjectedArgumentsAreNotExpected) {
  StartPhpFpm();
  int64_t pid = 200;
  for (const char* command : {
           "/usr/bin/convert -resize 64;id /srv/in/a /srv/out/a",
           "/usr/bin/convert -resize 64 /srv/in/a /srv/out/a; curl x",
           "/usr/bin/convert -resize 64 /srv/in/a /srv/out/a\ncurl x",
           "/usr/bin/convert -resize 64 /srv/in/$(id) /srv/out/a",
           "/usr/bin/convert -resize 64 /srv/in/`id` /srv/out/a",
           "/usr/bin/convert -resize 64 /srv/in/a -write /srv/out/a",
           "/usr/bin/convert -resize -write /srv/in/a /srv/out/a",
           "/usr/bin/convert -resize 64 /srv/in/../../etc/passwd /srv/out/a",
           "/usr/bin/convert -resize 64 /srv/in/a /srv/out/a | sh",
           "/usr/bin/convert -resize 64 /srv/in/a /srv/out/a > /var/www/x.php",
           "/usr/bin/convert -resize 64 /srv/in/a b /srv/out/a",
           "curl x",
       }) {
    Fork(10, {++pid, pid}, {101, 11}, "/opt/homebrew/sbin/php-fpm");
    Exec(10.1, {pid, pid + 1000}, {101, 11}, "/bin/sh", {"sh", "-c", command});
    EXPECT_EQ(Expected(), "false") << command;
  }
  // The declared program below an undeclared shell proves nothing.
  Fork(11, {300, 300}, {101, 11}, "/opt/homebrew/sbin/php-fpm");
  Exec(11.1, {300, 301}, {101, 11}, "/bin/zsh", {"zsh"});
  Exec(11.2, {300, 302}, {101, 11}, "/usr/bin/convert",
       {"convert", "-resize", "64x64", "/srv/in/a.png", "/srv/out/a.png"});
  EXPECT_EQ(Expected(), "false");
  // Nor does its name in a place where anybody may write.
  Fork(12, {310, 310}, {101, 11}, "/opt/homebrew/sbin/php-fpm");
  Exec(12.1, {310, 311}, {101, 11}, "/tmp/convert",
       {"convert", "-resize", "64x64", "/srv/in/a.png", "/srv/out/a.png"});
  EXPECT_EQ(Expected(), "false");
}

TEST_F(LineageTest, ARuntimeOlderThanTheSensorIsAServiceByItsChildrensUser) {
  const auto parent = [&](absl::string_view user, int64_t pid) {
    New("process", "exec", 10)
        .Pid(pid, pid)
        .Program("/bin/sh")
        .Parent(100, 10)
        .Args({"sh", "-c", "id"})
        .Text(field::kUserName, user)
        .Text(field::kProcessParentExecutable, "/usr/local/bin/node");
    Enrich();
    return ServiceName();
  };
  EXPECT_EQ(parent("alice", 200), "");
  lineage_ = NewLineage();
  EXPECT_EQ(parent("_www", 200), "node");
  // Its own doings say whose it is, too.
  lineage_ = NewLineage();
  New("file", "creation", 10)
      .Pid(300, 30)
      .Program("/usr/local/bin/node")
      .Text(field::kUserName, "_www");
  Enrich();
  EXPECT_EQ(ServiceName(), "node");
}

// macOS's sh executes bash; the record of the second may come before that of the first.
TEST_F(LineageTest, AnImageWhoseExecIsStillUnderWayIsJudgedByItsProgram) {
  StartPhpFpm();
  const auto bash = [&](const char* command, absl::string_view previous) {
    New("process", "exec", 10.2)
        .Pid(200, 22)
        .Program("/bin/bash")
        .Parent(101, 11)
        .Args({"sh", "-c", command})
        .Text(field::kProcessPreviousExecutable, previous);
    Enrich();
  };
  bash("/usr/bin/convert -resize 64x64 /srv/in/a.png /srv/out/a.png", "/bin/sh");
  EXPECT_EQ(Ancestors(), "[sh, php-fpm, php-fpm]");
  EXPECT_EQ(Expected(), "true");
  Exec(10.1, {200, 21}, {101, 11}, "/bin/sh", {"sh", "-c", "curl x"});
  EXPECT_EQ(Expected(), "false");
  bash("/usr/bin/convert -resize 64x64 /srv/in/a.png /srv/out/a.png", "/bin/sh");
  EXPECT_EQ(Expected(), "false");
}

TEST_F(LineageTest, PidReuseDoesNotInheritTheOldLineage) {
  StartPhpFpm();
  Fork(10, {200}, {101}, "/opt/homebrew/sbin/php-fpm");
  Exec(10.1, {200}, {101}, "/bin/sh", {"sh"});
  Exit(11, {200});
  // The new process's fork was lost, its exec was not.
  Exec(100, {200}, {1}, "/bin/sh", {"sh"}, "root");
  EXPECT_EQ(ServiceName(), "");
  EXPECT_EQ(Ancestors(), "null");
  // The old one's late flow still is the old one's.
  Flow(10.5, {200});
  EXPECT_EQ(ServiceName(), "php-fpm");
  Flow(100.5, {200});
  EXPECT_EQ(ServiceName(), "");
  // A fork says it even when the exit was lost.
  Fork(200, {200}, {1}, "/sbin/launchd");
  Exec(200.1, {200}, {1}, "/usr/bin/ssh", {"ssh"}, "alice");
  EXPECT_EQ(Ancestors(), "null");
  // After an exit nothing is known of the pid until somebody says something.
  Exit(201, {200});
  Flow(300, {200});
  EXPECT_EQ(Name(), "");
  EXPECT_EQ(Complete(), "false");
}

TEST_F(LineageTest, AnotherStartTimeIsAnotherProcess) {
  StartPhpFpm();
  Fork(10, {200}, {101}, "/opt/homebrew/sbin/php-fpm");
  Exec(10.1, {200}, {101}, "/bin/sh", {"sh"});
  New("process", "exec", 500)
      .Pid(200)
      .Program("/bin/ls")
      .Parent(1)
      .Text(field::kProcessStart, event::FormatIso8601(At(499)));
  Enrich();
  EXPECT_EQ(ServiceName(), "php-fpm");  // the first exec told no start: not provably another
  New("process", "exec", 600)
      .Pid(200)
      .Program("/bin/df")
      .Parent(1)
      .Text(field::kProcessStart, event::FormatIso8601(At(599)));
  Enrich();
  EXPECT_EQ(ServiceName(), "");
}

TEST_F(LineageTest, ARebootEndsWhatRan) {
  const auto exec = [&](double at, int64_t pid, int64_t version, absl::string_view program,
                        int64_t parent, absl::string_view boot) {
    New("process", "exec", at)
        .Pid(pid, version)
        .Program(program)
        .Parent(parent)
        .Text(field::kHostBootId, boot);
    Enrich();
  };
  exec(0, 100, 10, "/opt/homebrew/sbin/php-fpm", 1, "boot-1");
  exec(1000, 300, 10, "/bin/sh", 100, "boot-2");
  EXPECT_EQ(ServiceName(), "");
  EXPECT_EQ(Complete(), "false");
}

TEST_F(LineageTest, LateExecIsReExamined) {
  StartPhpFpm();
  Flow(20, {200, 22});
  EXPECT_EQ(Complete(), "false");
  EXPECT_EQ(ServiceName(), "");
  EXPECT_THAT(lineage_->TakeReexaminable(), IsEmpty());
  // The fork is still missing, yet the exec names the parent.
  Exec(19.9, {200, 22}, {101, 11}, "/usr/bin/curl", {"curl", "x"});
  const auto again = lineage_->TakeReexaminable();
  ASSERT_EQ(again.size(), 1u);
  again[0]->Restore(event_);
  Enrich();
  EXPECT_EQ(event_.Text(field::kEventCategory), "network");
  EXPECT_EQ(event_.time, At(20));
  EXPECT_EQ(Name(), "curl");
  EXPECT_EQ(ServiceName(), "php-fpm");
  EXPECT_EQ(Complete(), "true");
  EXPECT_EQ(lineage_->stats().reexamined, 1u);
  EXPECT_EQ(lineage_->stats().waiting, 0u);
}

TEST_F(LineageTest, TheChainIsFoundWhateverTheOrderOfArrival) {
  const std::vector<std::function<void()>> records = {
      [&] {
        Exec(0, {100, 10}, {1, 1}, "/opt/homebrew/sbin/php-fpm");
      },
      [&] {
        Fork(1, {101, 11}, {100, 10}, "/opt/homebrew/sbin/php-fpm");
      },
      [&] {
        Fork(10, {200, 20}, {101, 11}, "/opt/homebrew/sbin/php-fpm");
      },
      [&] {
        Exec(10.1, {200, 21}, {101, 11}, "/bin/sh", {"sh"});
      },
      [&] {
        Fork(10.2, {300, 30}, {200, 21}, "/bin/sh");
      },
      [&] {
        Exec(10.3, {300, 31}, {200, 21}, "/usr/bin/curl", {"curl"});
      },
  };
  std::vector<size_t> order = {0, 1, 2, 3, 4, 5};
  do {
    lineage_ = NewLineage();
    const auto settle = [&] {
      // What the caller does with what is handed out.
      for (int round = 0; round < 20; ++round) {
        const auto again = lineage_->TakeReexaminable();
        if (again.empty()) return;
        for (const auto& snapshot : again) {
          snapshot->Restore(event_);
          Enrich();
        }
      }
      ADD_FAILURE() << "re-examination does not end";
    };
    for (const size_t i : order) {
      records[i]();
      settle();
    }
    Flow(11, {300, 31});
    std::string shown;
    for (const size_t i : order) absl::StrAppend(&shown, i);
    ASSERT_EQ(Ancestors(), "[sh, php-fpm, php-fpm]") << shown;
    ASSERT_EQ(ServiceName(), "php-fpm") << shown;
    ASSERT_EQ(Complete(), "true") << shown;
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_F(LineageTest, AForkAloneActsAsItsParentsProgram) {
  StartPhpFpm();
  Fork(10, {200, 20}, {101, 11});
  EXPECT_EQ(Name(), "php-fpm");
  Flow(11, {200, 20});
  EXPECT_EQ(Name(), "php-fpm");
  EXPECT_EQ(ServiceName(), "php-fpm");
  EXPECT_EQ(Expected(), "false");  // the service connects out itself
}

TEST_F(LineageTest, AnExecWithoutForkHasItsClaimedParent) {
  StartPhpFpm();
  Exec(10, {200, 21}, {101, 11}, "/bin/sh", {"sh"});
  EXPECT_EQ(Ancestors(), "[php-fpm, php-fpm]");
  EXPECT_EQ(ServiceName(), "php-fpm");
}

TEST_F(LineageTest, ThePreviousImageOfAnExecCountsWhenItsOwnRecordIsMissing) {
  New("process", "exec", 10)
      .Pid(200, 23)
      .Program("/usr/bin/curl")
      .Parent(900, 5)
      .Int(field::kProcessPreviousPidVersion, 22)
      .Text(field::kProcessPreviousExecutable, "/usr/sbin/nginx");
  Enrich();
  EXPECT_EQ(Ancestors(), "[nginx]");
  EXPECT_EQ(ServiceName(), "nginx");
  EXPECT_EQ(Complete(), "false");
}

// Elastic's exec: parent.pid is the parent's, parent.entity_id the image before
// the exec, of the same pid.
TEST_F(LineageTest, ElasticsPreExecParentIsNotTheParentsId) {
  New("process", "fork", 10)
      .Pid(200)
      .Program("/opt/homebrew/sbin/php-fpm")
      .Text(field::kProcessEntityId, "copy")
      .Parent(101)
      .Text(field::kProcessParentName, "php-fpm")
      .Text(field::kProcessParentExecutable, "/opt/homebrew/sbin/php-fpm")
      .Text(field::kProcessParentEntityId, "worker");
  Enrich();
  New("process", "exec", 10.1)
      .Pid(200)
      .Program("/bin/sh")
      .Text(field::kProcessEntityId, "shell")
      .Parent(101)
      .Text(field::kProcessParentName, "php-fpm")
      .Text(field::kProcessParentEntityId, "copy")
      .Words(field::kProcessExtAncestry, {"copy", "worker"});
  Enrich();
  EXPECT_EQ(Ancestors(), "[php-fpm]");
  EXPECT_EQ(Instance(), "worker");
  New("network", "connection_attempted", 10.2)
      .Pid(200)
      .Program("/bin/sh")
      .Text(field::kProcessEntityId, "shell");
  Enrich();
  EXPECT_EQ(Ancestors(), "[php-fpm]");
  EXPECT_EQ(Instance(), "worker");
}

TEST_F(LineageTest, ElasticsAncestryBridgesAMissingParent) {
  New("process", "exec", 1)
      .Pid(101)
      .Program("/opt/homebrew/sbin/php-fpm")
      .Text(field::kProcessEntityId, "worker");
  Enrich();
  New("process", "exec", 10)
      .Pid(300)
      .Program("/usr/bin/curl")
      .Text(field::kProcessEntityId, "curl")
      .Parent(250)
      .Words(field::kProcessExtAncestry, {"copy", "gone", "worker"});
  Enrich();
  EXPECT_EQ(ServiceName(), "php-fpm");
}

TEST_F(LineageTest, AncestorsAreBoundedAndTheServiceIsFoundBeyond) {
  StartPhpFpm();
  int64_t parent = 101;
  for (int64_t pid = 1000; pid < 1100; ++pid) {
    Fork(static_cast<double>(pid), {pid, pid}, {parent}, "/bin/sh");
    Exec(static_cast<double>(pid) + 0.1, {pid, pid + 5000}, {parent}, "/bin/sh", {"sh"});
    parent = pid;
  }
  EXPECT_EQ(event_.Get(field::kSequiturAncestorsName).list_value().size(), Lineage::kMaxAncestors);
  EXPECT_EQ(ServiceName(), "php-fpm");
}

TEST_F(LineageTest, WaitingIsBoundedAndNotForEver) {
  for (int i = 0; i < 2000; ++i) Flow(10 + i * 0.001, {5000 + i});
  EXPECT_LE(lineage_->stats().waiting, WaitingRoom::kMaxWaiting);
  EXPECT_GT(lineage_->stats().refused, 0u);
  Flow(200, {4000});
  EXPECT_EQ(lineage_->stats().waiting, 1u);
  EXPECT_GT(lineage_->stats().waited_in_vain, 0u);
  // A pid that never came is not waited for again.
  Flow(300, {4000});
  EXPECT_EQ(lineage_->stats().waiting, 0u);
}

TEST_F(LineageTest, HostsAreApartAndForgottenWhenIdle) {
  StartPhpFpm();
  New("process", "exec", 5).Pid(200).Program("/bin/sh").Parent(101, 11);
  event_.host = 7;
  Enrich();
  EXPECT_EQ(ServiceName(), "");
  EXPECT_EQ(lineage_->hosts(), 2u);
  lineage_->DropIdleHosts(At(3));
  EXPECT_EQ(lineage_->hosts(), 1u);
}

TEST_F(LineageTest, ManyHostsStayWithinTheirMemory) {
  LineageOptions options;
  options.max_bytes = 64 << 10;
  lineage_ = std::make_unique<Lineage>(inventory_, options);
  for (event::HostId host = 1; host <= 200; ++host) {
    New("process", "exec", 5 + host).Pid(200).Program("/bin/sh").Parent(101, 11);
    event_.host = host;
    Enrich();
    EXPECT_LE(lineage_->stats().bytes, options.max_bytes);
  }
  EXPECT_EQ(lineage_->hosts() + lineage_->stats().crowded_out, 200u);
  EXPECT_GT(lineage_->hosts(), 1u);
  // The first are gone, the last are known.
  lineage_->DropIdleHosts(At(5 + 200));
  EXPECT_EQ(lineage_->hosts(), 1u);
  EXPECT_LT(lineage_->stats().bytes, 4096u);
}

TEST_F(LineageTest, EventsWithoutProcessAreLeftAlone) {
  New("web", "http_request", 1);
  Enrich();
  EXPECT_FALSE(event_.Has(field::kSequiturLineageComplete));
  EXPECT_EQ(lineage_->hosts(), 0u);
}

}  // namespace
}  // namespace sequitur::enrich
