// Adapters and their base models.
#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/formats/model_config.hpp"
#include "json_fields.hpp"

namespace forgelm::formats {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAdapterFile = "adapter_config.json";
constexpr const char* kBaseKey = "base_model_name_or_path";

fs::path find_base(const fs::path& adapter, const std::string& name) {
  if (fs::is_directory(name)) return name;
  if (const fs::path beside = adapter / name; fs::is_directory(beside)) return beside;
  throw ConfigError(cat((adapter / kAdapterFile).string(), ": ", kBaseKey, ": the base model ", quote(name),
                        " is not a folder here, nor in ", adapter.string()),
                    cat("fetch the base model and name its folder in ", kBaseKey));
}

}  // namespace

ModelFolders find_model_folders(const std::string& name_or_path) {
  const fs::path folder = name_or_path;
  if (!fs::is_directory(folder))
    throw ConfigError(cat("there is no folder ", quote(name_or_path)),
                      "name the folder of a model in Hugging Face layout");
  const auto adapter = read_json_object_if_exists(folder / kAdapterFile);
  if (!adapter) return {folder, std::nullopt};
  const JsonFields fields(*adapter, (folder / kAdapterFile).string());
  const std::string name = fields.text(kBaseKey, "");
  if (name.empty()) fields.fail(kBaseKey, "it does not name the model that the adapter belongs to");
  ModelFolders out{find_base(folder, name), folder};
  if (fs::exists(out.base / kAdapterFile))
    fields.fail(kBaseKey, "the base model is an adapter itself, and adapters of adapters are not known here",
                "merge the inner adapter into its base model and name the result");
  return out;
}

}  // namespace forgelm::formats
