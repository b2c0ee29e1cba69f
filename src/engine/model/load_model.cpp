// Reading a model: names and shapes are compared before the first weight is read; then one tensor after the other goes
// from the mapped file to its place, and its pages are given back.
#include "engine/model/load_model.hpp"

#include <utility>

#include "engine/model/tensor_file.hpp"
#include "engine/model/tensor_names.hpp"
#include "engine/nn/decoder_parts.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::engine {
namespace {

class Loader {
 public:
  Loader(const std::filesystem::path& folder, const formats::ModelConfig& config, const LoadModelOptions& options)
      : config_(config), options_(options), file_(formats::SafetensorsReader::open_folder(folder)) {
    const bool is_single = std::filesystem::exists(folder / "model.safetensors");
    require_tensors(file_, config_,
                    (folder / (is_single ? "model.safetensors" : "model.safetensors.index.json")).string());
  }

  std::unique_ptr<DecoderModel::Parts> parts() {
    Rope rope(config_.rope, config_.head_dim, config_.max_positions, options_.device);
    Embedding embedding(weight(kEmbeddingName));
    std::vector<DecoderBlock> blocks;
    for (std::int64_t i = 0; i < config_.num_layers; ++i) blocks.push_back(block(cat("model.layers.", i)));
    RmsNorm norm(weight("model.norm.weight"), config_.rms_norm_eps);
    auto head =
        std::make_unique<DenseLinear>(config_.ties_embeddings ? embedding.weight() : weight(kHeadName), nullptr);
    return std::make_unique<DecoderModel::Parts>(
        DecoderModel::Parts{config_, options_.device, options_.dtype, std::move(rope), std::move(embedding),
                            std::move(blocks), std::move(norm), std::move(head)});
  }

 private:
  WeightPtr weight(const std::string& name) {
    auto result = std::make_shared<Weight>();
    result->value =
        view_tensor(file_, name)
            .to(at::TensorOptions().device(options_.device).dtype(options_.weight_dtype.value_or(options_.dtype)),
                /*non_blocking=*/false, /*copy=*/true);
    file_.release_pages(name);
    return result;
  }

  std::unique_ptr<Linear> linear(const std::string& slot, bool has_bias) {
    const std::string weight_name = slot + ".weight", bias_name = slot + ".bias";
    if (options_.make_linear == nullptr)
      return std::make_unique<DenseLinear>(weight(weight_name), has_bias ? weight(bias_name) : nullptr);
    auto part = options_.make_linear(slot, view_tensor(file_, weight_name),
                                     has_bias ? view_tensor(file_, bias_name) : at::Tensor());
    file_.release_pages(weight_name);
    if (has_bias) file_.release_pages(bias_name);
    return part;
  }

  DecoderBlock block(const std::string& name) {
    DecoderBlock block{name, RmsNorm(weight(name + ".input_layernorm.weight"), config_.rms_norm_eps),
                       Attention(name + ".self_attn", {config_.num_heads, config_.num_key_value_heads, config_.head_dim,
                                                       config_.attention_dropout}),
                       RmsNorm(weight(name + ".post_attention_layernorm.weight"), config_.rms_norm_eps),
                       Mlp(activation_of(config_.activation))};
    const std::string attention = name + ".self_attn.", mlp = name + ".mlp.";
    block.attention.q_proj = linear(attention + "q_proj", config_.has_attention_bias);
    block.attention.k_proj = linear(attention + "k_proj", config_.has_attention_bias);
    block.attention.v_proj = linear(attention + "v_proj", config_.has_attention_bias);
    block.attention.o_proj = linear(attention + "o_proj", config_.has_output_bias);
    block.mlp.gate_proj = linear(mlp + "gate_proj", config_.has_mlp_bias);
    block.mlp.up_proj = linear(mlp + "up_proj", config_.has_mlp_bias);
    block.mlp.down_proj = linear(mlp + "down_proj", config_.has_mlp_bias);
    return block;
  }

  const formats::ModelConfig& config_;
  const LoadModelOptions& options_;
  formats::SafetensorsReader file_;
};

}  // namespace

DecoderModel load_model(const std::filesystem::path& folder, const formats::ModelConfig& config,
                        const LoadModelOptions& options) {
  return DecoderModel(Loader(folder, config, options).parts());
}

}  // namespace forgelm::engine
