#pragma once

// Program: an executable on a simulated host, with all that sensors say about
// its file and signature.

#include <array>
#include <cstdint>
#include <string>

#include "loadgen/clock_text.h"
#include "loadgen/host.h"

namespace sequitur::loadgen {

enum class ProgramId : uint8_t {
  kLaunchd,
  kXpcproxy,
  kNginx,
  kPhpFpm,
  kNode,
  kHttpd,
  kSh,
  kBash,
  kZsh,
  kCurl,
  kOsascript,
  kPython,
  kPerl,
  kBase64,
  kChmod,
  kNohup,
  kWhoami,
  kId,
  kUname,
  kSwVers,
  kLs,
  kCat,
  kRm,
  kDate,
  kDf,
  kUptime,
  kMagick,
  kSips,
  kSendmail,
  kGit,
  kRsync,
  kSshd,
  kSsh,
  kSudo,
  kCron,
  kNewsyslog,
  kCertbot,
  kPeriodic,
  kMdworker,
  kInstaller,
  kPackageScriptService,
  kLaunchctl,
};
inline constexpr size_t kPrograms = static_cast<size_t>(ProgramId::kLaunchctl) + 1;

struct Program {
  std::string path;
  std::string name;  // of the file
  std::string signing_id;
  std::string team_id;
  bool is_platform_binary = false;
  std::string sha256;
  // The part of an eslogger process object that the executable decides.
  std::string eslogger_json;
};

// The programs installed on one host.
class Programs {
 public:
  Programs(const Host& host, Random random);
  const Program& operator[](ProgramId id) const { return all_[static_cast<size_t>(id)]; }

 private:
  std::array<Program, kPrograms> all_;
};

// A `struct stat` as eslogger prints it.
struct FileStat {
  int64_t inode = 0;
  int64_t size = 0;
  int mode = 0;
  int64_t uid = 0;
  TimeNs changed = 0;
};
std::string EsloggerStat(const FileStat& stat, ClockText& clock);

}  // namespace sequitur::loadgen
