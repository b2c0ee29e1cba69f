#include "engine/training/trained_model.hpp"

#include <algorithm>
#include <set>

#include "engine/adapters/lora.hpp"
#include "engine/model/load_model.hpp"
#include "engine/model/tensor_file.hpp"
#include "engine/quantization/four_bit.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::engine {
namespace {

namespace fs = std::filesystem;

bool trains_all(const config::JobConfig& job) { return job.lora.method == config::LoraMethod::none; }

formats::ModelConfig model_config_for(const config::JobConfig& job, const fs::path& folder) {
  formats::ModelConfig config = formats::read_model_config(folder);
  if (job.training.rope_scaling) formats::override_rope(config, *job.training.rope_scaling);
  if (job.training.sliding_window_attention) config.sliding_window = *job.training.sliding_window_attention;
  return config;
}

/// Numbers of the model, each counted once, in whatever form they are held.
std::uint64_t count_weights(DecoderModel& model) {
  std::uint64_t sum = 0;
  std::set<std::string, std::less<>> slots;
  for (const LinearSlot& slot : model.linear_slots()) {
    const bool is_tied = slot.layer < 0 && model.config().ties_embeddings;
    if (is_tied) continue;
    slots.insert(slot.name);
    sum += static_cast<std::uint64_t>((*slot.part)->in_features() * (*slot.part)->out_features());
    if (const auto bias = (*slot.part)->bias()) sum += static_cast<std::uint64_t>(bias->value.numel());
  }
  const auto is_of_slot = [&](const std::string& name) {
    for (std::size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1))
      if (slots.contains(std::string_view(name).substr(0, dot))) return true;
    return false;
  };
  model.visit_weights([&](const std::string& name, const WeightPtr& weight) {
    if (!is_of_slot(name)) sum += static_cast<std::uint64_t>(weight->value.numel());
  });
  return sum;
}

/// Where the adapter to go on with stands; nothing when it starts fresh.
std::optional<fs::path> adapter_folder_of(const std::optional<fs::path>& checkpoint,
                                          const std::optional<fs::path>& of_model) {
  if (!checkpoint) return of_model;
  if (!fs::exists(*checkpoint / "adapter_config.json"))
    throw ConfigError(cat("the checkpoint ", checkpoint->native(), " holds no adapter, and the job trains one"),
                      "set lora.method: none to go on training all weights");
  return checkpoint;
}

/// What an adapter that is there brings and the job says otherwise.
void note_differences(const formats::AdapterConfig& asked, const formats::AdapterConfig& there,
                      std::vector<std::string>& notes) {
  const auto note = [&](const char* key, const auto& of_job, const auto& of_adapter) {
    if (of_job != of_adapter)
      notes.push_back(cat("the adapter is continued as it is: its ", key, " is ", of_adapter, ", not ", of_job));
  };
  note("r", asked.r, there.r);
  note("alpha", asked.alpha, there.alpha);
  note("bias", asked.bias, there.bias);
  note("use_rslora", asked.use_rslora, there.use_rslora);
  note("target_modules", join(asked.target_modules, ", "),
       there.target_pattern ? *there.target_pattern : join(there.target_modules, ", "));
  note("modules_to_save", join(asked.modules_to_save, ", "), join(there.modules_to_save, ", "));
}

void put_in_adapter(const config::JobConfig& job, const std::optional<fs::path>& checkpoint,
                    const std::optional<fs::path>& of_model, TrainedModel& out) {
  const auto folder = adapter_folder_of(checkpoint, of_model);
  formats::AdapterConfig config = adapter_config_for(job.lora, out.model, job.model.name_or_path);
  if (folder) {
    formats::AdapterConfig there = formats::read_adapter_config(*folder);
    note_differences(config, there, out.notes);
    there.dropout = job.lora.dropout;  // a matter of training, not of what was learnt
    if (!of_model) there.base_model = job.model.name_or_path;
    config = std::move(there);
  }
  add_lora(out.model, config, static_cast<std::uint64_t>(job.training.seed));
  if (folder) load_adapter(out.model, *folder);
  out.adapter = std::move(config);
}

