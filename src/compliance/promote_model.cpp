// Across file systems: copy beside the place, check that the copy is the same, let it appear in one step, and only then
// remove the staged one.
#include "promote_model.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "forgelm/compliance/model_integrity.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/failpoint.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/os_error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::compliance {
namespace {

namespace fs = std::filesystem;

fs::path parent_of(const fs::path& path) { return path.parent_path().empty() ? "." : path.parent_path(); }

void remove_tree(const fs::path& path) {
  if (const auto hit = FORGELM_FAILPOINT("approval.remove"); hit.error_number != 0)
    throw os_error("remove", path.native(), hit.error_number);
  std::error_code error;
  fs::remove_all(path, error);
  if (error) throw os_error("remove", path.native(), error.value());
}

void copy_tree(const fs::path& from, const fs::path& to) {
  if (const auto hit = FORGELM_FAILPOINT("approval.copy"); hit.error_number != 0)
    throw os_error("copy", from.native(), hit.error_number);
  std::error_code error;
  fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
  if (error) throw os_error("copy", from.native(), error.value());
}

void move_across(const fs::path& staging, const fs::path& final_model, bool is_copied) {
  if (!is_copied) {
    const fs::path copy = cat(final_model.native(), ".approving");
    if (fs::exists(fs::symlink_status(copy))) remove_tree(copy);
    copy_tree(staging, copy);
    const auto report = verify_model_integrity(copy);
    if (report.verdict != IntegrityVerdict::intact)
      throw RunError(RunErrorKind::io,
                     cat("the copy of ", staging.native(), " is not what was copied: ", report.reason));
    commit_directory(copy, final_model);
  }
  remove_tree(staging);
  sync_directory(parent_of(staging));
}

}  // namespace

bool is_rename(const fs::path& staging, const fs::path& final_model) {
  if (const auto hit = FORGELM_FAILPOINT("approval.device"); hit.error_number != 0) return false;
  struct stat from {
  }, to{};
  return ::stat(staging.c_str(), &from) == 0 && ::stat(parent_of(final_model).c_str(), &to) == 0 &&
         from.st_dev == to.st_dev;
}

void promote_model(const fs::path& staging, const fs::path& final_model, bool is_copied) {
  if (is_copied || !is_rename(staging, final_model)) return move_across(staging, final_model, is_copied);
  commit_directory(staging, final_model);
}

}  // namespace forgelm::compliance
