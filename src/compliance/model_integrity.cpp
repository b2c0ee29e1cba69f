// The rules by which names on disk meet names in the manifest. A recorded name is removed when no regular file is
// reached under it, changed when its bytes differ; every other thing on disk, links and special files too, is added
// unless the manifest knows it as a skipped link.
#include "forgelm/compliance/model_integrity.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "forgelm/core/env.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"
#include "integrity_manifest.hpp"

namespace forgelm::compliance {
namespace {

constexpr Logger logger("forgelm.integrity");
constexpr std::uint64_t kMaxSidecarBytes = 4096;

bool is_own_file(std::string_view name) { return name == kModelIntegrityFile || name == kModelSignatureFile; }

void require_attestable(const ModelFolder& folder, const ModelEntry& entry) {
  const auto refuse = [&](std::string_view why, const char* hint) {
    throw ConfigError(
        cat(folder.path().native(), ": ", quote(entry.name), " ", why, "; model_integrity.json is not written"), hint);
  };
  if (entry.kind == EntryKind::special)
    refuse("is a pipe, a socket or a device, which cannot be attested",
           "a model directory holds files only; remove it");
  if (!is_valid_utf8(entry.name)) refuse("has a name that is not UTF-8, which JSON cannot hold", "rename it");
  if (entry.name.find('\\') != std::string::npos)
    refuse("has a backslash in its name, which readers take for a directory's separator", "rename it");
}

/// Names that differ in case only are two files here and one on macOS and Windows.
void warn_of_case_pairs(const ModelFolder& folder) {
  std::map<std::string, std::string> seen;
  for (const ModelEntry& entry : folder.entries()) {
    const auto [at, is_new] = seen.emplace(ascii_lower(entry.name), entry.name);
    if (!is_new)
      logger.warning(folder.path().native(), ": ", quote(at->second), " and ", quote(entry.name),
                     " differ in case only; a file system that ignores case keeps one of them");
  }
}

/// The recorded name's entry when it reaches a regular file that may be hashed.
const ModelEntry* readable(const ModelFolder& folder, std::string_view name) {
  const ModelEntry* const entry = folder.find(name);
  const bool is_readable =
      entry != nullptr && (entry->kind == EntryKind::file || entry->kind == EntryKind::link_to_file);
  return is_readable ? entry : nullptr;
}

class Comparison {
 public:
  Comparison(ModelFolder& folder, const IntegrityManifest& manifest) : folder_(folder), manifest_(manifest) {
    std::vector<const ModelEntry*> wanted;
    for (const auto* list : {&manifest.artifacts, &manifest.exported})
      for (const RecordedFile& recorded : *list)
        if (const ModelEntry* const entry = readable(folder, recorded.name)) wanted.push_back(entry);
    folder.hash(wanted);
  }

  IntegrityReport run() {
    for (const RecordedFile& artifact : manifest_.artifacts) check_artifact(artifact);
    for (const RecordedFile& exported : manifest_.exported) check_exported(exported);
    for (const auto& [name, target] : manifest_.links) check_link(name, target);
    for (const ModelEntry& entry : folder_.entries())
      if (!is_known(entry)) {
        report_.added.push_back(entry.name);
        if (entry.kind == EntryKind::special) report_.special_files.push_back(entry.name);
      }
    if (!manifest_.is_undamaged) report_.changed.emplace_back(kModelIntegrityFile);
    conclude();
    return std::move(report_);
  }

 private:
  void compare(const RecordedFile& recorded, const ModelEntry& entry) {
    if (folder_.digest(entry).sha256 == recorded.sha256) ++report_.num_verified;
    else report_.changed.push_back(recorded.name);
  }

  void check_artifact(const RecordedFile& artifact) {
    known_.insert(artifact.name);
    const ModelEntry* const entry = folder_.find(artifact.name);
    if (const ModelEntry* const file = readable(folder_, artifact.name)) compare(artifact, *file);
    else if (entry != nullptr && entry->kind == EntryKind::link_outside) report_.changed.push_back(artifact.name);
    else {
      report_.removed.push_back(artifact.name);
      if (entry != nullptr) known_.erase(artifact.name);  // something else stands in its place
    }
  }

  /// The reference notes an export by its name alone, wherever it wrote it.
  void check_exported(const RecordedFile& exported) {
    const ModelEntry* const entry = readable(folder_, exported.name);
    if (entry == nullptr) {
      if (folder_.find(exported.name) == nullptr) report_.exported_apart.push_back(exported.name);
      return;
    }
    if (!known_.insert(exported.name).second) return;  // an artifact, compared as such
    compare(exported, *entry);
    const std::string sidecar = exported.name + ".sha256";
    const ModelEntry* const beside = folder_.find(sidecar);
    if (beside == nullptr || beside->kind != EntryKind::file || known_.count(sidecar) != 0) return;
    if (says(folder_.path() / sidecar, exported.sha256)) known_.insert(sidecar);
  }

