// Counts what attention of each instruction set takes by the processor's time stamp, forward and backward, one head of
// keys with its group of queries on one thread. No libtorch, and no threads: the least of some runs is what counts.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "engine/kernels/cpu/sets.hpp"

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace {

using namespace forgelm::engine;

std::uint64_t ticks() {
#if defined(__x86_64__)
  return __rdtsc();
#else
  return 0;
#endif
}

template <class T>
void count(const char* name, const AttentionKernels<T>& kernels, std::int64_t length, std::int64_t size,
           std::int64_t group) {
  std::mt19937 random(1);
  const auto numbers = [&](std::int64_t heads) {
    std::vector<T> result(static_cast<std::size_t>(length * heads * size));
    std::normal_distribution<float> normal;
    for (T& number : result) {
      if constexpr (sizeof(T) == 4) number = normal(random);
      else number = static_cast<T>(0x3f00 + (random() & 0x80ff));  // about one, of both signs
    }
    return result;
  };
  const auto scratch = [](std::int64_t floats) { return std::vector<float>(static_cast<std::size_t>(floats)); };
  const AttentionShape shape = {length, size, group * size, size, 0.125f, 0};
  const auto q = numbers(group), k = numbers(1), v = numbers(1), above = numbers(group);
  auto y = numbers(group), q_gradient = y, k_gradient = k, v_gradient = v;
  auto packed = scratch(kernels.key_numbers(length, size)), forward = scratch(kernels.forward_numbers(size)),
       backward = scratch(kernels.backward_numbers(length, size)), log_sums = scratch(group * length);
  for (int round = 0; round < 2; ++round) {  // the first touches memory
    const std::uint64_t start = ticks();
    kernels.pack_keys(shape, k.data(), v.data(), packed.data());
    for (std::int64_t head = 0; head < group; ++head)
      for (std::int64_t query = 0; query < length; query += kernels.query_block)
        kernels.forward(shape, packed.data(), q.data() + head * size, y.data() + head * size,
                        log_sums.data() + head * length, query,
                        length - query < kernels.query_block ? length - query : kernels.query_block, forward.data());
    const std::uint64_t middle = ticks();
    kernels.backward(shape,
                     {q.data(), k.data(), v.data(), y.data(), above.data(), log_sums.data(), length, q_gradient.data(),
                      k_gradient.data(), v_gradient.data()},
                     group, backward.data());
    const std::uint64_t end = ticks();
    if (round == 0) continue;
    std::printf("%-20s %12llu forward %12llu backward\n", name, static_cast<unsigned long long>(middle - start),
                static_cast<unsigned long long>(end - middle));
  }
}

}  // namespace

int main(int num_arguments, char** arguments) {
  const auto number = [&](int i, std::int64_t otherwise) {
    return num_arguments > i ? std::atoll(arguments[i]) : otherwise;
  };
  const std::int64_t length = number(1, 512), size = number(2, 64), group = number(3, 3);
  std::printf("%lld tokens, %lld heads of %lld on one of keys\n", static_cast<long long>(length),
              static_cast<long long>(group), static_cast<long long>(size));
  for (const char* name : kKernelSets) {
    const CpuKernels* set = kernels_named(name);
    if (set == nullptr) {
      std::printf("%s: not on this processor\n", name);
      continue;
    }
    char words[64];
    std::snprintf(words, sizeof words, "%s, float32", name);
    count(words, set->attention_float32, length, size, group);
    std::snprintf(words, sizeof words, "%s, bfloat16", name);
    count(words, set->attention_bfloat16, length, size, group);
  }
  return 0;
}
