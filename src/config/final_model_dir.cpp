// Where the final model may stand: a real folder inside the run's folder that no record of the run shares.
// The rule reads the file system, as in the reference: an existing link or file on the way, or a checkpoint that a link
// leads into, is refused before anything could be deleted through it.
#include <algorithm>
#include <filesystem>
#include <vector>

#include "forgelm/core/text.hpp"
#include "rules.hpp"

namespace forgelm::config {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kReserved[] = {"audit_log.jsonl",
                                          "audit_log.jsonl.manifest.json",
                                          "data_audit_report.json",
                                          "compliance",
                                          "benchmark",
                                          "safety",
                                          "judge",
                                          "runs"};
constexpr std::string_view kCheckpoint = "checkpoint-";

/// True when `inner` is `outer` or lies inside it.
bool lies_in(const fs::path& inner, const fs::path& outer) {
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

fs::path resolved(const fs::path& path) {
  fs::path out = fs::weakly_canonical(path.empty() ? fs::current_path() : fs::absolute(path));
  return out.has_filename() ? out : out.parent_path();
}

std::string form_problem(const std::string& name) {
  if (trim(name).empty()) return "is empty";
  if (name.back() == '/' || (name.size() >= 2 && name.compare(name.size() - 2, 2, "/.") == 0)) return "ends in / or /.";
  if (name.find('\0') != std::string::npos) return "holds a NUL character";
  if (name.find('\\') != std::string::npos) return "holds a backslash";
  if (name.front() == '/') return "is an absolute path";
  if (name.size() >= 2 && name[1] == ':') return "begins with a drive";
  for (const auto& part : fs::path(name))
    if (part == "..") return "leads upwards with ..";
  return "";
}

std::vector<fs::path> reserved_places(const fs::path& root, const JobConfig& job) {
  std::vector<fs::path> places;
  for (const auto name : kReserved) places.push_back(root / name);
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(root, error))
    if (entry.path().filename().string().rfind(kCheckpoint, 0) == 0) places.push_back(entry.path());
  const auto* benchmark = job.evaluation && job.evaluation->benchmark ? &*job.evaluation->benchmark : nullptr;
  if (benchmark != nullptr && benchmark->enabled && !benchmark->output_dir.value_or("").empty())
    places.emplace_back(*benchmark->output_dir);
  return places;
}

std::string place_problem(const JobConfig& job) {
  const fs::path root = resolved(job.training.output_dir);
  const fs::path relative = fs::path(job.training.final_model_dir).lexically_normal();
  const fs::path target = resolved(root / relative);
  if (target == root || !lies_in(target, root)) return "is not a folder of its own inside output_dir";
  const std::string first = ascii_lower(relative.begin()->string());
  if (first.rfind(kCheckpoint, 0) == 0) return "stands where checkpoints are kept";
  if (std::find(std::begin(kReserved), std::end(kReserved), first) != std::end(kReserved))
    return cat("stands where the run keeps its own ", first);
  fs::path cursor = root;
  for (const auto& part : relative) {
    cursor /= part;
    if (fs::is_symlink(fs::symlink_status(cursor)))
      return cat("leads through the symbolic link ", quote(cursor.string()));
    if (fs::exists(cursor) && !fs::is_directory(cursor)) return cat("leads through the file ", quote(cursor.string()));
  }
  for (const auto& place : reserved_places(root, job)) {
    const fs::path reserved = resolved(place);
    if (lies_in(target, reserved) || lies_in(reserved, target)) return cat("overlaps ", quote(place.string()));
  }
  return "";
}

}  // namespace

std::string final_model_dir_problem(const JobConfig& job) {
  std::string problem = form_problem(job.training.final_model_dir);
  if (problem.empty()) {
    try {
      problem = place_problem(job);
    } catch (const fs::filesystem_error& error) {
      problem = cat("cannot be resolved: ", error.code().message());
    }
  }
  return problem.empty() ? "" : cat("the folder ", problem);
}

}  // namespace forgelm::config
