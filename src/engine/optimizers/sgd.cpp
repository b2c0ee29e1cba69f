// Plain gradient descent, as transformers' `optim: sgd` builds torch.optim.SGD: no momentum, and the decay is part of
// the gradient. It keeps no state.
#include "engine/optimizers/states.hpp"
#include "engine/torch.hpp"

namespace forgelm::engine {
namespace {

class Sgd final : public Optimizer {
 public:
  Sgd(std::vector<TrainedWeight> weights, double weight_decay)
      : weights_(std::move(weights)), weight_decay_(weight_decay) {}

  void step(double learning_rate) override {
    const at::NoGradGuard no_graph;
    for (const TrainedWeight& weight : weights_) {
      const at::Tensor& value = weight.weight->value;
      at::Tensor gradient = value.grad();
      if (!gradient.defined()) continue;
      if (weight.decays && weight_decay_ != 0) gradient = gradient.add(value, weight_decay_);
      value.add_(gradient, -learning_rate * weight.lr_factor);
    }
  }

  std::vector<std::pair<std::string, at::Tensor>> state() override { return states_.all(); }
  void load_state(const std::vector<std::pair<std::string, at::Tensor>>& state) override { states_.load(state); }

 private:
  std::vector<TrainedWeight> weights_;
  double weight_decay_;
  NamedStates states_;
};

}  // namespace

std::unique_ptr<Optimizer> make_sgd(std::vector<TrainedWeight> weights, double weight_decay) {
  return std::make_unique<Sgd>(std::move(weights), weight_decay);
}

}  // namespace forgelm::engine
