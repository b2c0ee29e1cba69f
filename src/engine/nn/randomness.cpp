// The five numbers are folded into one seed by SplitMix64 (Steele, Lea, Flood 2014, doi 10.1145/2660193.2660195): each
// is added to what the ones before gave and mixed, so that neighbouring steps and sites get unrelated generators.
#include "engine/nn/randomness.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include "engine/torch.hpp"

namespace forgelm::engine {
namespace {

std::uint64_t mixed(std::uint64_t state) noexcept {
  state += 0x9e3779b97f4a7c15U;
  state = (state ^ (state >> 30U)) * 0xbf58476d1ce4e5b9U;
  state = (state ^ (state >> 27U)) * 0x94d049bb133111ebU;
  return state ^ (state >> 31U);
}

}  // namespace

at::Generator Randomness::generator(std::uint64_t site, c10::Device device) const {
  std::uint64_t state = 0;
  for (const std::uint64_t number : {seed, step, micro_batch, rank, site}) state = mixed(state + number);
  if (device.is_cpu()) return at::detail::createCPUGenerator(state);
  TORCH_CHECK(device.is_cuda(), "there are no random numbers for device ", device.str());
  at::Generator generator = at::detail::getCUDAHooks().getNewGenerator(device.index());
  generator.set_current_seed(state);
  return generator;
}

// FNV-1a, 64 bits.
std::uint64_t site_of(std::string_view name) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

}  // namespace forgelm::engine
