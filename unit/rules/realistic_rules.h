#pragma once

// Rules made by number, in the style of Elastic's: how many conditions look at
// which fields, what pins them to a value and what does not, and the sharing of
// sub-conditions among them are those of its public rule set. For measuring what
// many rules cost, not for finding anything.

#include <array>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace sequitur::bench {

namespace realistic {

inline constexpr absl::string_view kTools[] = {
    "nmap",          "socat",    "ncat",      "xmrig",    "chisel",  "gost",    "frpc",
    "ngrok",         "psexec",   "procdump",  "rubeus",   "sharpup", "mshta",   "regsvr32",
    "rundll32",      "certutil", "bitsadmin", "wmic",     "cscript", "wscript", "installutil",
    "msbuild",       "cmstp",    "odbcconf",  "forfiles", "hh",      "pcalua",  "presentationhost",
    "osascript",     "tclsh",    "busybox",   "openssl",  "gdb",     "strace",  "tcpdump",
    "proxychains",   "hydra",    "john",      "hashcat",  "masscan", "zmap",    "dnscat",
    "iodine",        "pwncat",   "rclone",    "restic",   "megacmd", "anydesk", "teamviewer",
    "screenconnect", "kubectl",  "docker",    "runc",     "nsenter", "chroot",  "insmod",
    "kmod",          "bpftool",  "auditctl",  "setfacl",  "chattr",  "shred",   "vssadmin",
};
inline constexpr absl::string_view kFolders[] = {
    "/etc/cron.d",       "/etc/init.d",
    "/etc/ld.so.conf.d", "/etc/pam.d",
    "/etc/sudoers.d",    "/etc/systemd",
    "/usr/lib/udev",     "/dev/shm",
    "/var/spool",        "/Library/LaunchDaemons",
    "/Users/Shared",     "C:/Windows/Tasks",
    "C:/ProgramData",    "C:/Users/Public",
    "/root/.ssh",
};
inline constexpr absl::string_view kWords[] = {
    "import pty",      "socket.socket", "/dev/tcp/",    "base64 -d",   "FromBase64String",
    "-EncodedCommand", "IEX(",          "downloadfile", "LD_PRELOAD=", "authorized_keys",
    "id_rsa",          "lsass",         "sekurlsa",     "ntds.dit",    "/etc/shadow",
    "history -c",      "iptables -F",   "setenforce 0", "chmod u+s",   "rm -rf /var/log",
};
inline constexpr absl::string_view kSystems[] = {"linux", "windows", "windows", "linux", "macos"};

// One of the list, in turn; another with another salt.
inline absl::string_view Pick(absl::Span<const absl::string_view> list, int number, int salt) {
  return list[static_cast<size_t>(number * 11 + salt) % list.size()];
}

// The condition with $tool, $other, $folder, $word, $system and $n filled in.
inline std::string Fill(absl::string_view condition, int number) {
  return absl::StrReplaceAll(condition, {{"$tool", Pick(kTools, number, 0)},
                                         {"$other", Pick(kTools, number, 5)},
                                         {"$folder", Pick(kFolders, number, 0)},
                                         {"$word", Pick(kWords, number, 0)},
                                         {"$system", Pick(kSystems, number / 10, 0)},
                                         {"$n", absl::StrCat(number)}});
}

inline std::string Rule(absl::string_view kind, int number, absl::string_view query) {
  return absl::StrCat("- id: ", kind, "-", number, "\n  name: ", kind, " ", number,
                      "\n  query: |\n    ", query, "\n");
}

}  // namespace realistic

// The five families of telemetry.
inline constexpr std::array<absl::string_view, 5> kFamilies = {"access", "error", "process", "file",
                                                               "network"};

