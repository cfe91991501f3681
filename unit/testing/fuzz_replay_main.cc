// Runs a fuzz target without libFuzzer: every file of the corpus folders given,
// then seeded mutations of them, so that each target is also an ordinary test.
// SEQUITUR_FUZZ_ROUNDS sets the number of mutations (default 2000).

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

void Run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

std::string Mutate(std::string input, const std::string& other, std::mt19937_64& random) {
  const auto below = [&](size_t n) { return n == 0 ? 0 : static_cast<size_t>(random() % n); };
  constexpr char kInteresting[] = "\"\\[]{}:,| \n\r\t\0\xff-0";
  for (size_t edits = 1 + below(6); edits > 0; --edits) {
    const size_t at = below(input.size() + 1);
    switch (below(6)) {
      case 0:
        input.insert(at, 1, kInteresting[below(sizeof(kInteresting))]);
        break;
      case 1:
        if (!input.empty()) input[below(input.size())] = static_cast<char>(random());
        break;
      case 2:
        input.erase(at, below(16));
        break;
      case 3:
        input.insert(at, input.substr(below(input.size() + 1), below(64)));
        break;
      case 4:
        input.insert(at, other.substr(below(other.size() + 1), below(64)));
        break;
      default:
        input.resize(at);
        break;
    }
  }
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  std::set<std::filesystem::path> paths;  // in order: a folder lists its files in any
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) continue;
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      paths.insert(entry.path());
    }
  }
  std::vector<std::string> corpus;
  for (const std::filesystem::path& path : paths) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  if (corpus.empty()) {
    std::fprintf(stderr, "no corpus in the folders given\n");
    return 1;
  }
  for (const std::string& input : corpus) Run(input);
  const char* rounds = std::getenv("SEQUITUR_FUZZ_ROUNDS");
  std::mt19937_64 random(20240229);
  for (long i = rounds != nullptr ? std::atol(rounds) : 2000; i > 0; --i) {
    Run(Mutate(corpus[random() % corpus.size()], corpus[random() % corpus.size()], random));
  }
  std::printf("%zu corpus inputs and their mutations: ok\n", corpus.size());
}
