// Numbers from a rule that the golden makers compute as well, so that goldens hold results alone.
#pragma once

#include <cstdint>

#include "support/torch_test.hpp"

namespace forgelm::test {

/// Float32, even within +- scale / 2: rule() of tools/golden/optimizers/make.py.
inline at::Tensor rule_made(std::int64_t count, std::uint64_t salt, double scale) {
  at::Tensor result = at::empty({count}, at::kFloat);
  float* const values = result.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint64_t mixed = (static_cast<std::uint64_t>(i) + 1000003 * salt) * 2654435761U % (std::uint64_t{1} << 32);
    values[i] = static_cast<float>((static_cast<double>(mixed) / 4294967296.0 - 0.5) * scale);
  }
  return result;
}

}  // namespace forgelm::test
