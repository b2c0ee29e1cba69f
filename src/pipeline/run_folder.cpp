#include "run_folder.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "forgelm/compliance/bundle.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/os_error.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/pipeline/run.hpp"
#include "run_recorder.hpp"

namespace forgelm::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr Logger logger("forgelm.run");
constexpr std::string_view kCheckpoint = "checkpoint-", kEarlier = "earlier-";

void make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw os_error("create the folder", path.native(), error.value());
}

void remove_tree(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) throw os_error("remove", path.native(), error.value());
}

void move(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) throw os_error("move", from.native(), error.value());
}

FileLock lock_of(const fs::path& folder) {
  make_folder(folder);
  try {
    FileLock lock = FileLock::acquire(folder / kRunLock, 0);
    if (const auto& left = lock.left_by())
      logger.warning("the run of process ", left->pid, " on ", left->host, " since ", left->since,
                     " ended without releasing ", folder.native(),
                     has_ended(*left) ? "" : "; it is not known whether it still runs");
    return lock;
  } catch (const RunError& error) {
    // Nothing has been done yet, and this job cannot be done as it is: a fault of the job.
    const bool is_system_error = std::any_of(error.fields().begin(), error.fields().end(),
                                             [](const auto& field) { return field.first == "errno"; });
    if (is_system_error) throw;
    throw ConfigError(cat("another run is using ", quote(folder.native()), ": ", error.what()),
                      "wait for it to end, stop it, or give this job a training.output_dir of its own");
  }
}

/// The number in "checkpoint-12" and "checkpoint-12.tar.gz"; -1 for names without one.
long step_of(const fs::path& path) {
  const std::string name = path.filename().native();
  const std::string digits =
      name.substr(kCheckpoint.size(), name.find_first_not_of("0123456789", kCheckpoint.size()) - kCheckpoint.size());
  return digits.empty() || digits.size() > 15 ? -1 : std::stol(digits);
}

/// What an earlier run left, in the order in which it may go.
std::vector<fs::path> leftovers(const fs::path& folder) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().filename().native().starts_with(kCheckpoint)) out.push_back(entry.path());
  std::sort(out.begin(), out.end(), [](const fs::path& a, const fs::path& b) {
    return std::pair(-step_of(a), a.native()) < std::pair(-step_of(b), b.native());
  });
  for (const char* name : {kLossFile, kMetricsFile, kSamplesFile, kRunFile})
    if (fs::exists(fs::symlink_status(folder / name))) out.push_back(folder / name);
  return out;
}

/// A document that names a run under `key`; null when there is none that can be read.
Json document_of_run(const fs::path& file, std::string_view key) {
  const auto text = read_file_if_exists(file);
  auto json = text ? parse_json(*text) : Result<Json>(Failure{});
  const Json* id = json ? json.value().find(key) : nullptr;
  return id != nullptr && id->kind() == Json::Kind::text ? std::move(json).value() : Json();
}

Json record_in(const fs::path& folder) { return document_of_run(folder / kRunFile, "id"); }

bool is_model_folder(const fs::path& path) {
  return fs::is_directory(path) &&
         (fs::is_empty(path) || fs::exists(path / "config.json") || fs::exists(path / "adapter_config.json"));
}

}  // namespace

RunFolder::RunFolder(fs::path path) : path_(std::move(path)), lock_(lock_of(path_)) {}

Json RunFolder::record() const { return record_in(path_); }

void RunFolder::set_aside_earlier_run() {
  const auto entries = leftovers(path_);
  if (entries.empty()) return;
  const Json record = this->record();
  const Json* id = record.find("id");
  const bool is_ours = id != nullptr && id->kind() == Json::Kind::text && !id->text().empty() &&
                       id->text().find('/') == std::string::npos;
  fs::path aside = path_ / cat(kEarlier, is_ours ? id->text() : "unknown");
  // A kill may have left half of the same run there; another run's leavings of the same name are kept apart.
  for (int n = 2; std::any_of(entries.begin(), entries.end(),
                              [&](const fs::path& entry) { return fs::exists(aside / entry.filename()); });
       ++n)
    aside = path_ / cat(kEarlier, is_ours ? id->text() : "unknown", "-", n);
  make_folder(aside);
  for (const fs::path& entry : entries) move(entry, aside / entry.filename());
  sync_directory(aside);
  sync_directory(path_);
  logger.info("begins anew: what an earlier run left is kept in ", aside.native(),
              is_ours ? " until this one is done" : "");
}

void RunFolder::keep_earlier_evidence() const {
  const fs::path bundle = path_ / compliance::kBundleFolder;
  const Json report = document_of_run(bundle / compliance::kReportFile, "run_id");
  if (report.is_null()) return;
  for (const auto& entry : fs::directory_iterator(path_)) {
    if (!entry.path().filename().native().starts_with(kEarlier)) continue;
    const Json earlier = record_in(entry.path());
    const fs::path kept = entry.path() / compliance::kBundleFolder, staging = kept.native() + ".partial";
    if (earlier.is_null() || earlier.at("id") != report.at("run_id") || fs::exists(kept)) continue;
    remove_tree(staging);
    std::error_code error;
    fs::copy(bundle, staging, fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
    if (error) throw os_error("copy", bundle.native(), error.value());
    commit_directory(staging, kept);
    return;
  }
}

void RunFolder::remove_earlier_runs() {
  std::vector<fs::path> earlier;
  for (const auto& entry : fs::directory_iterator(path_))
    if (entry.path().filename().native().starts_with(kEarlier) && fs::exists(entry.path() / kRunFile))
      earlier.push_back(entry.path());
  for (const fs::path& path : earlier) remove_tree(path);
}

FinalModel::FinalModel(fs::path path)
    : path_(path.has_filename() ? std::move(path) : path.parent_path()),
      staging_(path_.native() + ".partial"),
      replaced_(path_.native() + ".replaced") {}

void FinalModel::check() const {
  if (fs::exists(replaced_) && !fs::exists(path_)) move(replaced_, path_);
  if (fs::exists(fs::symlink_status(path_)) && !is_model_folder(path_))
    throw ConfigError(cat("training.final_model_dir: ", quote(path_.native()), " holds something else than a model"),
                      "move it away, or name another folder");
}

fs::path FinalModel::stage() const {
  check();
  for (const fs::path& leftover : {staging_, replaced_})
    if (fs::exists(fs::symlink_status(leftover))) remove_tree(leftover);
  make_folder(staging_);
  return staging_;
}

void FinalModel::commit() const {
  if (!fs::exists(path_)) return commit_directory(staging_, path_);
  remove_tree(replace_directory(staging_, path_, replaced_));
  sync_directory(path_.parent_path().empty() ? "." : path_.parent_path());
}

void FinalModel::hold(const fs::path& path) const { commit_directory(staging_, path); }

fs::path staging_path(const fs::path& final_model, const std::string& run_id) {
  const fs::path place = final_model.has_filename() ? final_model : final_model.parent_path();
  return cat(place.native(), ".staging.", run_id);
}

}  // namespace forgelm::pipeline
