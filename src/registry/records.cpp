#include "records.hpp"

#include <algorithm>

#include "forgelm/core/env.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/os_error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::registry {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRecordName = "dataset.json";
constexpr std::string_view kStaging = ".staging-", kRemoved = ".removed-";
constexpr std::uint64_t kMaxRecordBytes = std::uint64_t{256} << 20;
constexpr mode_t kPrivate = 0600;

std::string document_text(const Json& document) { return dump(document, {.indent = 2, .ensure_ascii = false}) + "\n"; }

void make_folders(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw os_error("create", folder.native(), error.value());
}

/// The folders (or files) in a folder, by name; hidden ones are not records.
std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    if (entry->path().filename().native()[0] != '.') out.push_back(entry->path());
  std::sort(out.begin(), out.end());
  return out;
}

/// The record in a file as `read` has it; nothing when there is no file.
template <class T>
std::optional<Result<T>> record_at(const fs::path& file, Result<T> (*read)(const Json&)) {
  const auto text = read_file_if_exists(file, kMaxRecordBytes);
  if (!text) return std::nullopt;
  const Result<Json> document = parse_json(*text, {.max_bytes = kMaxRecordBytes});
  if (!document) return Failure{document.error().message};
  return read(*document);
}

}  // namespace

fs::path Records::dataset_folder(const std::string& name, const std::string& version) const {
  return folder_ / "datasets" / name / version;
}

bool Records::any() const {
  for (const fs::path& name : entries(folder_ / "datasets"))
    for (const fs::path& version : entries(name))
      if (fs::exists(version / kRecordName)) return true;
  return false;
}

std::optional<Dataset> Records::read(const std::string& name, const std::string& version) const {
  const fs::path file = dataset_folder(name, version) / kRecordName;
  auto record = record_at<Dataset>(file, dataset_from_json);
  if (!record) return std::nullopt;
  if (record->ok()) return std::move(*record).value();
  throw RunError(RunErrorKind::store, cat("cannot read the record ", file.native(), ": ", record->error().message),
                 "restore it, or remove its folder and register the data set again", {{"path", file.native()}});
}

std::vector<Dataset> Records::datasets(std::vector<std::string>& problems) const {
  std::vector<Dataset> out;
  for (const fs::path& name : entries(folder_ / "datasets"))
    for (const fs::path& version : entries(name)) {
      const fs::path file = version / kRecordName;
      auto record = record_at<Dataset>(file, dataset_from_json);
      if (!record) continue;  // a folder of somebody else's that is called datasets, too
      if (!record->ok()) problems.push_back(cat(file.native(), ": ", record->error().message));
      else if ((*record)->name != name.filename() || (*record)->version != version.filename())
        problems.push_back(cat(file.native(), ": it is the record of ", (*record)->ref()));
      else out.push_back(std::move(*record).value());
    }
  return out;
}

std::vector<RunRow> Records::runs(std::vector<std::string>& problems) const {
  std::vector<RunRow> out;
  for (const fs::path& file : entries(folder_ / "runs")) {
    if (file.extension() != ".json") continue;
    auto record = record_at<RunRow>(file, run_from_json);
    if (!record) continue;
    if (!record->ok()) problems.push_back(cat(file.native(), ": ", record->error().message));
    else out.push_back(std::move(*record).value());
  }
  return out;
}

std::vector<std::string> Records::report_paths(const Dataset& dataset, std::size_t count) const {
  std::vector<std::string> paths;
  for (std::size_t i = 1; i <= count; ++i)
    paths.push_back((dataset_folder(dataset.name, dataset.version) / cat("audit-", i, ".json")).native());
  return paths;
}

void Records::put(const Dataset& dataset, const std::vector<Json>& reports) const {
  const fs::path place = dataset_folder(dataset.name, dataset.version), above = place.parent_path();
  make_folders(above);
  std::error_code error;
  for (fs::directory_iterator entry(above, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().native();
    std::error_code ignored;
    if (name.starts_with(kStaging) || name.starts_with(kRemoved)) fs::remove_all(entry->path(), ignored);
  }
  if (fs::exists(place))
    throw RunError(RunErrorKind::store, cat("there is something at ", place.native(), " that is no record"),
                   "look at it, and remove it", {{"path", place.native()}});
  const fs::path staging = above / cat(kStaging, random_hex(8));
  make_folders(staging);
  for (std::size_t i = 0; i < reports.size(); ++i)
    write_file_durably(staging / fs::path(dataset.audit_paths[i]).filename(), document_text(reports[i]), kPrivate);
  write_file_durably(staging / kRecordName, document_text(to_json(dataset)), kPrivate);
  commit_directory(staging, place);
}

void Records::put(const RunRow& run) const {
  make_folders(folder_ / "runs");
  write_file_durably(folder_ / "runs" / cat(run.id, ".json"), document_text(to_json(run)), kPrivate);
}

void Records::remove(const Dataset& dataset) const {
  const fs::path place = dataset_folder(dataset.name, dataset.version), above = place.parent_path();
  const fs::path aside = above / cat(kRemoved, random_hex(8));
  std::error_code error;
  fs::rename(place, aside, error);
  if (error == std::errc::no_such_file_or_directory) return;
  if (error) throw os_error("remove", place.native(), error.value());
  sync_directory(above);
  std::error_code ignored;
  fs::remove_all(aside, ignored);
  fs::remove(above, ignored);  // if that was its last version
}

}  // namespace forgelm::registry
