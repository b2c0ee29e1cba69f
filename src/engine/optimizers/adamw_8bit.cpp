// AdamW whose two moments are kept in 8 bits: blocks of 256 values, each with its largest absolute value as scale and
// codes of a dynamic map. Source: Dettmers et al. 2021, arXiv 2110.02861. Oracle: bitsandbytes 0.50.2 on the processor,
// codes included. As there, weights of less than 4096 values keep float32 moments, and as in transformers' Trainer so
// do embeddings. The trap: float32 moments exist for a few blocks at a time only, or nothing would be saved.
#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

#include "engine/optimizers/adamw.hpp"
#include "engine/optimizers/states.hpp"
#include "engine/quantization/dynamic_map.hpp"
#include "engine/torch.hpp"

namespace forgelm::engine {
namespace {

constexpr std::int64_t kBlock = 256;
constexpr std::int64_t kLeastQuantized = 4096;
constexpr std::int64_t kBlocksAtOnce = 4096;

bool is_quantized(const TrainedWeight& weight) {
  constexpr std::string_view kEmbedding = "embed_tokens.weight";
  const std::string_view name = weight.name;
  const bool is_embedding =
      name.size() >= kEmbedding.size() && name.substr(name.size() - kEmbedding.size()) == kEmbedding;
  return !is_embedding && weight.weight->value.numel() >= kLeastQuantized;
}

/// The tables of a dynamic map as tensors on the device of the weights.
struct MapTensors {
  at::Tensor values;
  at::Tensor codes;
  MapTensors(const DynamicMap& map, at::Device device)
      : values(at::tensor(at::ArrayRef<float>(map.values.data(), map.values.size()), at::kFloat).to(device)),
        codes(at::tensor(at::ArrayRef<std::uint8_t>(map.codes.data(), map.codes.size()), at::kByte).to(device)) {}
};

/// One moment of one weight.
struct Moment {
  at::Tensor codes;   ///< uint8, as many as the weight has values
  at::Tensor absmax;  ///< float32, one a block

  /// Blocks [block, block + rows) of `width` values, as float32 [rows, width].
  at::Tensor read(std::int64_t block, std::int64_t rows, std::int64_t width, const MapTensors& map) const {
    const at::Tensor part = codes.narrow(0, block * kBlock, rows * width);
    return map.values.index_select(0, part.to(at::kInt))
        .view({rows, width})
        .mul_(absmax.narrow(0, block, rows).unsqueeze(1));
  }

  void write(std::int64_t block, const at::Tensor& values, const MapTensors& map) const {
    const at::Tensor largest = values.abs().amax(1);
    const at::Tensor scaled = (values / largest.unsqueeze(1)).clamp_(-1, 1);
    // A fused multiply-add there: exact in double, rounded once.
    const at::Tensor place = scaled.add_(1).mul_(0.5).to(at::kDouble).mul_(65535).add_(0.5).to(at::kFloat);
    const at::Tensor zero_rows = largest.eq(0).unsqueeze(1).expand(values.sizes()).reshape(-1);  // code 0 there
    codes.narrow(0, block * kBlock, values.numel())
        .copy_(map.codes.index_select(0, place.nan_to_num_(0).to(at::kInt).view(-1)).masked_fill_(zero_rows, 0));
    absmax.narrow(0, block, values.size(0)).copy_(largest);
  }
};

class AdamW8bit final : public Optimizer {
 public:
  AdamW8bit(std::vector<TrainedWeight> weights, double weight_decay)
      : weights_(std::move(weights)), weight_decay_(weight_decay) {
    for (const TrainedWeight& weight : weights_) {
      Slot slot;
      if (is_quantized(weight)) {
        slot.first = add_moment(weight, "exp_avg");
        slot.second = add_moment(weight, "exp_avg_sq");
        if (!signed_map_) {
          const at::Device device = weight.weight->value.device();
          signed_map_.emplace(signed_dynamic_map(), device);
          unsigned_map_.emplace(unsigned_dynamic_map(), device);
        }
      } else {
        slot.exp_avg = states_.add(weight, "exp_avg", zeros_for(weight));
        slot.exp_avg_sq = states_.add(weight, "exp_avg_sq", zeros_for(weight));
      }
      slot.steps = states_.add(weight, "step", zero_steps());
      slots_.push_back(std::move(slot));
    }
  }

