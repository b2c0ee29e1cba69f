// What goes in is a list of places; links are not followed, and what is no regular file is left out. The trap: a file
// that grows while it is read (the audit log of a run under way) is packed as it was read, and the index tells that.
#include "forgelm/compliance/evidence_zip.hpp"

#include <algorithm>

#include "forgelm/compliance/bundle.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/core/version.hpp"
#include "zip_writer.hpp"

namespace forgelm::compliance {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 30;
constexpr int kMaxDepth = 4;  ///< of training.final_model_dir below the run's folder

/// Files of the run's folder; a name that ends in * stands for all that begin so.
struct Place {
  std::string_view name, role;
  bool is_expected;
};
constexpr Place kPlaces[] = {
    {"forgelm_run.json", "run record", true},  {"audit_log.jsonl", "audit log", true},
    {"audit_log.jsonl.*", "audit log", false}, {"data_audit_report.json", "data audit", false},
    {"loss.jsonl", "measurements", false},     {"metrics.jsonl", "measurements", false},
};
/// Files beside the model that are evidence of it.
constexpr std::string_view kBesideModel[] = {"model_integrity.json", "README.md", kInstructionsFile,
                                             "adapter_config.json", "config.json"};

bool is_signature(std::string_view name) {
  return name.ends_with(".sig") || name.ends_with(".sigstore.json") || name.ends_with(".pem.pub") ||
         name.starts_with("model_integrity.json.") || name.starts_with("model.sig");
}

bool is_plain(const fs::path& path) { return fs::is_regular_file(fs::symlink_status(path)); }

class Collector {
 public:
  explicit Collector(fs::path folder) : folder_(std::move(folder)) {}

  void collect() {
    for (const Place& place : kPlaces) add_place(place);
    add_folder(folder_ / kBundleFolder, "compliance");
    for (fs::recursive_directory_iterator entry(folder_), end; entry != end; ++entry) {
      if (!fs::is_directory(entry->symlink_status())) continue;
      const std::string name = entry->path().filename().native();
      const bool is_passing = name.starts_with("checkpoint-") || name.starts_with("earlier-");
      if (is_passing || add_model(entry->path()) || entry.depth() >= kMaxDepth) entry.disable_recursion_pending();
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  }

  std::vector<std::pair<std::string, std::string_view>> found;  ///< path below the folder, role
  std::vector<std::string> absent;

 private:
  void add(const fs::path& path, std::string_view role) {
    found.emplace_back(path.lexically_relative(folder_).generic_string(), role);
  }

  void add_place(const Place& place) {
    if (place.name.back() != '*') {
      if (is_plain(folder_ / place.name)) add(folder_ / place.name, place.role);
      else if (place.is_expected) absent.emplace_back(place.name);
      return;
    }
    const std::string_view prefix = place.name.substr(0, place.name.size() - 1);
    for (const auto& entry : fs::directory_iterator(folder_)) {
      const std::string name = entry.path().filename().native();
      if (name.starts_with(prefix) && !name.ends_with(".lock") && is_plain(entry.path())) add(entry.path(), place.role);
    }
  }

  void add_folder(const fs::path& folder, std::string_view role) {
    if (!fs::is_directory(fs::symlink_status(folder))) {
      absent.push_back(folder.filename().native() + "/");
      return;
    }
    for (const auto& entry : fs::directory_iterator(folder))
      if (is_plain(entry.path())) add(entry.path(), role);
  }

  /// A folder with model_integrity.json is a model: the final one, or one that waits for approval.
  bool add_model(const fs::path& folder) {
    if (!is_plain(folder / "model_integrity.json")) return false;
    for (const auto& entry : fs::directory_iterator(folder)) {
      const std::string name = entry.path().filename().native();
      const bool is_wanted = is_signature(name) || std::find(std::begin(kBesideModel), std::end(kBesideModel), name) !=
                                                       std::end(kBesideModel);
      if (is_wanted && is_plain(entry.path())) add(entry.path(), "integrity");
    }
    return true;
  }

  fs::path folder_;
};

Json index_of(const EvidenceArchive& archive) {
  Json files = Json::array();
  for (const EvidenceFile& file : archive.files)
    files.push(Json::object(
        {{"path", file.path}, {"role", file.role}, {"sha256", file.sha256}, {"size_bytes", file.size_bytes}}));
  return Json::object({{"format", "forgelm/evidence/1"},
                       {"forgelm_version", version()},
                       {"files", std::move(files)},
                       {"absent", Json::array_of(archive.absent)},
                       {"left_out", Json::array({"weights", "checkpoints", "training data", "samples of outputs",
                                                 "secrets (the configuration is masked)"})}});
}

}  // namespace

EvidenceArchive pack_evidence(const fs::path& run_folder, const fs::path& archive) {
  if (!fs::is_directory(run_folder))
    throw ConfigError(cat("there is no folder ", quote(run_folder.native())), "name the output_dir of a run");
  Collector collector(run_folder);
  collector.collect();
  if (collector.found.empty())
    throw ConfigError(cat(quote(run_folder.native()), " holds no evidence of a run"), "name the output_dir of a run");
  if (fs::weakly_canonical(fs::absolute(archive)).parent_path() == fs::weakly_canonical(run_folder / kBundleFolder))
    throw ConfigError("the archive cannot stand inside the compliance folder that it packs", "name another place");
  EvidenceArchive out;
  out.absent = std::move(collector.absent);
  std::vector<std::string> contents;
  for (const auto& [path, role] : collector.found) {
    contents.push_back(read_file(run_folder / path, kMaxFileBytes));
    out.files.push_back({path, std::string(role), sha256_hex(contents.back()), contents.back().size()});
  }
  ZipWriter writer(archive);
  JsonStyle style;
  style.indent = 2;
  writer.add("index.json", dump(index_of(out), style) + "\n");
  for (std::size_t i = 0; i < out.files.size(); ++i) writer.add(out.files[i].path, contents[i]);
  writer.commit();
  out.sha256 = sha256_file(archive);
  return out;
}

}  // namespace forgelm::compliance
