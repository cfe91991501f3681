// What decoding costs, beside yardsticks doing the same work, in one process and
// in turns, since machines change their speed while one looks.
//
//   decode_bench FOLDER [ROUNDS [ONLY]]
//
// Decodes what the site's rules read: config/sequitur.yaml, from where it is run.
// FOLDER as `loadgen --output` writes it; ONLY a reading's number, for a profiler.

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "decode/decoder.h"
#include "decode/json_sax.h"
#include "decode/json_scan.h"
#include "decode/json_sources.h"
#include "pipeline/site.h"
#include "pipeline/yardstick.h"

namespace sequitur::decode {
namespace {

using bench::Lines;
using bench::Median;
using bench::ThreadSeconds;

std::map<std::string, Lines> Load(const std::string& folder) {
  std::map<std::string, Lines> sources = bench::LoadLines(folder);
  Lines mix = bench::Mix(sources, 20'000);
  for (auto& [name, lines] : sources) {
    if (lines.size() > 5'000) lines.resize(5'000);
  }
  sources["mix"] = std::move(mix);
  return sources;
}

struct Variant {
  std::string name;
  std::function<bool(const std::string&)> read;
};

double Nanoseconds(const Variant& variant, const Lines& lines) {
  const double start = ThreadSeconds();
  size_t read = 0;
  for (const std::string& line : lines) read += variant.read(line) ? 1 : 0;
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
  for (int round = 0; round < rounds; ++round) {
    for (size_t i = 0; i < variants.size(); ++i) {
      taken[i].push_back(Nanoseconds(variants[i], lines));
      ratios[i].push_back(taken[i].back() / taken[0].back());
    }
  }
  size_t bytes = 0;
  for (const std::string& line : lines) bytes += line.size();
  const double mean = static_cast<double>(bytes) / static_cast<double>(lines.size());
  for (size_t i = 0; i < variants.size(); ++i) {
    const double ns = Median(taken[i]);
    std::printf("%-14s %6.0f  %-28s %8.0f  %6.2f  %6.2f\n", source.c_str(), mean,
                variants[i].name.c_str(), ns, mean / ns, Median(ratios[i]));
  }
}

int Main(const std::string& folder, int rounds, int only) {
  const auto site = pipeline::Site::Load({}).site;
  if (site == nullptr) {
    std::fprintf(stderr, "decode_bench: no configuration here that can be used\n");
    return 1;
  }
  const event::Projection& projection = site->projection();
  JsonPaths paths;
  const JsonSources sources(paths, projection, SourceOptions());
  bench::Yardstick yardstick;
  Arena arena;
  JsonCaptures captures;
  event::Event event(projection);
  const auto decoder = *Decoder::Create(projection, SourceOptions());
  int64_t offset = 0;
  std::vector<Variant> variants = {
      {"U: RapidJSON SAX, 12 paths", [&](const std::string& line) { return yardstick.Read(line); }},
      {"RapidJSON SAX, all paths",
       [&](const std::string& line) {
         arena.Reset();
         bool bad_escape = false;
         return ReadJsonBySax(paths, line, arena, captures, &bad_escape) == DecodeResult::kDecoded;
       }},
      {"scan, all paths",
       [&](const std::string& line) {
         arena.Reset();
         return ScanJson(paths, line, arena, captures) != Scanned::kNotPlain;
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
       }},
  };
  if (only >= 0) variants = {variants.at(static_cast<size_t>(only))};
  std::printf("%-14s %6s  %-28s %8s  %6s  %6s\n", "source", "bytes", "reading", "ns/event", "GB/s",
              "U");
  for (const auto& [name, lines] : Load(folder)) {
    if (!lines.empty()) Measure(name, lines, variants, rounds);
  }
  return 0;
}

}  // namespace
}  // namespace sequitur::decode

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: decode_bench FOLDER [ROUNDS]\n");
    return 2;
  }
  return sequitur::decode::Main(argv[1], argc > 2 ? std::atoi(argv[2]) : 9,
                                argc > 3 ? std::atoi(argv[3]) : -1);
}
