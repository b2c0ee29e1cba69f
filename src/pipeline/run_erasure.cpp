// What a run wrote, found by its record (forgelm_run.json): its records and checkpoints in the folder, what a later run
// set aside of it, its evidence, its staged model, and the token caches of its data.
#include <algorithm>

#include "forgelm/compliance/bundle.hpp"
#include "forgelm/compliance/metrics_export.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/json_members.hpp"
#include "forgelm/core/lock.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/data/token_cache.hpp"
#include "forgelm/pipeline/erasure.hpp"
#include "run_recorder.hpp"
#include "run_traces.hpp"

namespace forgelm::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kStaging = ".staging", kEarlier = "earlier-", kCheckpoint = "checkpoint-";
constexpr std::uint64_t kMaxReportBytes = std::uint64_t{64} << 20;
constexpr int kMaxStagingDepth = 3;

void check_id(const std::string& run_id) {
  const auto is_plain = [](char c) {
    return is_ascii_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '-' || c == '_' || c == '.';
  };
  if (run_id.empty() || run_id.size() > 128 || run_id.front() == '.' || run_id.find("..") != std::string::npos ||
      !std::all_of(run_id.begin(), run_id.end(), is_plain))
    throw ConfigError("this is no run's id: it holds letters, digits, '-', '_' and '.'",
                      "forgelm_run.json names a run's id; what people are known by goes to --row-id");
}

bool is_token(std::string_view name, std::string_view id) {
  constexpr std::string_view kBorders = "_-.";
  for (std::size_t at = name.find(id); at != std::string_view::npos; at = name.find(id, at + 1)) {
    const std::size_t end = at + id.size();
    if ((at == 0 || kBorders.find(name[at - 1]) != std::string_view::npos) &&
        (end == name.size() || kBorders.find(name[end]) != std::string_view::npos))
      return true;
  }
  return false;
}

std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> entries;
  if (!fs::is_directory(fs::symlink_status(folder))) return entries;
  for (const auto& entry : fs::directory_iterator(folder)) entries.push_back(entry.path());
  std::sort(entries.begin(), entries.end());
  return entries;
}

/// The record in a folder itself; null when there is none.
Json record_in(const fs::path& folder) {
  const auto text = read_file_if_exists(folder / kRunFile, kMaxReportBytes);
  auto document = text ? parse_json(*text) : Result<Json>(Failure{});
  return document ? std::move(document).value() : Json();
}

bool names_run(const Json& list, const std::string& run_id) {
  return list.kind() == Json::Kind::array &&
         std::find(list.items().begin(), list.items().end(), Json(run_id)) != list.items().end();
}

bool is_audit_log(const fs::path& path) {
  return path.filename().native().find("audit_log.jsonl") != std::string::npos;
}

void add_if_there(std::vector<fs::path>& paths, const fs::path& path) {
  if (fs::exists(fs::symlink_status(path)) && std::find(paths.begin(), paths.end(), path) == paths.end())
    paths.push_back(path);
}

/// Folders F.staging.<run>, wherever training.final_model_dir is, and the reference's older form with its mark.
void add_staged(std::vector<fs::path>& paths, const fs::path& folder, const std::string& run_id, int depth) {
  const std::string ending = cat(kStaging, ".", run_id);
  for (const fs::path& entry : entries_of(folder)) {
    if (!fs::is_directory(fs::symlink_status(entry))) continue;
    const std::string name = entry.filename().native();
    const auto mark = name.ends_with(kStaging) ? read_file_if_exists(entry / "staging_run_id", 4096) : std::nullopt;
    if ((name.ends_with(ending) && name.size() > ending.size()) || (mark && trim(*mark) == run_id))
      paths.push_back(entry);
    else if (depth + 1 < kMaxStagingDepth && !name.starts_with(kCheckpoint))
      add_staged(paths, entry, run_id, depth + 1);
  }
}

/// Evidence: all of the bundle that is this run's, its report last; of another run's bundle only files that name it.
void add_evidence(std::vector<fs::path>& paths, const fs::path& folder, const std::string& run_id) {
  const auto text = read_file_if_exists(folder / compliance::kReportFile, kMaxReportBytes);
  const auto report = text ? parse_json(*text) : Result<Json>(Failure{});
  const bool is_of_run = report.ok() && text_at(report.value(), "run_id") == run_id;
  for (const fs::path& entry : entries_of(folder))
    if (entry.filename() != compliance::kReportFile && !is_audit_log(entry) &&
        (is_of_run || is_token(entry.filename().native(), run_id)))
      paths.push_back(entry);
  if (is_of_run) paths.push_back(folder / compliance::kReportFile);
}

