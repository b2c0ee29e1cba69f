// Rotary positions: pairs of numbers (i, i + K/2) of a head are turned by an angle that grows with the position. The
// trap: where frequencies depend on the length of the text, it is each sequence's own length, so that a result does not
// depend on what else lies in the row (transformers takes the longest of the batch).
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "engine/nn/rope_frequencies.hpp"
#include "engine/nn/row.hpp"
#include "forgelm/formats/model_config.hpp"

namespace forgelm::engine {

class Rope {
 public:
  /// `axes` says for each rotated pair which axis of the positions turns it; empty: the first turns all.
  Rope(formats::RopeConfig config, std::int64_t head_dim, std::int64_t max_positions, at::Device device,
       std::vector<std::int64_t> axes = {});

  /// Writes row.cos_T1K and row.sin_T1K; row.starts must be there. Angles are computed in float32.
  void write_angles(const at::Tensor& positions_AT, at::ScalarType dtype, Row& row) const;

 private:
  /// [K/2], or [T, K/2] where sequences of a row have different ones.
  RopeFrequencies frequencies(const Row& row) const;

  formats::RopeConfig config_;
  std::int64_t head_dim_;
  std::int64_t max_positions_;
  at::Device device_;
  at::Tensor axes_;
  RopeFrequencies fixed_;  ///< of the kinds that do not depend on lengths
};

/// x_THK, its first numbers of each head turned, as many as the row has angles for. As transformers'
/// apply_rotary_pos_emb.
at::Tensor rotate(const at::Tensor& x_THK, const Row& row);

}  // namespace forgelm::engine
