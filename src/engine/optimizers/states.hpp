// What the optimizers share: the weights that have a gradient now, and named state that checkpoints write and read.
#pragma once

#include <ATen/ATen.h>

#include <string>
#include <utility>
#include <vector>

#include "engine/optimizers/optimizer.hpp"

namespace forgelm::engine {

/// Named tensors that an optimizer keeps between steps.
class NamedStates {
 public:
  /// Registers the state "<weight>.<name>"; gives the tensor back.
  at::Tensor add(const TrainedWeight& weight, const char* name, at::Tensor state);
  const std::vector<std::pair<std::string, at::Tensor>>& all() const noexcept { return all_; }
  /// Copies values into the registered tensors. ConfigError that names what is missing, left over or of another shape
  /// or type; then nothing was copied.
  void load(const std::vector<std::pair<std::string, at::Tensor>>& state);

 private:
  std::vector<std::pair<std::string, at::Tensor>> all_;
};

/// beta 1, beta 2 and epsilon, as transformers' defaults have them.
constexpr double kBeta1 = 0.9;
constexpr double kBeta2 = 0.999;
constexpr double kEpsilon = 1e-8;

/// A state with the shape and layout of its weight, zero.
at::Tensor zeros_for(const TrainedWeight& weight);
/// Steps done, a float32 scalar as torch.optim has it; on the processor, where it costs nothing to read.
at::Tensor zero_steps();

std::unique_ptr<Optimizer> make_adamw(std::vector<TrainedWeight> weights, double weight_decay);
std::unique_ptr<Optimizer> make_adamw_8bit(std::vector<TrainedWeight> weights, double weight_decay);
std::unique_ptr<Optimizer> make_adafactor(std::vector<TrainedWeight> weights, double weight_decay);
std::unique_ptr<Optimizer> make_sgd(std::vector<TrainedWeight> weights, double weight_decay);

}  // namespace forgelm::engine
