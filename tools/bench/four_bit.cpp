// Measures 4-bit quantization; tools/bench/four_bit runs it. For each step a line "STEP<tab>THREADS<tab>GB/s": bytes of
// the dense matrix by the best of several runs, so that other work on the machine counts little.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <string>

#include "engine/quantization/four_bit.hpp"
#include "engine/torch.hpp"

namespace {

using namespace forgelm::engine;

int num_runs = 9;

void measure(const std::string& step, std::size_t dense_bytes, const std::function<void()>& work) {
  double best = std::numeric_limits<double>::infinity();
  for (int run = 0; run < num_runs; ++run) {
    const auto start = std::chrono::steady_clock::now();
    work();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::printf("%s\t%d\t%.2f\n", step.c_str(), at::get_num_threads(), static_cast<double>(dense_bytes) / best / 1e9);
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
