// What decoding costs, beside yardsticks doing the same work, in one process and
// in turns, since machines change their speed while one looks.
//
//   decode_bench WRAPPED BARE [ROUNDS [SOURCE [READING]]]
//
// Decodes what the site's rules read: config/sequitur.yaml, from where it is run.
// WRAPPED is what `loadgen --output` writes, BARE what `loadgen --envelope bare
// --output` writes; SOURCE and READING (a number) pick one, for a profiler.
//
// U is the unit of the figures: RapidJSON's SAX parser in situ, picking about
// twelve paths out of one record and nothing more. `mix` is the mix the unit was
// first measured with: 55 % access lines and 5 % error lines in Filebeat's
// envelope, 25 % eslogger's exec, fork and exit and 15 % Zeek flows as they are
// written, 1.1 KiB on average. `mix-wrapped` is what loadgen writes: eslogger and
// Zeek in Filebeat's envelope too, and Elastic's sensor. `nginx-rotated` is
// nginx-access with each record's keys in an order of its own.
//
// The last column counts what was allocated, once everything has been seen.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <new>
#include <random>
#include <string>
#include <vector>

#include "bus/prefetch.h"
#include "decode/decoder.h"
#include "decode/json_sax.h"
#include "decode/json_scan.h"
#include "decode/json_sources.h"
#include "pipeline/site.h"
#include "pipeline/yardstick.h"

