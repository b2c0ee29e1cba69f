#include "forgelm/compliance/model_folder.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "forgelm/core/error.hpp"
#include "forgelm/core/ordered_work.hpp"
#include "forgelm/core/os_error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::compliance {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kWorthThreads = std::uint64_t{4} << 20;

std::string identity_of(const struct stat& status) {
  return cat(status.st_dev, ":", status.st_ino, ":", status.st_size, ":", status.st_mtim.tv_sec, ".",
             status.st_mtim.tv_nsec, ":", status.st_ctim.tv_sec, ".", status.st_ctim.tv_nsec);
}

bool is_below(const fs::path& path, const fs::path& directory) {
  const std::string& text = path.native();
  const std::string& base = directory.native();
  return base == "/" || (text.size() > base.size() && text.starts_with(base) && text[base.size()] == '/');
}

/// Where a symbolic link ends; empty when it ends nowhere.
fs::path end_of_link(const fs::path& path) {
  std::error_code error;
  fs::path end = fs::canonical(path, error);
  return error ? fs::path() : end;
}

ModelEntry link_entry(std::string name, const fs::path& path, const fs::path& real_root) {
  ModelEntry entry{std::move(name), EntryKind::link_elsewhere, {}, 0, {}};
  std::error_code error;
  entry.link_target = fs::read_symlink(path, error).native();
  if (error) throw os_error("read the link", path.native(), error.value());
  const fs::path end = end_of_link(path);
  struct stat status {};
  if (end.empty() || ::lstat(end.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return entry;
  entry.kind = is_below(end, real_root) ? EntryKind::link_to_file : EntryKind::link_outside;
  entry.size_bytes = static_cast<std::uint64_t>(status.st_size);
  entry.identity = identity_of(status);
  return entry;
}

/// Adds the entries of one directory; directories in it go to `pending`.
void walk(const fs::path& root, const fs::path& real_root, const std::string& below, std::vector<std::string>& pending,
          std::vector<ModelEntry>& entries) {
  std::error_code error;
  fs::directory_iterator at(below.empty() ? root : root / below, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    const fs::path& path = at->path();
    std::string name = below.empty() ? path.filename().native() : cat(below, "/", path.filename().native());
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) throw os_error("read", path.native(), errno);
    if (S_ISDIR(status.st_mode)) pending.push_back(std::move(name));
    else if (S_ISLNK(status.st_mode)) entries.push_back(link_entry(std::move(name), path, real_root));
    else if (S_ISREG(status.st_mode))
      entries.push_back(
          {std::move(name), EntryKind::file, {}, static_cast<std::uint64_t>(status.st_size), identity_of(status)});
    else entries.push_back({std::move(name), EntryKind::special, {}, 0, {}});
    if (entries.size() + pending.size() > ModelFolder::kMaxEntries)
      throw RunError(RunErrorKind::data, cat(root.native(), " holds more than ", ModelFolder::kMaxEntries,
                                             " entries, which no model does"));
  }
  if (error) throw os_error("list", (root / below).native(), error.value());
}

}  // namespace

ModelFolder::ModelFolder(const fs::path& directory) : path_(directory) {
  std::error_code error;
  const fs::file_status status = fs::status(directory, error);
  if (error && error.value() != ENOENT && error.value() != ENOTDIR)
    throw os_error("read", directory.native(), error.value());
  if (!fs::exists(status)) throw ConfigError(cat("there is no model directory ", directory.native()));
  if (!fs::is_directory(status))
    throw ConfigError(cat(directory.native(), " is not a directory"),
                      "name the directory that holds the model's files");
  real_path_ = fs::canonical(directory, error);
  if (error) throw os_error("read", directory.native(), error.value());
  refresh();
}

void ModelFolder::refresh() {
  entries_.clear();
  std::vector<std::string> pending = {""};
  while (!pending.empty()) {
    const std::string below = std::move(pending.back());
    pending.pop_back();
    walk(path_, real_path_, below, pending, entries_);
  }
  std::sort(entries_.begin(), entries_.end(), [](const ModelEntry& a, const ModelEntry& b) { return a.name < b.name; });
}

const ModelEntry* ModelFolder::find(std::string_view name) const noexcept {
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), name,
                                   [](const ModelEntry& entry, std::string_view text) { return entry.name < text; });
  return at != entries_.end() && at->name == name ? &*at : nullptr;
}

void ModelFolder::hash(const std::vector<const ModelEntry*>& wanted) {
  std::vector<const ModelEntry*> missing;
  std::uint64_t num_bytes = 0;
  for (const ModelEntry* entry : wanted) {
    if (digests_.count(entry->identity) != 0) continue;
    missing.push_back(entry);
    num_bytes += entry->size_bytes;
  }
  using Hashed = std::pair<const ModelEntry*, FileDigest>;
  const auto work = [&](const ModelEntry* entry, int) -> Hashed {
    const fs::path path = path_ / entry->name;
    return {entry, digest_regular_file(entry->is_link() ? end_of_link(path) : path)};
  };
  const auto keep = [&](Hashed hashed) { digests_.insert_or_assign(hashed.first->identity, std::move(hashed.second)); };
  if (num_bytes < kWorthThreads) {
    for (const ModelEntry* entry : missing) keep(work(entry, 0));
    return;
  }
  std::size_t next = 0;
  run_ordered<const ModelEntry*, Hashed>(
      num_processors(),
      [&]() -> std::optional<const ModelEntry*> {
        if (next == missing.size()) return std::nullopt;
        return missing[next++];
      },
      work, keep);
}

const FileDigest& ModelFolder::digest(const ModelEntry& entry) const { return digests_.at(entry.identity); }

bool is_plain_relative_path(std::string_view name) noexcept {
  if (name.empty() || name.size() >= PATH_MAX || name.find('\0') != std::string_view::npos) return false;
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t end = std::min(name.find('/', at), name.size());
    const std::string_view part = name.substr(at, end - at);
    if (part.empty() || part == "." || part == "..") return false;
    at = end + 1;
  }
  return true;
}

}  // namespace forgelm::compliance