  void step(double learning_rate) override {
    const at::NoGradGuard no_graph;
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      const TrainedWeight& weight = weights_[i];
      const at::Tensor& value = weight.weight->value;
      if (!value.grad().defined()) continue;
      Slot& slot = slots_[i];
      slot.steps += 1;
      const double rate = learning_rate * weight.lr_factor;
      const double decay = weight.decays ? weight_decay_ : 0.0;
      const double steps = slot.steps.item<double>();
      if (slot.exp_avg.defined()) adamw_step(value, value.grad(), slot.exp_avg, slot.exp_avg_sq, steps, rate, decay);
      else step_in_blocks(value, slot, steps, rate, decay);
    }
  }

  std::vector<std::pair<std::string, at::Tensor>> state() override { return states_.all(); }
  void load_state(const std::vector<std::pair<std::string, at::Tensor>>& state) override { states_.load(state); }

 private:
  struct Slot {
    at::Tensor steps;
    Moment first, second;
    at::Tensor exp_avg, exp_avg_sq;  // of small weights
  };

  Moment add_moment(const TrainedWeight& weight, const std::string& name) {
    const at::Tensor& value = weight.weight->value;
    const auto options = value.options().requires_grad(false);
    const std::int64_t num_blocks = (value.numel() + kBlock - 1) / kBlock;
    return {states_.add(weight, (name + "_codes").c_str(), at::zeros({value.numel()}, options.dtype(at::kByte))),
            states_.add(weight, (name + "_absmax").c_str(), at::zeros({num_blocks}, options))};
  }

  void step_in_blocks(const at::Tensor& value, const Slot& slot, double steps, double rate, double decay) const {
    const double correction1 = 1 - std::pow(kBeta1, steps);
    const double correction2 = 1 - std::pow(kBeta2, steps);
    const at::Tensor flat = value.detach().view(-1);
    const at::Tensor gradient = value.grad().contiguous().view(-1);
    const std::int64_t num_values = flat.numel();
    const std::int64_t num_whole = num_values / kBlock;
    const auto update = [&](std::int64_t block, std::int64_t rows, std::int64_t width) {
      const at::Tensor gradients = gradient.narrow(0, block * kBlock, rows * width).view({rows, width});
      const at::Tensor values = flat.narrow(0, block * kBlock, rows * width).view({rows, width});
      const at::Tensor first = slot.first.read(block, rows, width, *signed_map_);
      const at::Tensor second = slot.second.read(block, rows, width, *unsigned_map_);
      first.mul_(kBeta1).add_(gradients, 1 - kBeta1);
      second.mul_(kBeta2).addcmul_(gradients, gradients, 1 - kBeta2);
      if (decay > 0) values.mul_(1 - rate * decay);
      values.addcdiv_(first, (second.sqrt() / std::sqrt(correction2)).add_(kEpsilon), -rate / correction1);
      slot.first.write(block, first, *signed_map_);
      slot.second.write(block, second, *unsigned_map_);
    };
    for (std::int64_t block = 0; block < num_whole; block += kBlocksAtOnce)
      update(block, std::min(kBlocksAtOnce, num_whole - block), kBlock);
    if (num_whole * kBlock < num_values) update(num_whole, 1, num_values - num_whole * kBlock);
  }

  std::vector<TrainedWeight> weights_;
  double weight_decay_;
  NamedStates states_;
  std::vector<Slot> slots_;
  std::optional<MapTensors> signed_map_, unsigned_map_;
};

}  // namespace

std::unique_ptr<Optimizer> make_adamw_8bit(std::vector<TrainedWeight> weights, double weight_decay) {
  return std::make_unique<AdamW8bit>(std::move(weights), weight_decay);
}

}  // namespace forgelm::engine
