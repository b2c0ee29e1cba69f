// Writing a model as transformers' save_pretrained() does: weights in the order of the layers, in one file or, beyond
// the limit, in shards that are filled greedily and an index that is written after them.
#include <algorithm>
#include <cstdio>
#include <map>
#include <utility>

#include "engine/model/load_model.hpp"
#include "engine/model/tensor_file.hpp"
#include "engine/model/tensor_names.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::engine {
namespace {

struct SavedTensor {
  formats::TensorInfo info;
  std::function<at::Tensor()> value;  ///< made when its turn comes: one dense matrix at a time
};

class ModelWriter {
 public:
  ModelWriter(DecoderModel& model, std::filesystem::path folder, at::ScalarType dtype)
      : model_(model), folder_(std::move(folder)), dtype_(dtype) {
    collect();
  }

  void write(std::uint64_t max_file_bytes) {
    const auto shards = split(max_file_bytes);
    if (shards.size() == 1) write_file("model.safetensors", shards.front());
    else write_shards(shards);
    write_file_durably(folder_ / "config.json", dump(config(), {.indent = 2, .ensure_ascii = false}) + "\n");
  }

 private:
  using Shard = std::vector<const SavedTensor*>;

  void add(const std::string& name, std::vector<std::int64_t> shape, std::function<at::Tensor()> value) {
    tensors_.push_back({{name, tensor_type_of(dtype_), std::move(shape)}, std::move(value)});
  }

  void add_linear(const LinearSlot& slot) {
    Linear* part = slot.part->get();
    add(slot.name + ".weight", {part->out_features(), part->in_features()}, [part] { return part->dense_weight(); });
    if (const WeightPtr bias = part->bias())
      add(slot.name + ".bias", bias->value.sizes().vec(), [bias] { return bias->value; });
  }

  /// Weights of slots are written as the slot's dense matrix; all others as they are.
  void collect() {
    const auto slots = model_.linear_slots();
    auto slot = slots.begin();
    is_tied_ = model_.config().ties_embeddings;
    model_.visit_weights([&](const std::string& name, const WeightPtr& weight) {
      const auto owner = std::find_if(slots.begin(), slots.end(), [&](const LinearSlot& candidate) {
        return name.size() > candidate.name.size() && name[candidate.name.size()] == '.' &&
               name.compare(0, candidate.name.size(), candidate.name) == 0;
      });
      if (owner == slots.end()) {
        add(name, weight->value.sizes().vec(), [weight] { return weight->value; });
      } else if (owner->name == "lm_head") {
        is_tied_ = false;  // a weight of its own: a head that was tied was exchanged or got an adapter
      } else if (owner == slot) {
        add_linear(*slot++);
      }
    });
    if (!is_tied_) add_linear(slots.back());
  }

  std::vector<Shard> split(std::uint64_t max_file_bytes) const {
    std::vector<Shard> shards(1);
    std::uint64_t bytes = 0;
    for (const auto& tensor : tensors_) {
      if (!shards.back().empty() && bytes + tensor.info.num_bytes() > max_file_bytes) {
        shards.emplace_back();
        bytes = 0;
      }
      shards.back().push_back(&tensor);
      bytes += tensor.info.num_bytes();
    }
    return shards;
  }

  void write_file(const std::string& name, const Shard& shard) const {
    std::vector<formats::TensorInfo> infos;
    std::map<std::string, const SavedTensor*> by_name;
    for (const SavedTensor* tensor : shard) {
      infos.push_back(tensor->info);
      by_name[tensor->info.name] = tensor;
    }
    formats::SafetensorsWriter writer(folder_ / name, std::move(infos));
    for (const auto& info : std::vector<formats::TensorInfo>(writer.order())) {
      const at::Tensor value = by_name.at(info.name)->value().detach().to(at::kCPU).to(dtype_).contiguous();
      writer.write({static_cast<const char*>(value.const_data_ptr()), value.nbytes()});
    }
    writer.commit();
  }

  void write_shards(const std::vector<Shard>& shards) const {
    std::uint64_t bytes = 0, count = 0;
    std::map<std::string, std::string> places;
    for (std::size_t i = 0; i < shards.size(); ++i) {
      char name[64];
      std::snprintf(name, sizeof name, "model-%05zu-of-%05zu.safetensors", i + 1, shards.size());
      write_file(name, shards[i]);
      for (const SavedTensor* tensor : shards[i]) {
        places[tensor->info.name] = name;
        bytes += tensor->info.num_bytes();
        count += tensor->info.num_bytes() / formats::size_of(tensor->info.type);
      }
    }
    Json weight_map = Json::object();
    for (const auto& [tensor, file] : places) weight_map.set(tensor, file);
    const Json index = Json::object(
        {{"metadata", Json::object({{"total_parameters", count}, {"total_size", bytes}})}, {"weight_map", weight_map}});
    write_file_durably(folder_ / "model.safetensors.index.json", dump(index, {.indent = 2}) + "\n");
  }

  Json config() const {
    Json config = model_.config().raw;
    const std::string dtype = to_text(tensor_type_of(dtype_));
    // transformers writes `dtype` from 4.56 on, and read `torch_dtype` before.
    if (config.find("torch_dtype") != nullptr) config.set("torch_dtype", dtype);
    if (config.find("torch_dtype") == nullptr || config.find("dtype") != nullptr) config.set("dtype", dtype);
    if (is_tied_ != model_.config().ties_embeddings) config.set("tie_word_embeddings", is_tied_);
    return config;
  }

  DecoderModel& model_;
  const std::filesystem::path folder_;
  const at::ScalarType dtype_;
  std::vector<SavedTensor> tensors_;
  bool is_tied_ = false;
};

}  // namespace

void save_model(DecoderModel& model, const std::filesystem::path& folder, at::ScalarType dtype,
                std::uint64_t max_file_bytes) {
  ModelWriter(model, folder, dtype).write(max_file_bytes);
}

}  // namespace forgelm::engine
