#include "genesis_manifest.hpp"

#include "forgelm/core/env.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/core/json_members.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::compliance {
namespace {

constexpr std::uint64_t kMaxManifestBytes = 64 * 1024;

}  // namespace

std::filesystem::path genesis_manifest_path(const std::filesystem::path& log_path) {
  return log_path.native() + ".manifest.json";
}

Result<GenesisManifest> parse_genesis_manifest(std::string_view text) {
  const auto json = parse_json(text);
  if (!json) return Failure{json.error().message};
  GenesisManifest manifest{text_at(*json, "first_entry_sha256"), text_at(*json, "run_id")};
  if (manifest.first_entry_sha256.empty() || manifest.run_id.empty())
    return Failure{"it lacks first_entry_sha256 or run_id"};
  return manifest;
}

Result<std::optional<GenesisManifest>> read_genesis_manifest(const std::filesystem::path& log_path) try {
  const auto text = read_file_if_exists(genesis_manifest_path(log_path), kMaxManifestBytes);
  if (!text) return std::optional<GenesisManifest>();
  auto manifest = parse_genesis_manifest(*text);
  if (!manifest) return manifest.error();
  return std::optional(std::move(*manifest));
} catch (const RunError& error) {
  return Failure{error.what(), error.hint()};
}

void write_genesis_manifest(const std::filesystem::path& log_path, const GenesisManifest& manifest) {
  const Json json = Json::object({{"audit_log", log_path.filename().string()},
                                  {"created_at", iso_format(environment().utc_now())},
                                  {"run_id", manifest.run_id},
                                  {"first_entry_sha256", manifest.first_entry_sha256}});
  write_file_durably(genesis_manifest_path(log_path), dump(json, {.indent = 2}));
}

}  // namespace forgelm::compliance
