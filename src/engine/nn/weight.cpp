#include "engine/nn/weight.hpp"

namespace forgelm::engine {

void set_trained(Weight& weight) {
  weight.value = weight.value.detach().to(at::kFloat).requires_grad_(true);
  weight.is_trained = true;
}

void set_trained_copy(Weight& weight) {
  weight.base = weight.value.detach();
  weight.value = weight.base.to(at::kFloat, /*non_blocking=*/false, /*copy=*/true);
  set_trained(weight);
}

void set_frozen(Weight& weight) {
  weight.value = weight.value.detach();
  weight.is_trained = false;
}

at::Tensor in_type_of(const Weight& weight, const at::Tensor& like) { return weight.value.to(like.scalar_type()); }

}  // namespace forgelm::engine
