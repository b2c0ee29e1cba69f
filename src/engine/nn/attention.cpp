#include "engine/nn/attention.hpp"

#include <cmath>

#include "engine/nn/attend.hpp"
#include "engine/nn/rotary.hpp"

namespace forgelm::engine {

Attention::Attention(std::string name, const AttentionOptions& options)
    : options_(options),
      scale_(1 / std::sqrt(static_cast<double>(options.head_dim))),
      dropout_site_(site_of(name + ".attention_dropout")) {}

at::Tensor Attention::forward(const at::Tensor& x_TD, const Row& row, const ForwardMode& mode) {
  const auto heads = [&](Linear& part, std::int64_t count) {
    return part.forward(x_TD, mode).view({x_TD.size(0), count, options_.head_dim});
  };
  const at::Tensor q_THK = rotate(heads(*q_proj, options_.num_heads), row);
  const at::Tensor k_TNK = rotate(heads(*k_proj, options_.num_key_value_heads), row);
  const at::Tensor v_TNK = heads(*v_proj, options_.num_key_value_heads);
  const at::Tensor y_THK = attend(q_THK, k_TNK, v_TNK, row, scale_, {options_.dropout, mode.randomness, dropout_site_});
  return o_proj->forward(y_THK.reshape({x_TD.size(0), options_.num_heads * options_.head_dim}), mode);
}

}  // namespace forgelm::engine
