#include "loadgen/program.h"

#include "absl/strings/str_replace.h"
#include "loadgen/json_text.h"

namespace sequitur::loadgen {
namespace {

struct Installed {
  absl::string_view path;        // {brew} is Homebrew's prefix
  absl::string_view signing_id;  // "com.apple." means a platform binary
};

// In the order of ProgramId.
constexpr Installed kInstalled[] = {
    {"/sbin/launchd", "com.apple.xpc.launchd"},
    {"/usr/libexec/xpcproxy", "com.apple.xpc.proxy"},
    {"{brew}/Cellar/nginx/1.27.2/bin/nginx", "nginx"},
    {"{brew}/Cellar/php/8.3.13_1/sbin/php-fpm", "php-fpm"},
    {"{brew}/Cellar/node/22.11.0/bin/node", "node"},
    {"/usr/sbin/httpd", "com.apple.httpd"},
    {"/bin/sh", "com.apple.sh"},
    {"/bin/bash", "com.apple.bash"},
    {"/bin/zsh", "com.apple.zsh"},
    {"/usr/bin/curl", "com.apple.curl"},
    {"/usr/bin/osascript", "com.apple.osascript"},
    {"/Library/Developer/CommandLineTools/Library/Frameworks/Python3.framework/Versions/3.9/"
     "Resources/Python.app/Contents/MacOS/Python",
     "com.apple.python3"},
    {"/usr/bin/perl", "com.apple.perl"},
    {"/usr/bin/base64", "com.apple.base64"},
    {"/bin/chmod", "com.apple.chmod"},
    {"/usr/bin/nohup", "com.apple.nohup"},
    {"/usr/bin/whoami", "com.apple.whoami"},
    {"/usr/bin/id", "com.apple.id"},
    {"/usr/bin/uname", "com.apple.uname"},
    {"/usr/bin/sw_vers", "com.apple.sw_vers"},
    {"/bin/ls", "com.apple.ls"},
    {"/bin/cat", "com.apple.cat"},
    {"/bin/rm", "com.apple.rm"},
    {"/bin/date", "com.apple.date"},
    {"/bin/df", "com.apple.df"},
    {"/usr/bin/uptime", "com.apple.w"},
    {"{brew}/Cellar/imagemagick/7.1.1-39/bin/magick", "magick"},
    {"/usr/bin/sips", "com.apple.sips"},
    {"/usr/sbin/sendmail", "com.apple.sendmail"},
    {"/Library/Developer/CommandLineTools/usr/bin/git", "com.apple.git"},
    {"/usr/bin/rsync", "com.apple.rsync"},
    {"/usr/sbin/sshd", "com.apple.sshd"},
    {"/usr/bin/ssh", "com.apple.ssh"},
    {"/usr/bin/sudo", "com.apple.sudo"},
    {"/usr/sbin/cron", "com.apple.cron"},
    {"/usr/sbin/newsyslog", "com.apple.newsyslog"},
    {"{brew}/Cellar/certbot/3.0.0/libexec/bin/python3.13", "python3.13"},
    {"/usr/sbin/periodic", "com.apple.periodic"},
    {"/System/Library/Frameworks/CoreServices.framework/Versions/A/Frameworks/Metadata.framework/"
     "Versions/A/Support/mdworker_shared",
     "com.apple.mdworker_shared"},
    {"/usr/sbin/installer", "com.apple.installer"},
    {"/System/Library/PrivateFrameworks/PackageKit.framework/Versions/A/XPCServices/"
     "package_script_service.xpc/Contents/MacOS/package_script_service",
     "com.apple.package_script_service"},
    {"/bin/launchctl", "com.apple.xpc.launchctl"},
};
static_assert(std::size(kInstalled) == kPrograms);

constexpr TimeNs kInstallDay = 1'730'419'200 * kSecond;  // 2024-11-01
constexpr int kExecutableMode = 0100555;

// The flags of platform binaries and of ad hoc signed ones as seen in records.
constexpr int64_t kPlatformFlags = 637'602'561;
constexpr int64_t kAdHocFlags = 570'556'931;

std::string EsloggerJson(const Program& program, Random& random) {
  std::string text;
  ClockText clock;
  JsonText json(text, Slashes::kEscaped);
  const FileStat stat = {random.Between(1'152'921'500'311'000'000, 1'152'921'500'312'999'999),
                         random.Skewed(40'000, 9'000'000), kExecutableMode, 0, kInstallDay};
  json.BeginObject().BeginObject("executable").Text("path", program.path);
  json.Json("stat", EsloggerStat(stat, clock)).Flag("path_truncated", false).EndObject();
  json.Text("signing_id", program.signing_id).Null("team_id");
  json.Text("cdhash", random.UpperHex(40));
  json.Number("codesigning_flags", program.is_platform_binary ? kPlatformFlags : kAdHocFlags);
  json.Flag("is_platform_binary", program.is_platform_binary).Flag("is_es_client", false);
  return text.substr(1);
}

}  // namespace

std::string EsloggerStat(const FileStat& stat, ClockText& clock) {
  std::string text;
  JsonText json(text, Slashes::kEscaped);
  const std::string time = clock.Iso(stat.changed, 9);
  json.BeginObject().Number("st_dev", 16777234).Text("st_atimespec", time);
  json.Text("st_ctimespec", time).Number("st_size", stat.size).Number("st_nlink", 1);
  json.Text("st_mtimespec", time).Number("st_blocks", (stat.size + 511) / 512);
  json.Number("st_gid", 0).Number("st_flags", 0).Number("st_blksize", 4096);
  json.Text("st_birthtimespec", time).Number("st_gen", 0).Number("st_uid", stat.uid);
  json.Number("st_ino", stat.inode).Number("st_rdev", 0).Number("st_mode", stat.mode).EndObject();
  return text;
}

Programs::Programs(const Host& host, Random random) {
  for (size_t i = 0; i < kPrograms; ++i) {
    Program& program = all_[i];
    program.path = absl::StrReplaceAll(kInstalled[i].path, {{"{brew}", host.brew}});
    program.name = program.path.substr(program.path.rfind('/') + 1);
    program.signing_id = std::string(kInstalled[i].signing_id);
    program.is_platform_binary = program.signing_id.starts_with("com.apple.");
    program.sha256 = random.Hex(64);
    program.eslogger_json = EsloggerJson(program, random);
  }
}

}  // namespace sequitur::loadgen
