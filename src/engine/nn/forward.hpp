// What goes into a forward pass. Sequences lie end to end in one row of T tokens; attention never crosses a border. The
// padded form of others is the same mathematics: take the padding out, and put it back into the result.
// Shape letters in all of src/engine: A axes of positions, B sequences, D model width, F width of the MLP, H heads,
// I in, K head size, L layers, N key/value heads, O out, R rank, S longest sequence, T tokens, V vocabulary.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "engine/nn/randomness.hpp"

namespace forgelm::engine {

/// Exactly one of ids_T and embeddings_TD is defined.
struct ForwardInput {
  at::Tensor ids_T;          ///< int64
  at::Tensor embeddings_TD;  ///< in place of ids: images, noise on the embeddings
  at::Tensor positions_AT;   ///< int64, from 0 in each sequence; A is 1 for text, 3 where images have time, row, column
  /// Sequence i is the tokens [starts[i], starts[i + 1]): one more than there are sequences, T the last.
  std::vector<std::int32_t> starts = {0};
  std::int32_t max_length = 0;  ///< of a sequence
};

/// How it is computed. The default is evaluation: nothing random, nothing recomputed.
struct ForwardMode {
  const Randomness* randomness = nullptr;  ///< dropout draws from here; none: no dropout
  bool recomputes_blocks = false;          ///< a block keeps its input alone and runs again in the backward pass
};

}  // namespace forgelm::engine
