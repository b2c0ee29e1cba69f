// Adafactor: the second moment of a matrix is kept as its row and column means. Source: Shazeer and Stern 2018, arXiv
// 1804.04235. Oracle: transformers' Adafactor as its Trainer builds it (scale_parameter and relative_step off): the
// rate is the schedule's, updates are clipped to a root mean square of 1, there is no first moment.
#include <cmath>

#include "engine/optimizers/states.hpp"
#include "engine/torch.hpp"

namespace forgelm::engine {
namespace {

constexpr double kLeastSquare = 1e-30;
constexpr double kDecayPower = -0.8;
constexpr double kGreatestRms = 1.0;

at::Tensor root_mean_square(const at::Tensor& tensor) {
  return tensor.norm(2).div_(std::sqrt(static_cast<double>(tensor.numel())));
}

class Adafactor final : public Optimizer {
 public:
  Adafactor(std::vector<TrainedWeight> weights, double weight_decay)
      : weights_(std::move(weights)), weight_decay_(weight_decay) {
    for (const TrainedWeight& weight : weights_) {
      Slot slot;
      slot.steps = states_.add(weight, "step", zero_steps());
      const at::Tensor& value = weight.weight->value;
      if (value.dim() >= 2) {
        const auto options = value.options().requires_grad(false);
        std::vector<std::int64_t> row = value.sizes().vec();
        std::vector<std::int64_t> column = row;
        row.pop_back();
        column.erase(column.end() - 2);
        slot.row = states_.add(weight, "exp_avg_sq_row", at::zeros(row, options));
        slot.column = states_.add(weight, "exp_avg_sq_col", at::zeros(column, options));
      } else {
        slot.whole = states_.add(weight, "exp_avg_sq", zeros_for(weight));
      }
      slots_.push_back(std::move(slot));
    }
  }

  void step(double learning_rate) override {
    const at::NoGradGuard no_graph;
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      const at::Tensor& value = weights_[i].weight->value;
      const at::Tensor& gradient = value.grad();
      if (!gradient.defined()) continue;
      slots_[i].steps += 1;
      const at::Tensor update = update_of(gradient, slots_[i]);
      const double rate = learning_rate * weights_[i].lr_factor;
      update.div_((root_mean_square(update) / kGreatestRms).clamp_min_(1.0)).mul_(rate);
      if (weights_[i].decays && weight_decay_ != 0) value.add_(value, -weight_decay_ * rate);
      value.sub_(update);
    }
  }

  std::vector<std::pair<std::string, at::Tensor>> state() override { return states_.all(); }
  void load_state(const std::vector<std::pair<std::string, at::Tensor>>& state) override { states_.load(state); }

 private:
  struct Slot {
    at::Tensor steps;
    at::Tensor row, column;  // of matrices
    at::Tensor whole;        // of anything else
  };

  static at::Tensor update_of(const at::Tensor& gradient, const Slot& slot) {
    const double beta = 1.0 - std::pow(slot.steps.item<double>(), kDecayPower);
    const at::Tensor square = gradient.square().add_(kLeastSquare);
    if (slot.whole.defined()) {
      slot.whole.mul_(beta).add_(square, 1.0 - beta);
      return slot.whole.rsqrt().mul_(gradient);
    }
    slot.row.mul_(beta).add_(square.mean(-1), 1.0 - beta);
    slot.column.mul_(beta).add_(square.mean(-2), 1.0 - beta);
    const at::Tensor row_factor = (slot.row / slot.row.mean(-1, true)).rsqrt_().unsqueeze(-1);
    const at::Tensor column_factor = slot.column.unsqueeze(-2).rsqrt();
    return at::mul(row_factor, column_factor).mul_(gradient);
  }

  std::vector<TrainedWeight> weights_;
  double weight_decay_;
  NamedStates states_;
  std::vector<Slot> slots_;
};

}  // namespace

std::unique_ptr<Optimizer> make_adafactor(std::vector<TrainedWeight> weights, double weight_decay) {
  return std::make_unique<Adafactor>(std::move(weights), weight_decay);
}

}  // namespace forgelm::engine
