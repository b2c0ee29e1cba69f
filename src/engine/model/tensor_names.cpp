#include "engine/model/tensor_names.hpp"

#include <algorithm>
#include <set>

#include "engine/model/tensor_file.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::engine {
namespace {

using formats::ModelConfig;
using formats::SafetensorsReader;
using formats::TensorInfo;
using formats::TensorType;

bool is_floating(TensorType type) {
  return type == TensorType::float32 || type == TensorType::bfloat16 || type == TensorType::float16 ||
         type == TensorType::float64;
}

/// What transformers leaves out too.
bool is_ignored(const std::string& name, const ModelConfig& config) {
  constexpr std::string_view kAngles = ".rotary_emb.inv_freq";
  return (config.ties_embeddings && name == kHeadName) ||
         (name.size() > kAngles.size() && name.compare(name.size() - kAngles.size(), kAngles.size(), kAngles) == 0);
}

void add_linear(std::vector<ExpectedTensor>& out, const std::string& slot, std::int64_t rows, std::int64_t columns,
                bool has_bias) {
  out.push_back({slot + ".weight", {rows, columns}});
  if (has_bias) out.push_back({slot + ".bias", {rows}});
}

std::vector<std::string> problems_of(const SafetensorsReader& file, const ModelConfig& config) {
  std::vector<std::string> problems;
  std::set<std::string> expected;
  for (const auto& tensor : expected_tensors(config)) {
    expected.insert(tensor.name);
    const TensorInfo* info = file.find(tensor.name);
    if (info == nullptr) problems.push_back(cat("tensor ", tensor.name, " is missing"));
    else if (info->shape != tensor.shape)
      problems.push_back(cat("tensor ", tensor.name, " has shape ", shape_text(info->shape), ", and config.json says ",
                             shape_text(tensor.shape)));
    else if (!is_floating(info->type))
      problems.push_back(cat("tensor ", tensor.name, " is of type ", to_text(info->type),
                             ", and weights are float32, bfloat16, float16 or float64"));
  }
  for (const auto& info : file.tensors())
    if (expected.count(info.name) == 0 && !is_ignored(info.name, config))
      problems.push_back(cat("tensor ", info.name, " is left over: a model of this config.json has none of this name"));
  return problems;
}

}  // namespace

std::vector<ExpectedTensor> expected_tensors(const ModelConfig& config) {
  const std::int64_t d = config.hidden_size, f = config.intermediate_size;
  const std::int64_t queries = config.num_heads * config.head_dim, keys = config.num_key_value_heads * config.head_dim;
  std::vector<ExpectedTensor> out = {{kEmbeddingName, {config.vocab_size, d}}};
  for (std::int64_t i = 0; i < config.num_layers; ++i) {
    const std::string block = cat("model.layers.", i, ".");
    out.push_back({block + "input_layernorm.weight", {d}});
    add_linear(out, block + "self_attn.q_proj", queries, d, config.has_attention_bias);
    add_linear(out, block + "self_attn.k_proj", keys, d, config.has_attention_bias);
    add_linear(out, block + "self_attn.v_proj", keys, d, config.has_attention_bias);
    add_linear(out, block + "self_attn.o_proj", d, queries, config.has_output_bias);
    add_linear(out, block + "mlp.gate_proj", f, d, config.has_mlp_bias);
    add_linear(out, block + "mlp.up_proj", f, d, config.has_mlp_bias);
    add_linear(out, block + "mlp.down_proj", d, f, config.has_mlp_bias);
    out.push_back({block + "post_attention_layernorm.weight", {d}});
  }
  out.push_back({"model.norm.weight", {d}});
  if (!config.ties_embeddings) out.push_back({kHeadName, {config.vocab_size, d}});
  return out;
}

void require_tensors(const SafetensorsReader& file, const ModelConfig& config, const std::string& place) {
  const auto problems = problems_of(file, config);
  if (problems.empty()) return;
  const std::size_t others = problems.size() - 1;
  throw ConfigError(cat(place, " and config.json do not fit: ", problems.front(),
                        others == 0 ? "" : cat(" (and ", others, others == 1 ? " more problem)" : " more problems)")),
                    "the folder must hold one whole model: config.json and its weights");
}

}  // namespace forgelm::engine
