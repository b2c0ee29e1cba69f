#include "erasure_audit.hpp"

#include "forgelm/core/error.hpp"

namespace forgelm::cli {

std::optional<config::LoadedJob> audit_job(const Arguments& arguments) {
  const auto file = arguments.maybe_text("config");
  if (!file) return std::nullopt;
  config::LoadedJob loaded = config::load_job(*file);
  if (!loaded.ok()) throw ConfigError(loaded.diagnostics);
  return loaded;
}

pipeline::OpenAudit audit_opener(const std::optional<config::LoadedJob>& loaded) {
  if (!loaded) return pipeline::open_erasure_audit;
  return [job = loaded->job](const std::filesystem::path& folder, const std::string& run) {
    return pipeline::open_run_audit(job, folder, run);
  };
}

}  // namespace forgelm::cli
