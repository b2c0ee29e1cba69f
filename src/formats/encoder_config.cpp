// What the families' configuration classes hold, with their defaults: a file
// need not state what it leaves as it is.
#include "forgelm/formats/encoder_config.hpp"

#include <charconv>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "json_fields.hpp"

namespace forgelm::formats {
namespace {

struct Architecture {
  std::string_view name;
  EncoderFamily family;
};

constexpr Architecture kArchitectures[] = {
    {"BertForTokenClassification", EncoderFamily::bert},
    {"DistilBertForTokenClassification", EncoderFamily::distilbert},
    {"RobertaForTokenClassification", EncoderFamily::roberta},
    {"XLMRobertaForTokenClassification", EncoderFamily::roberta},
    {"CamembertForTokenClassification", EncoderFamily::roberta},
};

constexpr std::int64_t kMaxSize = 1 << 24;

const Architecture& architecture_of(const JsonFields& config) {
  const std::vector<std::string> stated = config.texts("architectures");
  std::vector<std::string_view> known;
  for (const Architecture& architecture : kArchitectures) {
    for (const std::string& name : stated)
      if (name == architecture.name) return architecture;
    known.push_back(architecture.name);
  }
  config.fail("architectures", cat("not a token classifier that is known here (known: ", join(known, ", "), ")"),
              "a named-entity model is one that was fine-tuned to give each "
              "token a label");
}

std::vector<std::string> read_labels(const JsonFields& config) {
  const Json::Object& members = config.members("id2label");
  if (members.empty())
    config.fail("id2label", "it does not say what the labels are",
                "expected an object of numbers and labels: {\"0\": \"O\", "
                "\"1\": \"B-PER\", ...}");
  std::vector<std::string> labels(members.size());
  for (const auto& [key, label] : members) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), number);
    if (error != std::errc() || end != key.data() + key.size() || number >= labels.size() ||
        label.kind() != Json::Kind::text || label.text().empty() || !labels[number].empty())
      config.fail("id2label", cat("expected a label for each number from 0 to ", labels.size() - 1));
    labels[number] = label.text();
  }
  return labels;
}

void read_sizes(const JsonFields& config, EncoderConfig& out) {
  const bool is_distilled = out.family == EncoderFamily::distilbert;
  const auto size = [&](std::string_view key, std::int64_t absent) { return config.integer(key, absent, 1, kMaxSize); };
  out.vocab_size = size("vocab_size", out.family == EncoderFamily::roberta ? 50265 : 30522);
  out.hidden_size = size(is_distilled ? "dim" : "hidden_size", 768);
  out.num_layers = config.integer(is_distilled ? "n_layers" : "num_hidden_layers", is_distilled ? 6 : 12, 1, 1024);
  out.num_heads = size(is_distilled ? "n_heads" : "num_attention_heads", 12);
  out.intermediate_size = size(is_distilled ? "hidden_dim" : "intermediate_size", 3072);
  out.num_positions = size("max_position_embeddings", 512);
  out.num_token_types = is_distilled ? 0 : size("type_vocab_size", 2);
  if (out.hidden_size % out.num_heads != 0)
    config.fail(is_distilled ? "n_heads" : "num_attention_heads",
                cat("expected a divisor of the hidden size, ", out.hidden_size));
}

void refuse_other_forms(const JsonFields& config) {
  if (config.text("position_embedding_type", "absolute") != "absolute")
    config.fail("position_embedding_type", "only absolute positions are known here");
  if (config.boolean("is_decoder", false)) config.fail("is_decoder", "a token classifier reads both ways");
}

}  // namespace

EncoderConfig read_encoder_config(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "config.json";
  const auto raw = read_json_object_if_exists(path);
  if (!raw)
    throw ConfigError(cat(folder.string(), ": no config.json"),
                      "name the folder of a model in Hugging Face layout: "
                      "config.json, weights, tokenizer.json");
  const JsonFields config(*raw, path.string());
  const Architecture& architecture = architecture_of(config);
  EncoderConfig out;
  out.architecture = architecture.name;
  out.family = architecture.family;
  refuse_other_forms(config);
  read_sizes(config, out);
  const bool is_distilled = out.family == EncoderFamily::distilbert;
  // DistilBERT's is not configurable.
  out.norm_eps = is_distilled ? 1e-12 : config.real("layer_norm_eps", 1e-12, 0.0);
  out.activation = config.text(is_distilled ? "activation" : "hidden_act", "gelu");
  if (out.family == EncoderFamily::roberta) out.first_position = config.integer("pad_token_id", 1, 0, kMaxSize) + 1;
  if (out.max_tokens() < 3)
    config.fail("max_position_embeddings", "expected room for a token between the first and the last one");
  out.labels = read_labels(config);
  return out;
}

}  // namespace forgelm::formats