// `count` sequences of two steps that begin with an event of the family. They look
// at what the family's events really have, and some of their steps do hit.
inline std::string TwoStepRules(absl::string_view family, int count) {
  struct Template {
    absl::string_view family, query;
  };
  constexpr Template kTemplates[] = {
      {"access", R"(sequence by source.ip with maxspan=1m
      [web where event.type == "access" and http.response.status_code == 404 and url.path like~ ("*.jpg", "*.php", "*/$tool*")]
      [web where event.type == "access" and http.response.status_code == 200 and url.path like~ "*/$tool*.php"])"},
      {"access", R"(sequence by host.id with maxspan=30s
      [web where event.type == "access" and http.response.status_code >= 500 and url.path like~ ("*.php", "*.cgi", "*.jsp") and user_agent.original like~ "*$tool*"]
      [process where event.type == "start" and process.name in ("sh", "bash", "zsh") and process.args like~ "*$word*"])"},
      {"access", R"(sequence by host.id with maxspan=2m
      [web where event.type == "access" and http.request.method in ("PUT", "DELETE", "PATCH", "PROPFIND") and url.path != "/$n"]
      [file where event.type == "creation" and file.extension in ("php", "phtml", "jsp") and file.path like~ "*/uploads/$n/*"])"},
      {"access", R"(sequence by source.ip with maxspan=10s
      [web where event.type == "access" and http.response.status_code == 401 and url.path like~ "/admin/$n*"]
      [web where event.type == "access" and http.response.status_code == 302 and url.path like~ "/admin/$n*"])"},
      {"error", R"(sequence by host.id with maxspan=1m
      [web where event.type == "error" and log.level in ("crit", "alert", "emerg") and message like~ "*$word*"]
      [process where event.type == "start" and process.parent.name in ("php-fpm", "httpd", "nginx") and process.name == "$tool"])"},
      {"error", R"(sequence by source.ip with maxspan=1m
      [web where event.type == "error" and message like~ ("*$tool*denied*", "*$tool*forbidden*")]
      [web where event.type == "access" and http.response.status_code == 200 and url.path like~ "*$tool*"])"},
      {"process", R"(sequence by host.id, process.entity_id with maxspan=1m
      [process where event.type == "start" and event.action in ("exec", "exec_event", "start") and process.name in ("$tool", "$other") and process.args : ("http*", "-$n")]
      [network where network.direction == "egress" and destination.port == 4$n])"},
      {"process", R"(sequence by host.id, user.id with maxspan=30s
      [process where event.type == "start" and process.name in ("bash", "sh") and process.args : "*$word*" and process.parent.name != "$tool"]
      [process where event.type == "start" and process.name == "$tool"])"},
      {"process", R"(sequence by host.id with maxspan=1m
      [process where event.type == "start" and process.parent.name : ("$tool", "sshd*") and process.executable : ("$folder/*", "/private/tmp/*")]
      [file where event.type == "creation" and file.path : "$folder/$n*"])"},
      {"process", R"(sequence by host.id, process.parent.pid with maxspan=5s
      [process where event.type == "start" and process.name in ("id", "whoami", "uname", "uptime", "$tool")]
      [process where event.type == "start" and process.name in ("cat", "curl", "$other") and process.args : ("/etc/passwd", "*$word*")])"},
      {"file", R"(sequence by host.id with maxspan=1m
      [file where event.type in ("creation", "change") and file.extension : ("php", "sh", "py", "x$n") and file.path : ("$folder/*", "/tmp/*")]
      [process where event.type == "start" and process.executable : "$folder/*"])"},
      {"file", R"(sequence by host.id, file.path with maxspan=1m
      [file where event.type == "creation" and file.name : "*$tool*"]
      [file where event.type == "deletion" and file.name : "*$tool*"])"},
      {"file", R"(sequence by host.id, process.entity_id with maxspan=30s
      [file where event.type == "change" and process.name in ("$tool", "vim", "tee") and not file.path : ("/var/log/*", "/private/var/*")]
      [network where destination.port == 2$n])"},
      {"network", R"(sequence by host.id, destination.ip with maxspan=30s
      [network where event.type == "start" and destination.port == 3$n and network.transport == "tcp"]
      [network where event.type == "start" and destination.port == 4$n and network.transport == "tcp"])"},
      {"network", R"(sequence by host.id, process.entity_id with maxspan=30s
      [network where process.name in ("$tool", "bash", "osascript") and not cidrmatch(destination.ip, "10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
      [process where event.type == "start" and process.name : "$other*"])"},
  };
  std::string rules;
  int made = 0;
  while (made < count) {
    for (const Template& each : kTemplates) {
      if (each.family != family || made == count) continue;
      rules += realistic::Rule(absl::StrCat("two-step-", family), made,
                               realistic::Fill(each.query, made));
      ++made;
    }
  }
  return rules;
}

// `count` further rules about programs, paths and words that the telemetry of
// loadgen does not have: of ten, six are about processes, two about files, and
// nearly half are for another operating system.
inline std::string UnmatchedRules(int count) {
  constexpr absl::string_view kTemplates[] = {
      R"(process where host.os.type == "$system" and event.type == "start" and event.action in ("exec", "exec_event", "start") and process.name == "$tool$n" and process.args : ("-c", "--exec*", "*$word*"))",
      R"(process where host.os.type == "$system" and event.type == "start" and process.parent.name in ("$tool", "$other") and process.name : ("bash", "sh", "zsh", "dash", "python*"))",
      R"(process where host.os.type == "$system" and event.type == "start" and process.executable : ("$folder/$tool*", "/var/tmp/$tool*", "/run/shm/$tool*") and not process.parent.executable : "/usr/sbin/$other")",
      R"(file where host.os.type == "$system" and event.type in ("creation", "change") and file.path : ("$folder/*$n*", "/usr/local/$tool/*") and not process.name in ("dpkg", "rpm", "installd"))",
      R"(process where event.type == "start" and (process.name : "$tool$n" or process.pe.original_file_name == "$tool$n.exe") and process.args : ("*$word*", "-$n"))",
      R"(sequence by host.id, process.entity_id with maxspan=1m
      [process where host.os.type == "$system" and event.type == "start" and process.name in ("$tool", "$other") and process.args_count == $n]
      [network where host.os.type == "$system" and destination.port == 5$n and not cidrmatch(destination.ip, "10.0.0.0/8", "127.0.0.0/8")])",
      R"(process where host.os.type == "$system" and event.type == "start" and process.command_line : ("*$word*$tool*$n*", "*$tool*$word*"))",
      R"(file where event.type == "creation" and file.extension in ("exe$n", "dll", "sys", "ps1") and file.name : "$tool*")",
      R"(network where host.os.type == "$system" and event.action == "lookup_requested" and dns.question.name : ("*.$tool$n.example", "$other*.duckdns.org"))",
      R"(process where host.os.type == "$system" and event.type == "start" and process.name in ("bash", "sh", "zsh") and process.args : "*$tool$n*" and process.parent.name != "$other")",
  };
  constexpr int kTemplateCount = sizeof(kTemplates) / sizeof(kTemplates[0]);
  std::string rules;
  for (int i = 0; i < count; ++i) {
    // Every fifteenth is about requests.
    const bool web = i % 15 == 14;
    constexpr absl::string_view kWeb =
        R"(web where event.type == "access" and http.request.method == "POST" and url.path : ("*/$tool$n/*", "*/$other.php") and http.response.status_code == 200)";
    rules += realistic::Rule("unmatched", i,
                             realistic::Fill(web ? kWeb : kTemplates[i % kTemplateCount], i));
  }
  return rules;
}

}  // namespace sequitur::bench
