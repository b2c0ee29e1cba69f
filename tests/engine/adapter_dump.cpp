// Our side of tools/golden/lora/check.py: adapters that we write, and what we make of adapters.
//   adapter_dump make MODEL OUT SEQUENCES [KEY=VALUE...]   a new adapter with random weights, saved into OUT
//   adapter_dump read MODEL OUT SEQUENCES                  the adapter in OUT
// SEQUENCES: "1,7,3;1,5". Keys are those of a job's `lora`; lists with commas. Both write OUT/logits.safetensors
// ("logits", "merged", "base": with the adapter, with it merged, without it) and the merged model into OUT/merged.
#include <cstdio>
#include <exception>
#include <map>
#include <string>

#include "engine/lora_support.hpp"
#include "engine/model/tensor_file.hpp"
#include "engine/nn/randomness.hpp"
#include "engine/torch.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"

using namespace forgelm;
using namespace forgelm::engine;

namespace {

test::Sequences sequences_of(const std::string& text) {
  test::Sequences out;
  for (const std::string& sequence : split(text, ';')) {
    out.emplace_back();
    for (const std::string& id : split(sequence, ',')) out.back().push_back(std::stoll(id));
  }
  return out;
}

config::LoraSection section_of(int count, char** options) {
  config::LoraSection lora;
  for (int i = 0; i < count; ++i) {
    const std::string option = options[i];
    const std::string key = option.substr(0, option.find('=')), value = option.substr(option.find('=') + 1);
    if (key == "r") lora.r = std::stoll(value);
    else if (key == "alpha") lora.alpha = std::stoll(value);
    else if (key == "dropout") lora.dropout = std::stod(value);
    else if (key == "num_layers") lora.num_layers = std::stoll(value);
    else if (key == "target_modules") lora.target_modules = split(value, ',');
    else if (key == "modules_to_save") lora.modules_to_save = split(value, ',');
    else if (key == "bias") lora.bias = from_text<config::LoraBias>(value).value();
    else if (key == "method") lora.method = from_text<config::LoraMethod>(value).value();
    else throw ConfigError(cat("no such key: ", key));
  }
  return lora;
}

/// Moves everything that is trained, so that a file without effect is found.
void disturb(DecoderModel& model) {
  const at::NoGradGuard no_grad;
  const Randomness randomness{7};
  model.visit_weights([&](const std::string& name, const WeightPtr& weight) {
    if (weight->is_trained)
      weight->value.add_(at::empty_like(weight->value).normal_(0, 0.1, randomness.generator(site_of(name), at::kCPU)));
  });
}

void run(int count, char** arguments) {
  if (count < 5) throw ConfigError("adapter_dump make|read MODEL OUT SEQUENCES [KEY=VALUE...]");
  const std::string action = arguments[1];
  const std::filesystem::path out = arguments[3];
  DecoderModel model = test::load(arguments[2]);
  if (action == "make") {
    const auto config = adapter_config_for(section_of(count - 5, arguments + 5), model, arguments[2]);
    add_lora(model, config, 42);
    disturb(model);
    std::filesystem::create_directories(out);
    save_adapter(model, config, out);
  } else {
    add_lora(model, formats::read_adapter_config(out), 42);
    load_adapter(model, out);
  }
  const at::NoGradGuard no_grad;
  const test::Sequences sequences = sequences_of(arguments[4]);
  NamedTensors tensors = {{"logits", test::logits_of(model, sequences)}};
  {
    const WithoutAdapters without(model);
    tensors.emplace_back("base", test::logits_of(model, sequences));
  }
  merge_adapters(model);
  tensors.emplace_back("merged", test::logits_of(model, sequences));
  write_tensor_file(out / "logits.safetensors", tensors);
  std::filesystem::create_directories(out / "merged");
  save_model(model, out / "merged", at::kFloat);
}

}  // namespace

int main(int count, char** arguments) {
  try {
    run(count, arguments);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "adapter_dump: %s\n", error.what());
    return 1;
  }
}
