// Optimizers over the trained weights. A state has a name and is a tensor, so that a checkpoint is one safetensors
// file.
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/nn/weight.hpp"
#include "forgelm/config/sections/training.hpp"

namespace forgelm::engine {

/// A trained weight with the rules of its group.
struct TrainedWeight {
  std::string name;
  WeightPtr weight;
  bool decays = true;      ///< transformers' rule: not biases, not norms
  double lr_factor = 1.0;  ///< LoRA+: of the B matrices
};

class Optimizer {
 public:
  virtual ~Optimizer();
  /// One update with the gradients that the weights hold. Weights without a gradient are left alone.
  virtual void step(double learning_rate) = 0;
  /// "<weight>.exp_avg", ...: all that step() needs besides weights and gradients. Tensors share memory with the state.
  virtual std::vector<std::pair<std::string, at::Tensor>> state() = 0;
  /// The opposite, before the first step. ConfigError that names what is missing, left over or of another shape.
  virtual void load_state(const std::vector<std::pair<std::string, at::Tensor>>& state) = 0;
};

/// As `training.optimizer` and `training.weight_decay` say; beta 0.9 and 0.999, epsilon 1e-8.
std::unique_ptr<Optimizer> make_optimizer(const config::TrainingSection& training, std::vector<TrainedWeight> weights);

class DecoderModel;

/// The trained weights of a model in its own order, with transformers' rule of decay and LoRA+'s of rates.
std::vector<TrainedWeight> trained_weights(DecoderModel& model, double loraplus_lr_ratio);

/// The norm of all gradients together, in float32 as torch.nn.utils.clip_grad_norm_ has it; scales them when it is
/// above `max_norm` (0: never). Gives the norm before.
double clip_gradients(const std::vector<TrainedWeight>& weights, double max_norm);

}  // namespace forgelm::engine
