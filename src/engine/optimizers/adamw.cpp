#include "engine/optimizers/adamw.hpp"

#include <cmath>

#include "engine/optimizers/states.hpp"
#include "engine/torch.hpp"

namespace forgelm::engine {
namespace {

bool has_fused_form(const at::Tensor& value) { return value.is_cpu() || value.is_cuda() || value.is_mps(); }

class AdamW final : public Optimizer {
 public:
  AdamW(std::vector<TrainedWeight> weights, double weight_decay)
      : weights_(std::move(weights)), weight_decay_(weight_decay) {
    for (const TrainedWeight& weight : weights_) {
      const at::Tensor& value = weight.weight->value;
      // The fused form counts on the device.
      const at::Tensor steps = has_fused_form(value) ? zero_steps().to(value.device()) : zero_steps();
      slots_.push_back({states_.add(weight, "exp_avg", zeros_for(weight)),
                        states_.add(weight, "exp_avg_sq", zeros_for(weight)), states_.add(weight, "step", steps)});
    }
  }

  void step(double learning_rate) override {
    const at::NoGradGuard no_graph;
    // One fused call for the weights of one rate and one decay.
    std::vector<bool> is_done(weights_.size(), false);
    for (std::size_t first = 0; first < weights_.size(); ++first) {
      if (is_done[first]) continue;
      Lists lists;
      const TrainedWeight& rule = weights_[first];
      const double rate = learning_rate * rule.lr_factor;
      const double decay = rule.decays ? weight_decay_ : 0.0;
      for (std::size_t i = first; i < weights_.size(); ++i) {
        const TrainedWeight& weight = weights_[i];
        if (is_done[i] || weight.decays != rule.decays || weight.lr_factor != rule.lr_factor) continue;
        is_done[i] = true;
        const at::Tensor& value = weight.weight->value;
        if (!value.grad().defined()) continue;
        slots_[i].steps += 1;
        if (has_fused_form(value)) lists.add(value, slots_[i]);
        else
          adamw_step(value, value.grad(), slots_[i].exp_avg, slots_[i].exp_avg_sq, slots_[i].steps.item<double>(), rate,
                     decay);
      }
      if (!lists.values.empty())
        at::_fused_adamw_(lists.values, lists.gradients, lists.exp_avgs, lists.exp_avg_sqs, {}, lists.steps, rate,
                          kBeta1, kBeta2, decay, kEpsilon, /*amsgrad=*/false, /*maximize=*/false);
    }
  }

  std::vector<std::pair<std::string, at::Tensor>> state() override { return states_.all(); }
  void load_state(const std::vector<std::pair<std::string, at::Tensor>>& state) override { states_.load(state); }

 private:
  struct Slot {
    at::Tensor exp_avg;
    at::Tensor exp_avg_sq;
    at::Tensor steps;
  };
  struct Lists {
    std::vector<at::Tensor> values, gradients, exp_avgs, exp_avg_sqs, steps;
    void add(const at::Tensor& value, const Slot& slot) {
      values.push_back(value);
      gradients.push_back(value.grad());
      exp_avgs.push_back(slot.exp_avg);
      exp_avg_sqs.push_back(slot.exp_avg_sq);
      steps.push_back(slot.steps);
    }
  };

  std::vector<TrainedWeight> weights_;
  double weight_decay_;
  NamedStates states_;
  std::vector<Slot> slots_;
};

}  // namespace

void adamw_step(const at::Tensor& value, const at::Tensor& gradient, const at::Tensor& exp_avg,
                const at::Tensor& exp_avg_sq, double step, double learning_rate, double weight_decay) {
  const at::NoGradGuard no_graph;
  value.mul_(1 - learning_rate * weight_decay);
  exp_avg.lerp_(gradient, 1 - kBeta1);
  exp_avg_sq.mul_(kBeta2).addcmul_(gradient, gradient, 1 - kBeta2);
  const double correction1 = 1 - std::pow(kBeta1, step);
  const double correction2 = 1 - std::pow(kBeta2, step);
  const at::Tensor divisor = exp_avg_sq.sqrt().div_(std::sqrt(correction2)).add_(kEpsilon);
  value.addcdiv_(exp_avg, divisor, -learning_rate / correction1);
}

std::unique_ptr<Optimizer> make_adamw(std::vector<TrainedWeight> weights, double weight_decay) {
  return std::make_unique<AdamW>(std::move(weights), weight_decay);
}

}  // namespace forgelm::engine
