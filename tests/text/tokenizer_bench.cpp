// For tools/bench/tokenize: encoding speed on the lines of a text file, as peer_tokenize.py measures the reference.
//
//   tokenizer_bench TOKENIZER_JSON TEXT_FILE [THREADS]
//
// Prints one JSON line: megabytes of text, megabytes a second with one thread and with THREADS, seconds to load.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <iostream>
#include <thread>

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/text/tokenizer.hpp"

using namespace forgelm;
using namespace forgelm::text;

namespace {

double seconds_of(const auto& work) {
  double best = 1e9;
  for (int round = 0; round < 3; ++round) {
    const auto start = std::chrono::steady_clock::now();
    work();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

double rounded(double value) { return static_cast<double>(static_cast<long>(value * 100 + 0.5)) / 100; }

}  // namespace

int main(int num_arguments, char** arguments) {
  if (num_arguments < 3) return 1;
  try {
    const auto start = std::chrono::steady_clock::now();
    const auto tokenizer = Tokenizer::load(arguments[1]);
    const double load_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const auto lines = split(to_valid_utf8(read_file(arguments[2])), '\n');
    double size_mb = 0;
    for (const std::string& line : lines) size_mb += static_cast<double>(line.size()) / 1e6;
    EncodeOptions options;
    options.add_special_tokens = false;
    std::size_t num_tokens = 0;
    const auto encode_some = [&](std::atomic<std::size_t>& next) {
      Encoding out;
      std::size_t num = 0;
      for (std::size_t i = next.fetch_add(64); i < lines.size(); i = next.fetch_add(64))
        for (std::size_t line = i; line < std::min(i + 64, lines.size()); ++line) {
          tokenizer->encode(lines[line], options, out);
          num += out.ids.size();
        }
      return num;
    };
    const double one = seconds_of([&] {
      std::atomic<std::size_t> next{0};
      num_tokens = encode_some(next);
    });
    const unsigned num_threads =
        num_arguments > 3 ? static_cast<unsigned>(std::stoul(arguments[3])) : std::thread::hardware_concurrency();
    const double all = seconds_of([&] {
      std::atomic<std::size_t> next{0};
      std::vector<std::thread> threads;
      for (unsigned i = 0; i < num_threads; ++i) threads.emplace_back([&] { encode_some(next); });
      for (auto& thread : threads) thread.join();
    });
    std::cout << dump(Json::object({{"mb", rounded(size_mb)},
                                    {"tokens", num_tokens},
                                    {"threads", num_threads},
                                    {"encode_mb_s", rounded(size_mb / one)},
                                    {"batch_mb_s", rounded(size_mb / all)},
                                    {"load_s", rounded(load_s)}}))
              << '\n';
  } catch (const Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
