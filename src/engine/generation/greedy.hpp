// Greedy continuation by plain recomputation: each token runs the whole sequence again. Slow and obviously right; the
// oracle of what comes with a cache.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "engine/nn/decoder.hpp"

namespace forgelm::engine {

struct GreedyOptions {
  std::int64_t max_new_tokens = 64;
  std::vector<std::int32_t> stop_ids;          ///< ends after one of these, which is kept
  std::function<bool()> wants_stop = nullptr;  ///< asked before each token
};

/// The new ids alone. Equal logits: the lowest id, as torch.argmax on the processor.
std::vector<std::int32_t> continue_greedily(DecoderModel& model, const std::vector<std::int32_t>& prompt,
                                            const GreedyOptions& options);

}  // namespace forgelm::engine
