// Measures 4-bit quantization; tools/bench/four_bit runs it. For each step a line "STEP<tab>THREADS<tab>GB/s<tab>GB in
// a second of CPU time": bytes of the dense matrix, each by the best of several runs.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <limits>
#include <string>

#include "engine/quantization/four_bit.hpp"
#include "engine/torch.hpp"

namespace {

using namespace forgelm::engine;

int num_runs = 9;

void measure(const std::string& step, std::size_t dense_bytes, const std::function<void()>& work) {
  double by_clock = std::numeric_limits<double>::infinity(), by_cpu = by_clock;
  for (int run = 0; run < num_runs; ++run) {
    const auto start = std::chrono::steady_clock::now();
    const std::clock_t cpu_start = std::clock();
    work();
    by_cpu = std::min(by_cpu, static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC);
    by_clock = std::min(by_clock, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  const double gigabytes = static_cast<double>(dense_bytes) / 1e9;
  std::printf("%s\t%d\t%.2f\t%.2f\n", step.c_str(), at::get_num_threads(), gigabytes / by_clock, gigabytes / by_cpu);
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t side = argc > 1 ? std::atol(argv[1]) : 4096;
  if (argc > 2) num_runs = std::atoi(argv[2]);
  const at::Tensor full = at::randn({side, side});
  for (const int threads : {1, 2}) {
    at::set_num_threads(threads);
    for (const auto dtype : {at::kFloat, at::kBFloat16}) {
      const at::Tensor weights = full.to(dtype);
      const std::string type = dtype == at::kFloat ? "float32" : "bfloat16";
      at::Tensor copy = at::empty_like(weights);
      measure("copy " + type, weights.nbytes(), [&] { copy.copy_(weights); });
      measure("copy into fresh memory " + type, weights.nbytes(), [&] { weights.clone(); });
      const auto quantized = quantize_four_bit(weights, FourBitKind::nf4, true);
      measure("quantize nf4 " + type, weights.nbytes(), [&] { quantize_four_bit(weights, FourBitKind::nf4, true); });
      measure("dequantize nf4 " + type, weights.nbytes(), [&] { dequantize(quantized, dtype); });
    }
  }
  return 0;
}
