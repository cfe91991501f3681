#include "decode/php_fpm.h"

#include "absl/strings/str_cat.h"
#include "decode/decoded_line.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

class PhpFpmTest : public ::testing::Test {
 protected:
  std::string Decode(absl::string_view line) { return decoded_.Decode(decoder_, line); }
  std::string Get(absl::string_view path) { return decoded_[path]; }

  const PhpFpm decoder_ = *PhpFpm::Create("");
  DecodedLine decoded_;
};

TEST_F(PhpFpmTest, ReadsHowChildrenEnd) {
  struct Case {
    absl::string_view message, action, signal, code, outcome;
  };
  const Case kCases[] = {
      {"WARNING: [pool www] child 112 exited on signal 11 (SIGSEGV) after 7.405936 seconds from "
       "start",
       "worker_crash", "11", "139", "failure"},
      {"WARNING: [pool www] child 112 exited on signal 11 (SIGSEGV - core dumped) after 7.4 "
       "seconds "
       "from start",
       "worker_crash", "11", "139", "failure"},
      {"NOTICE: [pool www] child 112 exited on signal 3 (SIGQUIT) after 7.4 seconds from start",
       "worker_exit", "null", "null", "success"},
      {"NOTICE: [pool www] child 112 exited with code 0 after 7.4 seconds from start",
       "worker_exit", "null", "0", "success"},
      {"WARNING: [pool www] child 112 exited with code 255 after 7.4 seconds from start",
       "worker_exit", "null", "255", "failure"},
  };
  for (const Case& c : kCases) {
    ASSERT_EQ(Decode(absl::StrCat("[22-Nov-2026 01:05:05] ", c.message)), "decoded");
    EXPECT_EQ(decoded_.time(), "2026-11-22T01:05:05.000Z");
    EXPECT_EQ(Get("event.category"), "process") << c.message;
    EXPECT_EQ(Get("event.type"), "end") << c.message;
    EXPECT_EQ(Get("event.action"), c.action) << c.message;
    EXPECT_EQ(Get("event.outcome"), c.outcome) << c.message;
    EXPECT_EQ(Get("process.pid"), "112") << c.message;
    EXPECT_EQ(Get("process.parent.pid"), "null") << "the master is not named";
    EXPECT_EQ(Get("process.name"), "php-fpm") << c.message;
    EXPECT_EQ(Get("sequitur.exit.signal"), c.signal) << c.message;
    EXPECT_EQ(Get("process.exit_code"), c.code) << c.message;
    EXPECT_EQ(Get("sequitur.flags"), "[time_assumed_utc]");
  }
}

TEST_F(PhpFpmTest, ReadsTheRest) {
  struct Case {
    absl::string_view line, path, value;
  };
  const Case kCases[] = {
      {"[22-Nov-2026 01:05:05] NOTICE: fpm is running, pid 1", "event.type", "info"},
      {"[22-Nov-2026 01:05:05] NOTICE: fpm is running, pid 1", "log.level", "notice"},
      {R"([22-Nov-2026 01:05:05] WARNING: [pool www] child 9 said into stderr: "sh: x")",
       "event.action", "script_error"},
      {R"([22-Nov-2026 01:05:05] WARNING: [pool www] child 9 said into stderr: "child 112 exited on signal 11")",
       "event.category", "web"},
      {R"([22-Nov-2026 01:05:05] WARNING: [pool www] child 9, script '/x.php' executing too slow)",
       "process.pid", "9"},
      {"[22-Nov-2026 01:05:05 UTC] PHP Warning:  system() has been disabled in /x.php on line 3",
       "event.action", "script_error"},
      {"[22-Nov-2026 01:05:05 UTC] PHP Warning:  system() has been disabled in /x.php on line 3",
       "sequitur.flags", "null"},
      {"[22-Nov-2026 01:05:05 Europe/Paris] PHP Fatal error:  x", "log.level", "error"},
  };
  for (const Case& c : kCases) {
    ASSERT_EQ(Decode(c.line), "decoded") << c.line;
    EXPECT_EQ(Get(c.path), c.value) << c.line;
  }
}

TEST_F(PhpFpmTest, DatesContinuationsByTheirEntry) {
  EXPECT_EQ(Decode("#0 {main}"), "no_timestamp");
  ASSERT_EQ(Decode("[22-Nov-2026 01:05:05] NOTICE: x"), "decoded");
  ASSERT_EQ(Decode("#0 {main}"), "decoded");
  EXPECT_EQ(decoded_.time(), "2026-11-22T01:05:05.000Z");
  EXPECT_EQ(Get("message"), "#0 {main}");
}

TEST_F(PhpFpmTest, RefusesDamageByItsKind) {
  EXPECT_EQ(Decode(""), "empty");
  EXPECT_EQ(Decode("[32-Nov-2026 01:05:05] NOTICE: x"), "bad_timestamp");
  EXPECT_FALSE(PhpFpm::Create("x").ok());
}

TEST_F(PhpFpmTest, RecognisesItsPrefix) {
  EXPECT_TRUE(PhpFpm::Recognises("[22-Nov-2026 01:05:05] NOTICE: x"));
  EXPECT_TRUE(PhpFpm::Recognises("[22-Nov-2026 01:05:05 UTC] PHP Notice:  x"));
  EXPECT_FALSE(PhpFpm::Recognises("[22-Nov-2026 01:05:05] hello"));
  EXPECT_FALSE(PhpFpm::Recognises("[Mon Dec 26 16:22:08 2016] [error] x"));
  EXPECT_FALSE(PhpFpm::Recognises("[22-Nov-2026"));
}

}  // namespace
}  // namespace sequitur::decode
