// The yardstick beside another: simdjson's on-demand parser picking the same twelve
// paths, to see what a JSON parser of its kind would bring.
//
//   simdjson_bench FOLDER [ROUNDS]
//
// Both copy the line first, as a reader of somebody else's buffer must.

#include <simdjson.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "pipeline/yardstick.h"

namespace sequitur::bench {
namespace {

namespace ondemand = simdjson::ondemand;

// Twelve paths as a tree of names.
struct Wanted {
  std::map<std::string, Wanted> below;

  void Add(absl::string_view path) {
    Wanted* at = this;
    for (absl::string_view name : absl::StrSplit(path, '.')) at = &at->below[std::string(name)];
  }
};

class OnDemand {
 public:
  OnDemand() {
    for (const char* path : kYardstickPaths) wanted_.Add(path);
  }

  double Measure(const Lines& lines) {
    const double start = ThreadSeconds();
    for (const std::string& line : lines) read_ += Read(line) ? 1 : 0;
    return (ThreadSeconds() - start) * 1e9 / static_cast<double>(lines.size());
  }

  uint64_t read() const { return read_; }
  uint64_t found() const { return found_; }

 private:
  bool Read(const std::string& line) {
    if (buffer_.size() < line.size() + simdjson::SIMDJSON_PADDING) {
      buffer_.resize(2 * line.size() + simdjson::SIMDJSON_PADDING);
    }
    std::memcpy(buffer_.data(), line.data(), line.size());
    ondemand::document document;
    ondemand::object object;
    if (parser_.iterate(buffer_.data(), line.size(), buffer_.size()).get(document) != 0 ||
        document.get_object().get(object) != 0) {
      return false;
    }
    return Walk(object, wanted_);
  }

  // Once through the members in their order: looking each path up goes back and forth.
  bool Walk(ondemand::object object, const Wanted& wanted) {
    for (auto member : object) {
      ondemand::field field;
      if (std::move(member).get(field) != 0) return false;
      for (const auto& [name, below] : wanted.below) {
        if (!field.key().unsafe_is_equal(name.c_str())) continue;
        if (!below.below.empty()) {
          ondemand::object inner;
          if (field.value().get_object().get(inner) == 0 && !Walk(inner, below)) return false;
        } else {
          Take(field.value());
        }
        break;
      }
    }
    return true;
  }

  void Take(ondemand::value value) {
    std::string_view text;
    int64_t number = 0;
    if (value.get_string().get(text) == 0) {
      found_ += text.size();
    } else if (value.get_int64().get(number) == 0) {
      found_ += static_cast<uint64_t>(number);
    }
  }

  Wanted wanted_;
  ondemand::parser parser_;
  std::vector<char> buffer_;
  uint64_t read_ = 0;
  uint64_t found_ = 0;  // so that nothing is optimised away
};

int Main(const std::string& folder, int rounds) {
  auto sources = LoadLines(folder);
  sources["mix"] = Mix(sources, 20'000);
  Yardstick yardstick;
  OnDemand on_demand;
  std::printf("%-14s %12s %20s %8s\n", "source", "U, ns/event", "simdjson, ns/event", "in U");
  uint64_t lines = 0;
  for (auto& [name, all] : sources) {
    if (all.size() > 20'000) all.resize(20'000);
    std::vector<double> units, others, ratios;
    for (int round = 0; round < rounds; ++round) {
      units.push_back(yardstick.Measure(all));
      others.push_back(on_demand.Measure(all));
      ratios.push_back(others.back() / units.back());
      lines += all.size();
    }
    std::printf("%-14s %12.0f %20.0f %8.2f\n", name.c_str(), Median(units), Median(others),
                Median(ratios));
  }
  std::printf("read %llu of %llu lines; simdjson %d.%d, %s kernel\n",
              static_cast<unsigned long long>(on_demand.read()),
              static_cast<unsigned long long>(lines), simdjson::SIMDJSON_VERSION_MAJOR,
              simdjson::SIMDJSON_VERSION_MINOR,
              std::string(simdjson::builtin_implementation()->name()).c_str());
  return on_demand.found() == 0 ? 1 : 0;
}

}  // namespace
}  // namespace sequitur::bench

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: simdjson_bench FOLDER [ROUNDS]\n");
    return 2;
  }
  return sequitur::bench::Main(argv[1], argc > 2 ? std::atoi(argv[2]) : 9);
}