namespace {

size_t allocations = 0;

void* CountedNew(size_t size) {
  ++allocations;
  if (void* p = std::malloc(size == 0 ? 1 : size)) return p;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(size_t size) { return CountedNew(size); }
void* operator new[](size_t size) { return CountedNew(size); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
void operator delete[](void* p, size_t) noexcept { std::free(p); }

namespace sequitur::decode {
namespace {

using bench::Lines;
using bench::Median;
using bench::ThreadSeconds;
using Sources = std::map<std::string, Lines>;

// So many that they do not fit a cache, as records from a broker do not.
constexpr size_t kMixed = 20'000;
constexpr size_t kOfOneSource = 5'000;

void AddLines(const std::filesystem::path& path, Lines& lines) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(std::move(line));
}

// The record with its members in another order from the third on, as Filebeat,
// which prints maps, writes each record anew.
std::string Rotated(const std::string& line, std::mt19937& random) {
  std::vector<std::string> members;
  int depth = 0;
  bool quoted = false;
  size_t start = 1;
  for (size_t i = 0; i < line.size(); ++i) {
    if (quoted && line[i] == '\\') {
      ++i;
    } else if (line[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && (line[i] == '{' || line[i] == '[')) {
      ++depth;
    } else if (!quoted && (line[i] == '}' || line[i] == ']')) {
      --depth;
    }
    if (!quoted && ((depth == 1 && line[i] == ',') || depth == 0)) {
      members.push_back(line.substr(start, i - start));
      start = i + 1;
    }
  }
  if (members.size() > 3) {
    const auto behind = static_cast<long>(random() % (members.size() - 2));
    std::rotate(members.begin() + 2, members.begin() + 2 + behind, members.end());
  }
  std::string out = "{";
  for (const std::string& member : members) out += (out.size() > 1 ? "," : "") + member;
  return out + "}";
}

// Of each source so many that together they are kMixed, in no order.
Lines Mix(Sources& sources, const std::vector<std::pair<std::string, double>>& shares) {
  Lines mix;
  std::mt19937 random(1);
  for (const auto& [name, share] : shares) {
    Lines& lines = sources[name];
    std::shuffle(lines.begin(), lines.end(), random);
    const auto wanted = static_cast<size_t>(share * kMixed);
    mix.insert(mix.end(), lines.begin(), lines.begin() + std::min(wanted, lines.size()));
  }
  std::shuffle(mix.begin(), mix.end(), random);
  return mix;
}

Sources Load(const std::string& wrapped, const std::string& bare) {
  Sources sources;
  Lines arrived;
  for (const auto& entry : std::filesystem::directory_iterator(wrapped)) {
    if (entry.path().extension() != ".ndjson") continue;
    Lines& lines = sources[entry.path().stem().string()];
    AddLines(entry.path(), lines);
    arrived.insert(arrived.end(), lines.begin(), lines.end());
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(bare)) {
    if (entry.path().extension() != ".ndjson") continue;
    AddLines(entry.path(), sources["bare-" + entry.path().stem().string()]);
  }
  sources["arrived"] = std::move(arrived);
  sources["mix"] = Mix(sources, {{"nginx-access", 0.39},
                                 {"httpd-access", 0.16},
                                 {"nginx-error", 0.033},
                                 {"httpd-error", 0.017},
                                 {"bare-eslogger", 0.25},
                                 {"bare-flows", 0.15}});
  sources["mix-wrapped"] = Mix(sources, {{"arrived", 1}});
  std::mt19937 random(2);
  for (const std::string& line : sources["nginx-access"]) {
    sources["nginx-rotated"].push_back(Rotated(line, random));
  }
  sources.erase("arrived");
  sources.erase("php-fpm");  // a line or two
  for (auto& [name, lines] : sources) {
    if (lines.size() > kOfOneSource && name.find("mix") != 0) lines.resize(kOfOneSource);
  }
  return sources;
}

// What U picks here: a dozen paths of each kind of record, so that about as many
// are in one.
std::vector<std::string> FewPaths() {
  std::vector<std::string> paths = {"@timestamp",   "message",
                                    "host.name",    "host.id",
                                    "host.ip",      "log.file.path",
                                    "log.offset",   "agent.id",
                                    "agent.name",   "event.category",
                                    "event.action", "process.pid",
                                    "process.name", "process.executable",
                                    "process.args", "user.id",
                                    "ts",           "uid",
                                    "id.orig_h",    "id.orig_p",
                                    "id.resp_h",    "id.resp_p",
                                    "proto",        "duration",
                                    "orig_bytes",   "resp_bytes",
                                    "conn_state",   "local_orig"};
  for (const std::string prefix : {"", "json."}) {
    for (const char* path :
         {"time", "event_type", "global_seq_num", "process.audit_token.pid",
          "process.audit_token.pidversion", "process.executable.path", "process.ppid",
          "event.exec.target.executable.path", "event.exec.target.audit_token.pid",
          "event.exec.args", "event.fork.child.audit_token.pid", "event.exit.stat"}) {
      paths.push_back(prefix + path);
    }
  }
  return paths;
}

struct Variant {
  std::string name;
  std::function<bool(const std::string&)> read;
  bool prefetches = false;  // the next record, as the bus does
};

double Nanoseconds(const Variant& variant, const Lines& lines) {
  const double start = ThreadSeconds();
  size_t read = 0;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (variant.prefetches && i + 1 < lines.size()) bus::Prefetch(lines[i + 1]);
    read += variant.read(lines[i]) ? 1 : 0;
  }
  const double seconds = ThreadSeconds() - start;
  if (read * 10 < lines.size() * 9) {
    std::fprintf(stderr, "%s read only %zu of %zu\n", variant.name.c_str(), read, lines.size());
    std::exit(1);
  }
  return seconds * 1e9 / static_cast<double>(lines.size());
}

void Measure(const std::string& source, const Lines& lines, const std::vector<Variant>& variants,
             int rounds) {
  std::vector<std::vector<double>> taken(variants.size());
  std::vector<std::vector<double>> ratios(variants.size());
  std::vector<size_t> allocated(variants.size());
  for (int round = 0; round < rounds; ++round) {
    for (size_t i = 0; i < variants.size(); ++i) {
      const size_t before = allocations;
      const double taken_now = Nanoseconds(variants[i], lines);
      allocated[i] = allocations - before;
      taken[i].push_back(taken_now);
      ratios[i].push_back(taken_now / taken[0].back());
    }
  }
  size_t bytes = 0;
  for (const std::string& line : lines) bytes += line.size();
  const double mean = static_cast<double>(bytes) / static_cast<double>(lines.size());
  for (size_t i = 0; i < variants.size(); ++i) {
    const double ns = Median(taken[i]);
    std::printf("%-14s %6.0f  %-28s %8.0f  %6.2f  %6.2f  %6.3f\n", source.c_str(), mean,
                variants[i].name.c_str(), ns, mean / ns, Median(ratios[i]),
                static_cast<double>(allocated[i]) / static_cast<double>(lines.size()));
  }
}

int Main(const std::string& wrapped, const std::string& bare_folder, int rounds,
         const std::string& source, int only) {
  const auto site = pipeline::Site::Load({}).site;
  if (site == nullptr) {
    std::fprintf(stderr, "decode_bench: no configuration here that can be used\n");
    return 1;
  }
  const event::Projection& projection = site->projection();
  JsonPaths paths;
  const JsonSources sources(paths, projection, SourceOptions());
  bench::Yardstick yardstick(FewPaths());
  JsonKeys keys(paths);
  Arena arena;
  JsonCaptures captures;
  event::Event event(projection);
  const auto decoder = *Decoder::Create(projection, SourceOptions());
  int64_t offset = 0;
  std::vector<Variant> variants = {
      {"U: RapidJSON SAX, few paths",
       [&](const std::string& line) { return yardstick.Read(line); }},
      {"RapidJSON SAX, all paths",
       [&](const std::string& line) {
         arena.Reset();
         bool bad_escape = false;
         return ReadJsonBySax(paths, line, arena, captures, &bad_escape) == DecodeResult::kDecoded;
       }},
      {"scan, all paths",
       [&](const std::string& line) {
         arena.Reset();
         return ScanJson(keys, line, arena, captures) != Scanned::kNotPlain;
       }},
      {"decoder, whole",
       [&](const std::string& line) {
         RawRecord record;
         record.bytes = line;
         record.position = {0, 0, offset++, 0};
         record.record_time = event::TimeNs{1'800'000'000} * event::kSecond;
         record.path = "telemetry";
         const DecodeResult result = decoder->Decode(record, event, [](event::Event&) {});
         return !IsDecodeError(result);
       },
       true},
  };
  if (only >= 0) variants = {variants.at(static_cast<size_t>(only))};
  std::printf("%-14s %6s  %-28s %8s  %6s  %6s  %6s\n", "source", "bytes", "reading", "ns/event",
              "GB/s", "U", "allocs");
  for (const auto& [name, lines] : Load(wrapped, bare_folder)) {
    if (lines.empty() || (!source.empty() && source != name)) continue;
    Measure(name, lines, variants, rounds);
  }
  return 0;
}

}  // namespace
}  // namespace sequitur::decode

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: decode_bench WRAPPED BARE [ROUNDS [SOURCE [READING]]]\n");
    return 2;
  }
  return sequitur::decode::Main(argv[1], argv[2], argc > 3 ? std::atoi(argv[3]) : 9,
                                argc > 4 ? argv[4] : "", argc > 5 ? std::atoi(argv[5]) : -1);
}
