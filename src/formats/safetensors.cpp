// The reader: mapped files, and one table of tensors over all of them.
#include "forgelm/formats/safetensors.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "forgelm/core/error.hpp"
#include "forgelm/core/mapped_file.hpp"
#include "forgelm/core/text.hpp"
#include "safetensors_header.hpp"

namespace forgelm::formats {

namespace fs = std::filesystem;

struct SafetensorsReader::Impl {
  struct Place {
    std::uint32_t file = 0;
    std::uint64_t offset = 0;
    std::uint64_t size_bytes = 0;
  };
  std::vector<MappedFile> files;
  std::vector<TensorInfo> tensors;
  std::vector<Place> places;           ///< of each tensor
  std::vector<std::uint32_t> by_name;  ///< indices into tensors
  std::map<std::string, std::string> metadata;

  /// Adds the tensors of `path`. by_name is then that of the file alone.
  void add(const fs::path& path) {
    MappedFile file = MappedFile::open(path);
    auto header = read_safetensors_header(file.bytes());
    if (!header)
      throw ConfigError(cat(path.string(), ": not a whole safetensors file: ", header.error().message),
                        "the file was cut short or is of another kind; fetch or write it again");
    const auto index = static_cast<std::uint32_t>(files.size());
    if (files.empty()) metadata = std::move(header->metadata);
    for (std::size_t i = 0; i < header->tensors.size(); ++i) {
      places.push_back({index, header->offsets[i], header->tensors[i].num_bytes()});
      tensors.push_back(std::move(header->tensors[i]));
    }
    by_name = std::move(header->by_name);
    files.push_back(std::move(file));
  }

  std::optional<std::uint32_t> index_of(std::string_view name) const {
    const auto found =
        std::lower_bound(by_name.begin(), by_name.end(), name,
                         [this](std::uint32_t i, std::string_view key) { return tensors[i].name < key; });
    if (found == by_name.end() || tensors[*found].name != name) return std::nullopt;
    return *found;
  }
};

namespace {

/// Weights that only Python's pickle reads, by name.
std::vector<std::string> pickled_weights(const fs::path& folder) {
  static const std::set<std::string> kOthers = {"training_args.bin", "optimizer.bin", "optimizer.pt",
                                                "scheduler.pt",      "scheduler.bin", "scaler.pt"};
  std::vector<std::string> out;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string(), extension = entry.path().extension().string();
    const bool is_pickle = extension == ".bin" || extension == ".pt" || extension == ".pth" || extension == ".ckpt";
    if (is_pickle && kOthers.count(name) == 0 && name.substr(0, 9) != "rng_state") out.push_back(name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

[[noreturn]] void fail_without_weights(const fs::path& folder, const std::string& stem) {
  if (!fs::is_directory(folder)) throw ConfigError(cat("there is no folder ", quote(folder.string())));
  std::string message =
      cat(folder.string(), ": no weights: neither ", stem, ".safetensors nor ", stem, ".safetensors.index.json");
  std::vector<std::string> pickled = pickled_weights(folder);
  if (pickled.empty()) throw ConfigError(message, "name the folder that holds the weights in safetensors files, whole");
  constexpr std::size_t kShown = 5;
  const std::string more = pickled.size() > kShown ? cat(" and ", pickled.size() - kShown, " more") : "";
  pickled.resize(std::min(pickled.size(), kShown));
  throw ConfigError(cat(message, "; ", join(pickled, ", "), more,
                        " hold pickled Python objects, which are not read: "
                        "loading one can run any program"),
                    "convert them to safetensors where they come from (save_pretrained of transformers writes "
                    "safetensors), or fetch the model's safetensors files");
}

}  // namespace

SafetensorsReader::SafetensorsReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SafetensorsReader::SafetensorsReader(SafetensorsReader&&) noexcept = default;
SafetensorsReader& SafetensorsReader::operator=(SafetensorsReader&&) noexcept = default;
SafetensorsReader::~SafetensorsReader() = default;

SafetensorsReader SafetensorsReader::open(const fs::path& file) {
  auto impl = std::make_unique<Impl>();
  impl->add(file);
  return SafetensorsReader(std::move(impl));
}

SafetensorsReader SafetensorsReader::open_folder(const fs::path& folder, std::string_view stem_text) {
  const std::string stem(stem_text);
  if (const fs::path whole = folder / (stem + ".safetensors"); fs::exists(whole)) return open(whole);
  const fs::path index_path = folder / (stem + ".safetensors.index.json");
  const auto bytes = read_file_if_exists(index_path, kMaxSafetensorsHeaderBytes);
  if (!bytes) fail_without_weights(folder, stem);
  const auto read = read_safetensors_index(*bytes);
  if (!read) throw ConfigError(cat(index_path.string(), ": ", read.error().message));
  const std::map<std::string, std::string>& shard_of = *read;

  std::set<std::string> shards;
  for (const auto& [name, shard] : shard_of) shards.insert(shard);
  auto impl = std::make_unique<Impl>();
  std::size_t num_checked = 0;
  for (const std::string& shard : shards) {
    if (!fs::exists(folder / shard))
      throw ConfigError(cat(index_path.string(), ": it names ", shard, ", which is not there"),
                        "fetch the missing file: a model whose weights are not all there cannot be used");
    impl->add(folder / shard);
    for (; num_checked < impl->tensors.size(); ++num_checked) {
      const std::string& name = impl->tensors[num_checked].name;
      const auto listed = shard_of.find(name);
      if (listed == shard_of.end() || listed->second != shard)
        throw ConfigError(cat((folder / shard).string(), ": it holds ", quote(name), ", which ", index_path.string(),
                              listed == shard_of.end() ? " does not list" : cat(" lists in ", listed->second)),
                          "index and files belong to different models, or to different versions of one");
    }
  }
  // Every tensor found is listed, in its own shard alone: one is missing if and only if there are fewer.
  impl->by_name = sorted_by_name(impl->tensors);
  for (const auto& [name, shard] : shard_of)
    if (!impl->index_of(name))
      throw ConfigError(
          cat(index_path.string(), ": it lists ", quote(name), " in ", shard, ", which has no such tensor"),
          "index and files belong to different models, or to different versions of one");
  return SafetensorsReader(std::move(impl));
}

const std::vector<TensorInfo>& SafetensorsReader::tensors() const noexcept { return impl_->tensors; }

const TensorInfo* SafetensorsReader::find(std::string_view name) const noexcept {
  const auto index = impl_->index_of(name);
  return index ? &impl_->tensors[*index] : nullptr;
}

std::string_view SafetensorsReader::bytes(std::string_view name) const {
  const auto index = impl_->index_of(name);
  if (!index) throw RunError(RunErrorKind::internal, cat("there is no tensor ", quote(name), " in the weights"));
  const Impl::Place& place = impl_->places[*index];
  return impl_->files[place.file].bytes().substr(place.offset, place.size_bytes);
}

const std::map<std::string, std::string>& SafetensorsReader::metadata() const noexcept { return impl_->metadata; }

void SafetensorsReader::release_pages(std::string_view name) const {
  const std::string_view part = bytes(name);
  impl_->files[impl_->places[*impl_->index_of(name)].file].release_pages(part);
}

}  // namespace forgelm::formats
