#include "integrity_manifest.hpp"

#include <algorithm>
#include <set>

#include "forgelm/compliance/model_folder.hpp"
#include "forgelm/core/json_members.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::compliance {
namespace {

constexpr std::string_view kHashKey = "manifest_hash";
constexpr std::string_view kKnownKeys[] = {"verified_at",        "model_path",   "artifacts", "skipped_symlinks",
                                           "exported_artifacts", "link_targets", kHashKey};

std::string hash_of(const Json& document) {
  Json::Object members;
  for (const Json::Member& member : document.members())
    if (member.first != kHashKey) members.push_back(member);
  return sha256_hex(dump(Json(std::move(members)), {.sort_keys = true, .compact = true}));
}

/// A manifest written on Windows has '\' between directories; the reference reads it as '/'.
std::string with_slashes(std::string name) {
  std::replace(name.begin(), name.end(), '\\', '/');
  return name;
}

/// Empty, or why these entries cannot be compared.
std::string read_artifacts(const Json& list, IntegrityManifest& manifest) {
  if (list.kind() != Json::Kind::array)
    return cat("Manifest 'artifacts' is not a list but ", to_string(list.kind()), ".");
  if (list.items().empty())
    return "Manifest records 0 artifacts, so nothing was verified: an empty manifest cannot attest to anything.";
  std::set<std::string, std::less<>> seen;
  for (const Json& entry : list.items()) {
    if (entry.kind() != Json::Kind::object)
      return cat("Manifest entry is not an object but ", to_string(entry.kind()), ".");
    const Json* const file = entry.find("file");
    if (file == nullptr || file->kind() != Json::Kind::text) return "Manifest entry has no text as its 'file'.";
    std::string name = with_slashes(file->text());
    if (!is_plain_relative_path(name))
      return cat("Manifest entry path escapes the model directory or is not plain: ", quote(file->text()), ".");
    if (!seen.insert(name).second) return cat("Manifest lists ", quote(name), " twice.");
    manifest.artifacts.push_back({std::move(name), text_at(entry, "sha256")});
  }
  return {};
}

/// Entries that say nothing usable are passed over, as the reference passes over all of them.
void read_exported(const Json& list, IntegrityManifest& manifest) {
  if (list.kind() != Json::Kind::array) return;
  std::map<std::string, std::string> by_name;
  for (const Json& entry : list.items()) {
    const std::string name = text_at(entry, "file");
    if (is_plain_relative_path(name) && name.find_first_of("/\\") == std::string::npos)
      by_name[name] = text_at(entry, "sha256");
  }
  for (auto& [name, digest] : by_name) manifest.exported.push_back({name, digest});
}

void read_links(const Json& document, IntegrityManifest& manifest) {
  const Json* const names = document.find("skipped_symlinks");
  if (names != nullptr && names->kind() == Json::Kind::array)
    for (const Json& name : names->items())
      if (name.kind() == Json::Kind::text) manifest.links.emplace(with_slashes(name.text()), "");
  const Json* const targets = document.find("link_targets");
  if (targets != nullptr && targets->kind() == Json::Kind::object)
    for (const auto& [name, target] : targets->members())
      if (target.kind() == Json::Kind::text) manifest.links[name] = target.text();
}

}  // namespace

Result<IntegrityManifest> read_integrity_manifest(const Json& document) {
  if (document.kind() != Json::Kind::object)
    return Failure{cat("Manifest root is ", to_string(document.kind()), ", expected a JSON object.")};
  IntegrityManifest manifest;
  const Json* const hash = document.find(kHashKey);
  if (hash != nullptr) {
    manifest.is_undamaged = hash->kind() == Json::Kind::text && hash->text() == hash_of(document);
  } else {
    // A damaged key must not pass for a manifest of the reference, which has no hash of itself.
    for (const Json::Member& member : document.members())
      if (std::find(std::begin(kKnownKeys), std::end(kKnownKeys), member.first) == std::end(kKnownKeys))
        return Failure{
            cat("Manifest has the key ", quote(member.first), ", which is not known, and no ", kHashKey, ".")};
  }
  const Json* const artifacts = document.find("artifacts");
  if (artifacts == nullptr)
    return Failure{
        "Manifest has no 'artifacts' key: this is not a model_integrity.json, so nothing could be verified."};
  if (std::string problem = read_artifacts(*artifacts, manifest); !problem.empty()) return Failure{std::move(problem)};
  if (const Json* const exported = document.find("exported_artifacts")) read_exported(*exported, manifest);
  read_links(document, manifest);
  return manifest;
}

std::string compose_integrity_manifest(std::string_view verified_at, std::string_view model_path,
                                       const std::vector<ManifestFile>& files,
                                       const std::vector<std::pair<std::string, std::string>>& links) {
  Json artifacts = Json::array();
  for (const ManifestFile& file : files)
    artifacts.push(
        Json::object({{"file", file.name}, {"sha256", file.digest.sha256}, {"size_bytes", file.digest.size_bytes}}));
  Json document = Json::object({{"verified_at", verified_at}, {"model_path", model_path}, {"artifacts", artifacts}});
  if (!links.empty()) {
    Json names = Json::array();
    Json::Object targets;
    for (const auto& [name, target] : links) {
      names.push(name);
      targets.emplace_back(name, target);
    }
    document.set("skipped_symlinks", std::move(names)).set("link_targets", Json(std::move(targets)));
  }
  document.set(std::string(kHashKey), hash_of(document));
  return dump(document, {.indent = 2});
}

}  // namespace forgelm::compliance