/// Metrics as they were left for a collector; the run is a label of theirs.
void add_exported(std::vector<fs::path>& paths, const fs::path& folder, const std::string& run_id) {
  const auto text = read_file_if_exists(folder / compliance::kPrometheusFile, kMaxReportBytes);
  if (text && text->find(quote(run_id)) != std::string::npos) paths.push_back(folder / compliance::kPrometheusFile);
}

/// TensorBoard's files of a run.
void add_tracked(std::vector<fs::path>& paths, const fs::path& folder, const Json& record) {
  const std::string name = text_at(record, "tracker_name");
  if (!name.empty() && name.find('/') == std::string::npos && name.front() != '.')
    add_if_there(paths, folder / "runs" / name);
}

/// Of the run that wrote the folder last: everything that is not some other run's, and not the model.
void add_records(std::vector<fs::path>& paths, const fs::path& folder, const Json& record) {
  for (const fs::path& entry : entries_of(folder))
    if (entry.filename().native().starts_with(kCheckpoint)) paths.push_back(entry);
  for (const char* name : {kSamplesFile, kMetricsFile, kLossFile, "benchmark", "safety", "judge"})
    add_if_there(paths, folder / name);
  add_tracked(paths, folder, record);
}

std::vector<fs::path> artefacts_of(const fs::path& folder, const std::string& run_id) {
  std::vector<fs::path> paths;
  const Json record = record_in(folder);
  const Json* previous = record.find("previous");
  if (text_at(record, "id") != run_id && previous != nullptr && names_run(*previous, run_id))
    throw ConfigError(cat("the run ", run_id, " went on as ", text_at(record, "id"), ", and their files are the same"),
                      cat("erase ", text_at(record, "id")));
  for (const fs::path& entry : entries_of(folder)) {
    const std::string name = entry.filename().native();
    if (!name.starts_with(kEarlier)) continue;
    const Json earlier = record_in(entry);
    const std::string id = text_at(earlier, "id");
    if (id == run_id) add_tracked(paths, folder, earlier);
    if (id == run_id || (id.empty() && is_token(name, run_id))) paths.push_back(entry);
  }
  add_evidence(paths, folder / compliance::kBundleFolder, run_id);
  add_exported(paths, folder, run_id);
  if (text_at(record, "id") == run_id) {
    add_records(paths, folder, record);
    paths.push_back(folder / kRunFile);
  }
  return paths;
}

std::vector<data::TokenCacheEntry> caches_of(const RunErasure& request) {
  std::vector<data::TokenCacheEntry> found;
  if (request.kind != RunKind::artefacts) return found;
  for (const FoundRecord& record : run_records_below(request.output_dir)) {
    if (record.id != request.run_id) continue;
    for (const std::string& source : sources_of(record.document))
      for (data::TokenCacheEntry& entry : data::find_caches_of(request.cache_folder, source))
        if (!entry.description.is_null() &&
            std::none_of(found.begin(), found.end(), [&](const auto& one) { return one.key == entry.key; }))
          found.push_back(std::move(entry));
  }
  return found;
}

bool is_inside(const fs::path& path, const fs::path& folder) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(path, error), base = fs::weakly_canonical(folder, error);
  const auto [end, _] = std::mismatch(base.begin(), base.end(), real.begin(), real.end());
  return !error && end == base.end();
}

class Work {
 public:
  explicit Work(const RunErasure& request) : request_(request) {}

  Json run() {
    check_id(request_.run_id);
    if (!fs::is_directory(request_.output_dir))
      throw ConfigError(cat("there is no folder ", quote(request_.output_dir.native())),
                        "--output-dir names the folder of the run (training.output_dir)");
    audit_ = request_.open_audit(request_.output_dir, request_.run_id);
    requested_ = Json::object({{"target_kind", to_text(request_.kind)},
                               {"target_id", request_.run_id},
                               {"output_dir", fs::absolute(request_.output_dir).native()},
                               {"justification", justification_or_default(request_.justification)},
                               {"dry_run", request_.is_dry_run}});
    record("data.erasure_requested", Json::object());
    try {
      return erase();
    } catch (const Error& error) {
      if (!is_closed_) fail(kind_of(error), error.what(), Json::object({{"files_modified", Json::array_of(gone_)}}));
      throw;
    }
  }

