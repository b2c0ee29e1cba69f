#include "engine/nn/weight.hpp"

namespace forgelm::engine {

void set_trained(Weight& weight) {
  weight.value = weight.value.detach().to(at::kFloat).requires_grad_(true);
  weight.is_trained = true;
}

at::Tensor in_type_of(const Weight& weight, const at::Tensor& like) {
  return weight.value.to(like.scalar_type());
}

}  // namespace forgelm::engine
