// Shapes: B texts of T tokens, D numbers a token, H heads, L labels.
#include "engine/encoder/encoder.hpp"

#include <string>
#include <utility>

#include "engine/model/tensor_file.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::engine {
namespace {

/// Where a family keeps its weights; those of a layer behind
/// "<layers>.<number>.".
struct Names {
  std::string_view root;  ///< before all but the head
  std::string_view layers;
  std::string_view query, key, value, out, attention_norm, up, down, output_norm;
};

constexpr Names kBertNames = {"bert",
                              "encoder.layer",
                              "attention.self.query",
                              "attention.self.key",
                              "attention.self.value",
                              "attention.output.dense",
                              "attention.output.LayerNorm",
                              "intermediate.dense",
                              "output.dense",
                              "output.LayerNorm"};

Names names_of(formats::EncoderFamily family) {
  Names names = kBertNames;
  if (family == formats::EncoderFamily::roberta) names.root = "roberta";
  if (family == formats::EncoderFamily::distilbert)
    names = {"distilbert",        "transformer.layer", "attention.q_lin", "attention.k_lin", "attention.v_lin",
             "attention.out_lin", "sa_layer_norm",     "ffn.lin1",        "ffn.lin2",        "output_layer_norm"};
  return names;
}

}  // namespace

class Encoder::Reader {
 public:
  Reader(const std::filesystem::path& folder, at::Device device)
      : place_(folder.string()), device_(device), file_(formats::SafetensorsReader::open_folder(folder)) {}

  at::Tensor tensor(const std::string& name, std::vector<std::int64_t> shape) {
    const formats::TensorInfo* info = file_.find(name);
    // Files from before PyTorch call the parts of a norm by other names.
    if (info == nullptr && name.ends_with("LayerNorm.weight")) info = file_.find(old_name(name, "gamma"));
    if (info == nullptr && name.ends_with("LayerNorm.bias")) info = file_.find(old_name(name, "beta"));
    if (info == nullptr) fail(cat("tensor ", name, " is missing"));
    if (info->shape != shape)
      fail(cat("tensor ", name, " has shape ", shape_text(info->shape), ", and config.json says ", shape_text(shape)));
    if (!at::isFloatingType(scalar_type_of(info->type)))
      fail(cat("tensor ", name, " is of type ", to_text(info->type), ", and weights are floating"));
    at::Tensor copy = view_tensor(file_, info->name)
                          .to(at::TensorOptions().device(device_).dtype(at::kFloat),
                              /*non_blocking=*/false,
                              /*copy=*/true);
    file_.release_pages(info->name);
    num_weights_ += static_cast<std::uint64_t>(copy.numel());
    return copy;
  }

  Part norm(const std::string& slot, std::int64_t size) {
    return {tensor(slot + ".weight", {size}), tensor(slot + ".bias", {size})};
  }

  Part linear(const std::string& slot, std::int64_t rows, std::int64_t columns) {
    return {tensor(slot + ".weight", {rows, columns}), tensor(slot + ".bias", {rows})};
  }

  std::uint64_t num_weights() const noexcept { return num_weights_; }

 private:
  static std::string old_name(const std::string& name, std::string_view last) {
    return name.substr(0, name.rfind('.') + 1).append(last);
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw ConfigError(cat(place_, ": weights and config.json do not fit: ", what),
                      "the folder must hold one whole model: config.json and its weights");
  }

  std::string place_;
  at::Device device_;
  formats::SafetensorsReader file_;
  std::uint64_t num_weights_ = 0;
};

