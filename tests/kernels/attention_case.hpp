// A shape that tests of attention run over, with libtorch and without.
#pragma once

#include <cstdint>
#include <string>

#include "forgelm/core/text.hpp"

namespace forgelm::test {

struct AttentionCase {
  std::int64_t length, num_heads, num_key_heads, size, window;
  std::string name() const {
    return cat(length, " tokens, ", num_heads, " heads on ", num_key_heads, " of ", size, ", window ", window);
  }
};

}  // namespace forgelm::test
