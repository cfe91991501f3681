#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

#include "metrics/collector.h"
#include "metrics/family.h"

namespace sequitur::metrics {
namespace {

std::string ReadAll(const char* path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// proc(5): field `number` (1-based) of /proc/self/stat, counted behind the
// command's name, which may hold anything.
double StatField(const std::string& stat, int number) {
  const size_t behind = stat.rfind(')');
  if (behind == std::string::npos) return 0;
  std::istringstream fields(stat.substr(behind + 1));
  std::string value;
  for (int i = 3; i <= number; ++i) fields >> value;
  return std::atof(value.c_str());
}

double BootTime() {
  std::istringstream lines(ReadAll("/proc/stat"));
  std::string word;
  while (lines >> word) {
    if (word != "btime") continue;
    double seconds = 0;
    lines >> seconds;
    return seconds;
  }
  return 0;
}

double OpenFiles() {
  std::error_code error;
  double count = 0;
  for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end;
       at.increment(error)) {
    ++count;
  }
  return count;
}

}  // namespace

std::vector<prometheus::MetricFamily> ProcessFamilies() {
  const double tick = static_cast<double>(sysconf(_SC_CLK_TCK));
  const double page = static_cast<double>(sysconf(_SC_PAGESIZE));
  const std::string stat = ReadAll("/proc/self/stat");
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  FamilyList list;
  list.Counter("process_cpu_seconds_total", "User and system CPU time.")
      .Add({}, (StatField(stat, 14) + StatField(stat, 15)) / tick);
  list.Gauge("process_start_time_seconds", "Start of the process, Unix time.")
      .Add({}, BootTime() + StatField(stat, 22) / tick);
  list.Gauge("process_resident_memory_bytes", "Resident memory.")
      .Add({}, StatField(stat, 24) * page);
  list.Gauge("process_open_fds", "Open file descriptors.").Add({}, OpenFiles());
  list.Gauge("process_max_fds", "Most file descriptors that may be open.")
      .Add({}, static_cast<double>(files.rlim_cur));
  return list.Take();
}

}  // namespace sequitur::metrics
