#include "revert.hpp"

#include <cerrno>
#include <system_error>
#include <vector>

#include "forgelm/core/failpoint.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr Logger logger("forgelm.run");

/// Everything of a run that holds weights, the model first: whoever is stopped in between leaves checkpoints that a
/// resumed run judges again, and no model.
std::vector<fs::path> holders_of_weights(const fs::path& run_folder, const fs::path& staged) {
  std::vector<fs::path> out = {staged};
  for (const auto& entry : fs::directory_iterator(run_folder)) {
    const std::string name = entry.path().filename().native();
    // checkpoint-12, checkpoint-12.tar.gz with its digest, and .checkpoint-12.<...> of a writer that died.
    if (name.starts_with("checkpoint-") || name.starts_with(".checkpoint-")) out.push_back(entry.path());
  }
  return out;
}

/// The class of the exception that Python would raise, which is what the reference records.
const char* python_class(int error_number) {
  switch (error_number) {
    case EACCES:
    case EPERM: return "PermissionError";
    case ENOENT: return "FileNotFoundError";
    case ENOTDIR: return "NotADirectoryError";
    default: return "OSError";
  }
}

std::error_code remove_tree(const fs::path& path) {
  if (const auto hit = FORGELM_FAILPOINT("revert.remove"); hit.error_number != 0)
    return {hit.error_number, std::generic_category()};
  std::error_code error;
  fs::remove_all(path, error);
  return error;
}

}  // namespace

RevertOutcome revert(const fs::path& run_folder, const fs::path& staged, const eval::GateResult& refusal,
                     AuditSink& audit) {
  audit.record({"model.reverted", Json::object({{"reason", refusal.reason}, {"detail", refusal.detail}})});
  for (const fs::path& path : holders_of_weights(run_folder, staged)) {
    const std::error_code error = remove_tree(path);
    if (!error) continue;
    audit.record({"model.revert_failed", Json::object({{"reason", refusal.reason},
                                                       {"path", path.native()},
                                                       {"error_class", python_class(error.value())}})});
    logger.error("the refused model cannot be removed: ", path.native(), ": ", error.message());
    return {false, path, error.message()};
  }
  sync_directory(run_folder);
  sync_directory(staged.parent_path());
  logger.info("the refused model and the checkpoints of its run are removed");
  return {true, {}, {}};
}

}  // namespace forgelm::pipeline
