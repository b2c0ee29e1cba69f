#include <vector>

#include "engine/optimizers/optimizer.hpp"
#include "engine/torch.hpp"

namespace forgelm::engine {

double clip_gradients(const std::vector<TrainedWeight>& weights, double max_norm) {
  const at::NoGradGuard no_graph;
  std::vector<at::Tensor> gradients;
  for (const TrainedWeight& weight : weights)
    if (weight.weight->value.grad().defined()) gradients.push_back(weight.weight->value.grad());
  if (gradients.empty()) return 0;
  const at::Tensor norm = at::linalg_vector_norm(at::stack(at::_foreach_norm(gradients, 2)), 2);
  if (max_norm > 0) at::_foreach_mul_(gradients, at::clamp_max(max_norm / (norm + 1e-6), 1.0));
  return norm.item<double>();
}

}  // namespace forgelm::engine