  /// True when the file begins with this digest, as sha256sum writes it.
  static bool says(const std::filesystem::path& sidecar, const std::string& sha256) {
    std::error_code error;
    if (std::filesystem::file_size(sidecar, error) > kMaxSidecarBytes || error) return false;
    const std::string text = read_file(sidecar, kMaxSidecarBytes);
    return !sha256.empty() && text.starts_with(sha256) &&
           (text.size() == sha256.size() || is_ascii_space(text[sha256.size()]));
  }

  void check_link(const std::string& name, const std::string& target) {
    const ModelEntry* const entry = folder_.find(name);
    if (known_.count(name) != 0) return;
    if (entry == nullptr) {
      report_.removed.push_back(name);
      return;
    }
    if (!entry->is_link()) return;  // a file in a link's place is an added file
    known_.insert(name);
    report_.skipped_links.push_back(name);
    if (!target.empty() && target != to_valid_utf8(entry->link_target)) report_.changed.push_back(name);
  }

  bool is_known(const ModelEntry& entry) const {
    if (entry.name == kModelIntegrityFile) return entry.kind == EntryKind::file;
    if (entry.name == kModelSignatureFile && entry.kind == EntryKind::file) return true;
    return known_.count(entry.name) != 0;
  }

  void conclude() {
    std::sort(report_.changed.begin(), report_.changed.end());
    std::sort(report_.removed.begin(), report_.removed.end());
    std::vector<std::string> parts;
    for (const auto& [names, word] : {std::pair{&report_.changed, "changed"}, std::pair{&report_.removed, "removed"},
                                      std::pair{&report_.added, "added"}})
      if (!names->empty()) parts.push_back(cat(names->size(), " ", word));
    report_.verdict = parts.empty() ? IntegrityVerdict::intact : IntegrityVerdict::differs;
    report_.reason = parts.empty() ? cat("All ", report_.num_verified, " recorded artifact(s) present and unchanged.")
                                   : cat("Model artifacts do not match model_integrity.json: ", join(parts, ", "), ".");
  }

  ModelFolder& folder_;
  const IntegrityManifest& manifest_;
  IntegrityReport report_;
  std::set<std::string, std::less<>> known_;
};

std::string read_manifest(const ModelFolder& folder) {
  const std::filesystem::path path = folder.path() / kModelIntegrityFile;
  const ModelEntry* const entry = folder.find(kModelIntegrityFile);
  if (entry == nullptr)
    throw ConfigError(cat("Integrity manifest not found: expected ", path.native()),
                      "a run writes it; a signed directory without one is verified with --public-key");
  if (entry->kind != EntryKind::file)
    throw ConfigError(cat("Integrity manifest at ", path.native(), " is not a regular file"));
  std::string text;
  try {
    text = read_file(path, kMaxManifestBytes);
  } catch (const RunError& error) {
    if (error.kind() == RunErrorKind::data) throw ConfigError(error.what(), error.hint());
    throw;
  }
  return text;
}

}  // namespace

WrittenIntegrity write_model_integrity(ModelFolder& folder, const std::filesystem::path& model_path) {
  // First, since this also removes what a killed writer left of an earlier one.
  DurableFile file(folder.path() / kModelIntegrityFile);
  folder.refresh();
  const std::string own_temporary = file.temporary_path().filename().native();
  std::vector<const ModelEntry*> wanted;
  WrittenIntegrity written;
  std::vector<std::pair<std::string, std::string>> links;
  for (const ModelEntry& entry : folder.entries()) {
    if (is_own_file(entry.name) || entry.name == own_temporary) continue;
    require_attestable(folder, entry);
    if (entry.kind == EntryKind::file || entry.kind == EntryKind::link_to_file) wanted.push_back(&entry);
    else {
      links.emplace_back(entry.name, to_valid_utf8(entry.link_target));
      written.skipped_links.push_back(entry.name);
    }
  }
  if (wanted.empty())
    throw ConfigError(cat(folder.path().native(), " holds no file that model_integrity.json could attest to"));
  warn_of_case_pairs(folder);
  folder.hash(wanted);
  std::vector<ManifestFile> files;
  for (const ModelEntry* entry : wanted) files.push_back({entry->name, folder.digest(*entry)});
  file.write(compose_integrity_manifest(iso_format(environment().utc_now()), to_valid_utf8(model_path.native()), files,
                                        links));
  file.commit();
  written.num_artifacts = files.size();
  return written;
}

IntegrityReport verify_model_integrity(ModelFolder& folder) {
  const std::string text = read_manifest(folder);
  const Result<Json> json = parse_json(text, kManifestLimits);
  if (!json)
    throw ConfigError(cat("Integrity manifest at ", (folder.path() / kModelIntegrityFile).native(),
                          " is not valid JSON: ", json.error().message));
  const Result<IntegrityManifest> manifest = read_integrity_manifest(*json);
  if (!manifest) {
    IntegrityReport report;
    report.verdict = IntegrityVerdict::unusable;
    report.reason = manifest.error().message;
    return report;
  }
  return Comparison(folder, *manifest).run();
}

IntegrityReport verify_model_integrity(const std::filesystem::path& directory) {
  ModelFolder folder(directory);
  return verify_model_integrity(folder);
}

}  // namespace forgelm::compliance