 private:
  Json erase() {
    const std::optional<FileLock> lock = hold_folder();
    const std::vector<fs::path> paths = paths_of_run(request_.output_dir, request_.run_id, request_.kind);
    const std::vector<data::TokenCacheEntry> caches = caches_of(request_);
    if (paths.empty()) {
      const std::string what =
          cat("No '", to_text(request_.kind), "' artefacts found for run_id='", request_.run_id, "'.");
      fail("NoMatchingArtefacts", what, Json::object());
      throw ConfigError(cat("the run ", request_.run_id, " has no ", to_text(request_.kind), " below ",
                            quote(request_.output_dir.native())),
                        "forgelm_run.json names the run that a folder belongs to");
    }
    for (const fs::path& path : paths)
      if (!is_inside(path, request_.output_dir)) {
        fail("PathTraversalRefused", "Refusing to erase target(s) outside output_dir.", Json::object());
        throw ConfigError(cat(quote(path.native()), " leads out of ", quote(request_.output_dir.native())),
                          "nothing was removed");
      }
    Json document = Json::object({{"mode", "run"},
                                  {"kind", to_text(request_.kind)},
                                  {"dry_run", request_.is_dry_run},
                                  {"run_id", request_.run_id}});
    return request_.is_dry_run ? tell(document, paths, caches) : remove(document, paths, caches);
  }

  Json tell(Json document, const std::vector<fs::path>& paths, const std::vector<data::TokenCacheEntry>& caches) {
    record("data.erasure_completed", Json::object({{"bytes_freed", 0}, {"files_modified", Json::array()}}));
    Json would_delete = Json::array();
    for (const fs::path& path : paths) would_delete.push(path.native());
    for (const auto& cache : caches) would_delete.push(cache.path.native());
    return document.set("would_delete", std::move(would_delete));
  }

  Json remove(Json document, const std::vector<fs::path>& paths, const std::vector<data::TokenCacheEntry>& caches) {
    std::uint64_t bytes_freed = 0;
    // The record names the caches: it goes after them.
    for (const data::TokenCacheEntry& cache : caches) {
      if (!data::remove_token_cache(cache))
        throw RunError(RunErrorKind::io, cat("the token cache ", cache.key.substr(0, 12), " is being built just now"),
                       "wait for the run that builds it, or stop it, and purge again");
      bytes_freed += cache.size_bytes;
      gone_.push_back(cache.path.native());
    }
    for (const fs::path& path : paths) {
      const std::uint64_t size_bytes = size_of_all(path);
      remove_durably(path);
      bytes_freed += size_bytes;
      gone_.push_back(path.native());
    }
    std::error_code ignored;  // only when nothing is left in it
    fs::remove(request_.output_dir / compliance::kBundleFolder, ignored);
    fs::remove(request_.output_dir / "runs", ignored);
    record("data.erasure_completed",
           Json::object({{"bytes_freed", bytes_freed}, {"files_modified", Json::array_of(gone_)}}));
    is_closed_ = true;
    return document.set("deleted", Json::array_of(gone_)).set("bytes_freed", bytes_freed);
  }

  /// Nobody trains here meanwhile. A folder in which no run of ours ever was has no lock, and gets none.
  std::optional<FileLock> hold_folder() const {
    const fs::path path = request_.output_dir / kRunLock;
    if (!fs::exists(path)) return std::nullopt;
    auto lock = FileLock::try_acquire(path);
    if (!lock)
      throw ConfigError(cat("a run is using ", quote(request_.output_dir.native())), "wait for it to end, or stop it");
    return lock;
  }

  void record(const char* name, const Json& more) const {
    Json details = requested_;
    for (const auto& [key, value] : more.members()) details.set(key, value);
    audit_->record({name, std::move(details)});
  }

  void fail(const std::string& what, std::string_view message, Json more) {
    is_closed_ = true;
    Json details = Json::object({{"error_class", what}, {"error_message", error_for_log(message)}});
    for (auto& [key, value] : more.members()) details.set(key, std::move(value));
    record("data.erasure_failed", details);
  }

  const RunErasure& request_;
  std::unique_ptr<AuditSink> audit_;
  Json requested_;
  std::vector<std::string> gone_;
  bool is_closed_ = false;  ///< the log has heard how it ended
};

}  // namespace

std::vector<fs::path> paths_of_run(const fs::path& output_dir, const std::string& run_id, RunKind kind) {
  check_id(run_id);
  if (kind == RunKind::artefacts) return artefacts_of(output_dir, run_id);
  std::vector<fs::path> paths;
  add_staged(paths, output_dir, run_id, 0);
  return paths;
}

Json erase_run(const RunErasure& request) { return Work(request).run(); }

}  // namespace forgelm::pipeline
