#include "engine/optimizers/states.hpp"

#include <algorithm>
#include <map>
#include <sstream>
#include <string_view>

#include "engine/torch.hpp"
#include "forgelm/core/error.hpp"

namespace forgelm::engine {
namespace {

std::string describe(const at::Tensor& tensor) {
  std::ostringstream text;
  text << tensor.scalar_type() << ' ' << tensor.sizes();
  return text.str();
}

}  // namespace

Optimizer::~Optimizer() = default;

at::Tensor NamedStates::add(const TrainedWeight& weight, const char* name, at::Tensor state) {
  all_.emplace_back(weight.name + "." + name, state);
  return state;
}

void NamedStates::load(const std::vector<std::pair<std::string, at::Tensor>>& state) {
  const char* const hint = "The checkpoint was written with another optimizer, or with other weights being trained.";
  std::map<std::string_view, const at::Tensor*> found;
  for (const auto& [name, value] : state) found.emplace(name, &value);
  for (const auto& [name, value] : all_) {
    const auto it = found.find(name);
    if (it == found.end()) throw ConfigError("The optimizer's state has no " + name + ".", hint);
    const at::Tensor& loaded = *it->second;
    if (loaded.sizes() != value.sizes() || loaded.scalar_type() != value.scalar_type())
      throw ConfigError(
          "The optimizer's state " + name + " is " + describe(loaded) + "; this job needs " + describe(value) + ".",
          hint);
    found.erase(it);
  }
  if (!found.empty())
    throw ConfigError(
        "The optimizer's state has " + std::string(found.begin()->first) + ", which this job does not use.", hint);
  for (const auto& [name, value] : state) found.emplace(name, &value);
  for (const auto& [name, value] : all_) value.copy_(*found.at(name));
}

at::Tensor zeros_for(const TrainedWeight& weight) {
  return at::zeros_like(weight.weight->value.detach(), at::MemoryFormat::Contiguous);
}

at::Tensor zero_steps() { return at::zeros({}, at::kFloat); }

std::unique_ptr<Optimizer> make_optimizer(const config::TrainingSection& training, std::vector<TrainedWeight> weights) {
  switch (training.optimizer) {
    case config::Optimizer::adamw: return make_adamw(std::move(weights), training.weight_decay);
    case config::Optimizer::adamw_8bit: return make_adamw_8bit(std::move(weights), training.weight_decay);
    case config::Optimizer::adafactor: return make_adafactor(std::move(weights), training.weight_decay);
    case config::Optimizer::sgd: return make_sgd(std::move(weights), training.weight_decay);
  }
  throw RunError(RunErrorKind::internal, "There is no optimizer of this kind.");
}

}  // namespace forgelm::engine
