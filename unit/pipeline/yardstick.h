#pragma once

// What the benchmarks share: this thread's CPU time, medians, telemetry to read,
// and U, the unit of their figures. Machines change their speed while one looks:
// measure U in the same process, in turns with the rest, and compare.

#include <time.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "decode/json_sax.h"

namespace sequitur::bench {

using Lines = std::vector<std::string>;

inline double ThreadSeconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// Zero of none.
inline double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<long>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// The lines of a folder as `loadgen --output` writes it, by the files' names.
inline std::map<std::string, Lines> LoadLines(const std::string& folder) {
  std::map<std::string, Lines> sources;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".ndjson") continue;
    std::ifstream file(entry.path());
    Lines& lines = sources[entry.path().stem().string()];
    for (std::string line; std::getline(file, line);) lines.push_back(std::move(line));
  }
  return sources;
}

// The sources mixed as they are many, at most `count` lines.
inline Lines Mix(const std::map<std::string, Lines>& sources, size_t count) {
  Lines mix;
  for (const auto& [name, lines] : sources) mix.insert(mix.end(), lines.begin(), lines.end());
  std::shuffle(mix.begin(), mix.end(), std::mt19937(1));
  if (mix.size() > count) mix.resize(count);
  return mix;
}

inline constexpr const char* kYardstickPaths[] = {
    "@timestamp",    "message",        "host.name",        "host.id",
    "log.file.path", "event.kind",     "process.pid",      "process.executable.path",
    "source.ip",     "destination.ip", "destination.port", "user.name"};

// U is one record of the mix through this: RapidJSON's SAX parser in situ, picking a
// few paths and nothing more.
class Yardstick {
 public:
  Yardstick() : Yardstick({std::begin(kYardstickPaths), std::end(kYardstickPaths)}) {}
  explicit Yardstick(const std::vector<std::string>& paths) {
    for (const std::string& path : paths) paths_.Add(path);
  }

  bool Read(const std::string& line) {
    arena_.Reset();
    bool bad_escape = false;
    return decode::ReadJsonBySax(paths_, line, arena_, captures_, &bad_escape) ==
           decode::DecodeResult::kDecoded;
  }

  // Nanoseconds for one of the lines.
  double Measure(const Lines& lines) {
    const double start = ThreadSeconds();
    for (const std::string& line : lines) Read(line);
    return (ThreadSeconds() - start) * 1e9 / static_cast<double>(lines.size());
  }

 private:
  decode::JsonPaths paths_;
  Arena arena_;
  decode::JsonCaptures captures_;
};

}  // namespace sequitur::bench
