// Llama 1 to 3 and what is built alike: RMSNorm before each half, rotary positions, grouped keys and values, gated MLP.
// Defaults are those of transformers' LlamaConfig.
#include <algorithm>
#include <array>
#include <limits>

#include "forgelm/core/text.hpp"
#include "forgelm/formats/model_config.hpp"
#include "formats/json_fields.hpp"
#include "formats/rope_config.hpp"

namespace forgelm::formats {
extern const ModelFamily model_family_llama;

namespace {

constexpr std::int64_t kMaxSize = std::numeric_limits<std::int32_t>::max();  // a product of two fits 64 bits

/// Keys that change the mathematics of families near to this one; a Llama has none of them.
constexpr std::array<std::string_view, 12> kForeign = {"attn_logit_softcapping",
                                                       "final_logit_softcapping",
                                                       "logits_scaling",
                                                       "logit_scale",
                                                       "residual_multiplier",
                                                       "attention_multiplier",
                                                       "embedding_multiplier",
                                                       "use_qk_norm",
                                                       "clip_qkv",
                                                       "no_rope_layers",
                                                       "num_local_experts",
                                                       "num_experts"};

bool is_neutral(const Json& value) {
  if (value.kind() == Json::Kind::boolean) return !value.boolean();
  if (value.kind() == Json::Kind::array) return value.items().empty();
  return value.is_number() && (value.real() == 0 || value.real() == 1);
}

void refuse_foreign(const JsonFields& config) {
  for (const std::string_view key : kForeign)
    if (const Json* value = config.find(key); value != nullptr && !is_neutral(*value))
      config.fail(key, "the family llama has no such part");
  for (const std::string& type : config.texts("layer_types"))
    if (type != "full_attention") config.fail("layer_types", "the family llama has full_attention alone");
  const auto architectures = config.texts("architectures");
  const auto is_known = [](const std::string& name) { return equals_ignoring_ascii_case(name, "LlamaForCausalLM"); };
  if (!architectures.empty() && std::none_of(architectures.begin(), architectures.end(), is_known))
    config.fail("architectures", "expected LlamaForCausalLM: a language model with its head");
}

void read_sizes(const JsonFields& config, ModelConfig& out) {
  const auto size = [&config](std::string_view key, std::int64_t absent) {
    return config.integer(key, absent, 1, kMaxSize);
  };
  out.vocab_size = size("vocab_size", 32000);
  out.hidden_size = size("hidden_size", 4096);
  out.intermediate_size = size("intermediate_size", 11008);
  out.num_layers = config.integer("num_hidden_layers", 32, 1, 100'000);
  out.num_heads = size("num_attention_heads", 32);
  out.num_key_value_heads = size("num_key_value_heads", out.num_heads);
  out.max_positions = size("max_position_embeddings", 2048);
  if (out.hidden_size % out.num_heads != 0)
    config.fail("hidden_size", cat("not a multiple of num_attention_heads, which is ", out.num_heads));
  if (out.num_heads % out.num_key_value_heads != 0)
    config.fail("num_attention_heads",
                cat("not a multiple of num_key_value_heads, which is ", out.num_key_value_heads));
  out.head_dim = size("head_dim", out.hidden_size / out.num_heads);
  if (out.head_dim % 2 != 0)
    config.fail("head_dim", cat("rotary positions turn pairs, and a head has ", out.head_dim, " numbers"));
}

std::string read_activation(const JsonFields& config) {
  static constexpr std::array<std::string_view, 5> kKnown = {"silu", "gelu", "gelu_new", "gelu_pytorch_tanh", "relu"};
  std::string name = config.text("hidden_act", "silu");
  if (name == "swish") name = "silu";
  if (std::find(kKnown.begin(), kKnown.end(), name) == kKnown.end())
    config.fail("hidden_act", cat("this activation is not known (known: ", join(kKnown, ", "), ")"));
  return name;
}

void read(const Json& json, const std::filesystem::path& path, ModelConfig& out) {
  const JsonFields config(json, path.string());
  refuse_foreign(config);
  read_sizes(config, out);
  out.rms_norm_eps = config.real("rms_norm_eps", 1e-6, 0.0);
  out.activation = read_activation(config);
  out.has_attention_bias = out.has_output_bias = config.boolean("attention_bias", false);
  out.has_mlp_bias = config.boolean("mlp_bias", false);
  out.ties_embeddings = config.boolean("tie_word_embeddings", false);
  out.attention_dropout = config.real("attention_dropout", 0.0);
  if (out.attention_dropout < 0 || out.attention_dropout >= 1)
    config.fail("attention_dropout", "expected a number from 0 to below 1");
  out.rope = read_rope(config, out.head_dim, out.max_positions);
  if (out.rope.partial_rotary_factor != 1) config.fail("partial_rotary_factor", "the family llama turns whole heads");
  out.bos_ids = {1};
  out.eos_ids = {2};
}

}  // namespace

const ModelFamily model_family_llama = {.model_type = "llama", .read = read};

}  // namespace forgelm::formats