/// Where the weights to train all of stand: the checkpoint's own, or the model's.
fs::path folder_of_all_weights(const std::optional<fs::path>& checkpoint, const fs::path& base) {
  if (!checkpoint) return base;
  if (fs::exists(*checkpoint / "adapter_config.json"))
    throw ConfigError(cat("the checkpoint ", checkpoint->native(), " holds an adapter, and the job trains all weights"),
                      "resume with the lora section of the run that wrote it");
  return *checkpoint;
}

void train_all_weights(const config::JobConfig& job, const std::optional<fs::path>& adapter_of_model,
                       TrainedModel& out) {
  if (job.model.load_in_4bit)
    out.notes.push_back("model.load_in_4bit has no effect: all weights are trained, in float32");
  if (adapter_of_model) {
    add_lora(out.model, formats::read_adapter_config(*adapter_of_model), 0);
    load_adapter(out.model, *adapter_of_model);
    merge_adapters(out.model);
    out.notes.push_back("the adapter is merged into the weights, which are all trained");
  }
  out.model.visit_weights([](const std::string&, const WeightPtr& weight) { set_trained(*weight); });
}

}  // namespace

TrainedModel open_trained_model(const config::JobConfig& job, at::Device device, at::ScalarType dtype,
                                const std::optional<fs::path>& weights_from) {
  const formats::ModelFolders folders = formats::find_model_folders(job.model.name_or_path);
  const formats::ModelConfig config = model_config_for(job, folders.base);
  const bool all = trains_all(job);
  LoadModelOptions options;
  options.device = device;
  options.dtype = dtype;
  std::string quantization = "none";
  if (job.model.load_in_4bit && !all) {
    const bool is_nf4 = job.model.bnb_4bit_quant_type == config::QuantType::nf4;
    quantization = to_text(job.model.bnb_4bit_quant_type);
    const FourBitOptions four_bit = {is_nf4 ? FourBitKind::nf4 : FourBitKind::fp4, job.model.bnb_4bit_use_double_quant,
                                     resolve_compute_dtype(job.model.bnb_4bit_compute_dtype, dtype)};
    options.make_linear = four_bit_maker(four_bit, device, dtype);
  }
  if (all) options.weight_dtype = at::kFloat;
  const fs::path folder = all ? folder_of_all_weights(weights_from, folders.base) : folders.base;
  TrainedModel out{load_model(folder, config, options), std::nullopt, quantization, 0, {}};
  out.num_weights = count_weights(out.model);
  if (all) train_all_weights(job, weights_from ? std::nullopt : folders.adapter, out);
  else put_in_adapter(job, weights_from, folders.adapter, out);
  return out;
}

void save_trained_weights(TrainedModel& trained, const fs::path& folder) {
  if (trained.adapter) save_adapter(trained.model, *trained.adapter, folder);
  else save_model(trained.model, folder, at::kFloat);
}

void load_trained_weights(TrainedModel& trained, const fs::path& folder) {
  if (trained.adapter) {
    load_adapter(trained.model, folder);
    return;
  }
  const at::NoGradGuard no_grad;
  const auto file = formats::SafetensorsReader::open_folder(folder);
  std::set<std::string> left;
  for (const auto& info : file.tensors()) left.insert(info.name);
  trained.model.visit_weights([&](const std::string& name, const WeightPtr& weight) {
    const formats::TensorInfo* info = file.find(name);
    if (info == nullptr) throw ConfigError(cat(folder.native(), " has no tensor ", name));
    if (at::IntArrayRef(info->shape) != weight->value.sizes())
      throw ConfigError(cat(name, " in ", folder.native(), " is of shape ", shape_text(info->shape),
                            ", and the model's is ", shape_text(weight->value.sizes())));
    weight->value.copy_(view_tensor(file, name));
    file.release_pages(name);
    left.erase(name);
  });
  if (trained.model.config().ties_embeddings) left.erase("lm_head.weight");  // some writers repeat the embedding
  if (!left.empty()) throw ConfigError(cat(folder.native(), " has a tensor that the model lacks: ", *left.begin()));
}

}  // namespace forgelm::engine