Encoder::Encoder(const std::filesystem::path& folder, formats::EncoderConfig config, at::Device device)
    : config_(std::move(config)), device_(device), activation_(activation_of(config_.activation)) {
  const at::NoGradGuard no_graph;
  const Names names = names_of(config_.family);
  const std::int64_t d = config_.hidden_size, f = config_.intermediate_size;
  Reader reader(folder, device);
  const std::string embeddings = cat(names.root, ".embeddings.");
  words_ = reader.tensor(embeddings + "word_embeddings.weight", {config_.vocab_size, d});
  positions_ = reader.tensor(embeddings + "position_embeddings.weight", {config_.num_positions, d});
  // A text alone is of the first type.
  if (config_.num_token_types > 0)
    token_type_ = reader.tensor(embeddings + "token_type_embeddings.weight", {config_.num_token_types, d})[0].clone();
  embedding_norm_ = reader.norm(embeddings + "LayerNorm", d);
  for (std::int64_t i = 0; i < config_.num_layers; ++i) {
    const auto slot = [&](std::string_view part) { return cat(names.root, ".", names.layers, ".", i, ".", part); };
    Layer layer;
    const Part q = reader.linear(slot(names.query), d, d), k = reader.linear(slot(names.key), d, d),
               v = reader.linear(slot(names.value), d, d);
    layer.qkv = {at::cat({q.weight, k.weight, v.weight}), at::cat({q.bias, k.bias, v.bias})};
    layer.out = reader.linear(slot(names.out), d, d);
    layer.attention_norm = reader.norm(slot(names.attention_norm), d);
    layer.up = reader.linear(slot(names.up), f, d);
    layer.down = reader.linear(slot(names.down), d, f);
    layer.output_norm = reader.norm(slot(names.output_norm), d);
    layers_.push_back(std::move(layer));
  }
  head_ = reader.linear("classifier", static_cast<std::int64_t>(config_.labels.size()), d);
  num_weights_ = reader.num_weights();
}

at::Tensor Encoder::norm(const Part& part, const at::Tensor& x) const {
  return at::layer_norm(x, {config_.hidden_size}, part.weight, part.bias, config_.norm_eps);
}

at::Tensor Encoder::embed(const at::Tensor& ids_BT) const {
  at::Tensor x_BTD = at::embedding(words_, ids_BT);
  if (token_type_.defined()) x_BTD = x_BTD + token_type_;
  const std::int64_t first = config_.first_position;
  return norm(embedding_norm_, x_BTD + positions_.slice(0, first, first + ids_BT.size(1)));
}

at::Tensor Encoder::attend(const Layer& layer, const at::Tensor& x_BTD, const at::Tensor& seen_B11T) const {
  const std::int64_t batch = x_BTD.size(0), length = x_BTD.size(1), heads = config_.num_heads;
  const at::Tensor qkv_3BHTE = at::linear(x_BTD, layer.qkv.weight, layer.qkv.bias)
                                   .view({batch, length, 3, heads, config_.hidden_size / heads})
                                   .permute({2, 0, 3, 1, 4});
  const at::Tensor mixed_BHTE = at::scaled_dot_product_attention(qkv_3BHTE[0], qkv_3BHTE[1], qkv_3BHTE[2], seen_B11T);
  return at::linear(mixed_BHTE.transpose(1, 2).reshape({batch, length, config_.hidden_size}), layer.out.weight,
                    layer.out.bias);
}

at::Tensor Encoder::logits(const at::Tensor& ids_BT, const std::vector<std::int64_t>& lengths) const {
  const at::NoGradGuard no_graph;
  const std::int64_t length = ids_BT.size(1);
  const at::Tensor lengths_B = at::tensor(at::ArrayRef<std::int64_t>(lengths), at::kLong);
  const at::Tensor seen_BT = at::arange(length).unsqueeze(0) < lengths_B.unsqueeze(1);
  const at::Tensor seen_B11T = seen_BT.to(device_).unsqueeze(1).unsqueeze(1).expand({-1, 1, length, -1});
  at::Tensor x_BTD = embed(ids_BT.to(device_));
  for (const Layer& layer : layers_) {
    x_BTD = norm(layer.attention_norm, x_BTD + attend(layer, x_BTD, seen_B11T));
    const at::Tensor inner_BTF = activation_(at::linear(x_BTD, layer.up.weight, layer.up.bias));
    x_BTD = norm(layer.output_norm, x_BTD + at::linear(inner_BTF, layer.down.weight, layer.down.bias));
  }
  return at::linear(x_BTD, head_.weight, head_.bias);
}

}  // namespace forgelm::engine
