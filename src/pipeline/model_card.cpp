#include "model_card.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <vector>

#include "forgelm/config/emit.hpp"
#include "forgelm/core/redact.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::pipeline {
namespace {

/// Sections that say nothing of the model: where to log in, whom to tell.
constexpr std::string_view kLeftOut[] = {"auth", "webhook", "monitoring", "synthetic"};

/// The rows of the table, as the reference's card has them.
constexpr std::string_view kParameters[] = {
    "training.trainer_type",
    "training.num_train_epochs",
    "training.max_steps",
    "training.per_device_train_batch_size",
    "training.learning_rate",
    "training.gradient_accumulation_steps",
    "training.warmup_ratio",
    "training.weight_decay",
    "training.packing",
    "model.max_length",
    "model.load_in_4bit",
    "lora.method",
    "lora.r",
    "lora.alpha",
    "lora.dropout",
    "lora.target_modules",
    "training.seed",
};

/// Text in a cell of a table: nothing in it ends the cell or begins markup.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n' || c == '\r') {
      out += ' ';
      continue;
    }
    if (std::string_view("\\`*_{}[]<>()#+!|~").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string shown(const Json& value) {
  return value.kind() == Json::Kind::text ? value.text() : config::to_yaml_scalar(value);
}

/// A fence that no line of the text ends.
std::string fenced(std::string_view language, const std::string& text) {
  std::string fence = "```";
  while (text.find(fence) != std::string::npos) fence += '`';
  return cat(fence, language, "\n", text, fence, "\n");
}

/// A path or name as a Python string.
std::string python_text(const std::string& text) { return dump(Json(text)); }

std::string usage(const ModelCard& card, const std::string& base) {
  const std::string folder = card.loaded.job.training.final_model_dir;
  if (!card.is_adapter)
    return cat("from transformers import AutoModelForCausalLM, AutoTokenizer\n\n",
               "model = AutoModelForCausalLM.from_pretrained(", python_text(folder), ")\n",
               "tokenizer = AutoTokenizer.from_pretrained(", python_text(folder), ")\n");
  return cat("from peft import PeftModel\nfrom transformers import AutoModelForCausalLM, AutoTokenizer\n\n",
             "base = AutoModelForCausalLM.from_pretrained(", python_text(base), ")\n",
             "model = PeftModel.from_pretrained(base, ", python_text(folder), ")\n",
             "tokenizer = AutoTokenizer.from_pretrained(", python_text(folder), ")\n");
}

std::vector<std::string> tags_of(const ModelCard& card) {
  const auto& job = card.loaded.job;
  std::vector<std::string> tags = {"forgelm", "fine-tuned"};
  if (job.lora.method != config::LoraMethod::none) {
    tags.push_back("lora");
    if (job.lora.method != config::LoraMethod::lora) tags.push_back(to_text(job.lora.method));
  }
  if (card.record.at("training").at("quantization").text() != "none") tags.push_back("qlora");
  tags.push_back(to_text(job.training.trainer_type));
  if (job.evaluation && job.evaluation->safety && job.evaluation->safety->enabled) tags.push_back("safety-evaluated");
  return tags;
}

void add_table(std::string& out, std::string_view left, std::string_view right,
               const std::vector<std::pair<std::string, std::string>>& rows) {
  out += cat("| ", left, " | ", right, " |\n|---|---|\n");
  for (const auto& [name, value] : rows) out += cat("| ", cell(name), " | ", cell(value), " |\n");
}

/// What the provider says of use and limits.
void add_purpose(std::string& out, const config::JobConfig& job) {
  if (!job.compliance) return;
  if (!job.compliance->intended_purpose.empty())
    out += cat("\n## Intended use\n\n", cell(job.compliance->intended_purpose), "\n");
  if (!job.compliance->known_limitations.empty())
    out += cat("\n## Limitations\n\n", cell(job.compliance->known_limitations), "\n");
}

}  // namespace

std::string model_card(const ModelCard& card) {
  const config::JobConfig& job = card.loaded.job;
  const std::string& base = job.model.name_or_path;
  Json front = Json::object({{"base_model", base},
                             {"library_name", card.is_adapter ? "peft" : "transformers"},
                             {"pipeline_tag", "text-generation"}});
  front.set("tags", Json::array_of(tags_of(card)));
  const std::string name = std::filesystem::path(config::final_model_path(job)).lexically_normal().filename().string();
  std::string out = cat("---\n", config::to_yaml(front), "---\n\n# ", cell(name), "\n\n",
                        card.is_adapter ? "An adapter for " : "A model fine-tuned from ", cell(base),
                        ", made by forgelm ", card.record.at("forgelm").at("version").text(), " in run ",
                        card.record.at("id").text(), ".\n\n## Training\n\n");
  std::vector<std::pair<std::string, std::string>> rows;
  for (const std::string_view path : kParameters)
    rows.emplace_back(std::string(path), shown(config::value_at(job, path)));
  const Json& training = card.record.at("training");
  for (const char* key : {"precision", "quantization", "device", "num_steps", "num_trained"})
    rows.emplace_back(key, shown(training.at(key)));
  add_table(out, "parameter", "value", rows);

  out += "\n## Data\n\n";
  rows.clear();
  for (const Json& source : card.record.at("data").at("sources").items())
    rows.emplace_back(source.at("name").text(), cat("sha256:", source.at("digest").text()));
  add_table(out, "source", "tokens", rows);
  const Json& chat = card.record.at("data").at("chat_template");
  out += cat("\nConversations are rendered by the chat template ", cell(chat.at("name").text()), " (",
             chat.at("origin").text(), ").\n\n## Result\n\n");
  rows.clear();
  for (const auto& [metric, value] : card.record.at("metrics").members())
    if (metric.find('/') == std::string::npos) rows.emplace_back(metric, shown(value));
  add_table(out, "metric", "value", rows);

  if (const Json* gates = card.record.find("gates"); gates != nullptr && !gates->items().empty()) {
    rows.clear();
    for (const Json& gate : gates->items())
      rows.emplace_back(gate.at("name").text(), cat(gate.at("verdict").text(), ": ", gate.at("detail").text()));
    out += "\n## Gates\n\n";
    add_table(out, "gate", "verdict", rows);
  }
  add_purpose(out, job);

  Json configuration = Json::object();
  const Json dumped = config::dump(card.loaded);
  for (const auto& [section, value] : dumped.members())
    if (!value.is_null() && std::find(std::begin(kLeftOut), std::end(kLeftOut), section) == std::end(kLeftOut))
      configuration.set(section, value);
  out += cat("\n## Configuration\n\n", config::config_hash(card.loaded), "\n\n",
             fenced("yaml", config::to_yaml(configuration)), "\n## Use\n\n", fenced("python", usage(card, base)));
  return redact(out);
}

}  // namespace forgelm::pipeline
