// Beside each store KEY stand KEY.lock (held while it is built or removed) and KEY.used (when it was last used).
// Removing renames the store to a name that is no key first, so that a kill in between leaves no store with half its
// files; what such a kill leaves is removed by the next removal.
#include "forgelm/data/token_cache.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/lock.hpp"
#include "forgelm/core/os_error.hpp"
#include "forgelm/core/text.hpp"
#include "token_manifest.hpp"

namespace forgelm::data {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFormat = "forgelm tokens 1";
constexpr std::string_view kRemoved = "removed-";
constexpr std::int64_t kUseStepUs = std::int64_t{3600} * 1000000;  // noting every use would cost a sync each time

fs::path beside(const fs::path& store, std::string_view suffix) {
  fs::path path = store;
  return path += suffix;
}

bool is_key(std::string_view name) {
  return name.size() == 64 &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_ascii_digit(c) || (c >= 'a' && c <= 'f'); });
}

void make_folders(const fs::path& folder) {
  std::error_code error;
  const bool is_new = fs::create_directories(folder, error);
  if (error) throw os_error("create", folder.native(), error.value());
  // The caches themselves are private; their names and number need not be seen either.
  if (is_new) static_cast<void>(::chmod(folder.c_str(), 0700));
}

std::optional<UtcTime> noted_use(const fs::path& store) {
  const auto text = read_file_if_exists(beside(store, ".used"), 4096);
  return text ? parse_iso_time(trim(*text)) : std::nullopt;
}

/// Best effort: a cache that cannot be written to can still be read.
void note_use(const fs::path& store) try {
  const UtcTime now = environment().utc_now();
  const auto before = noted_use(store);
  if (before && now.microseconds - before->microseconds < kUseStepUs && *before <= now) return;
  write_file_durably(beside(store, ".used"), iso_format(now) + "\n", 0600);
} catch (const RunError&) {
}

UtcTime time_of_change(const fs::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  return {std::int64_t{info.st_mtim.tv_sec} * 1000000 + info.st_mtim.tv_nsec / 1000};
}

std::uint64_t size_of_files(const fs::path& directory) {
  std::uint64_t sum = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator file(directory, error), end; !error && file != end; file.increment(error)) {
    std::error_code ignored;  // a file may go while its size is asked for
    const std::uint64_t size = file->is_regular_file(ignored) ? file->file_size(ignored) : 0;
    if (!ignored) sum += size;
  }
  return sum;
}

/// Nothing when the description is not one of ours.
std::optional<std::vector<TokenCacheSource>> sources_of(const Json& description) try {
  std::vector<TokenCacheSource> sources;
  for (const Json& source : description.at("sources").items())
    sources.push_back({source.at("path").text(), source.at("sha256").text(),
                       static_cast<std::uint64_t>(source.at("size_bytes").integer())});
  return sources;
} catch (const RunError&) {
  return std::nullopt;
}

TokenCacheEntry read_entry(const fs::path& path) {
  TokenCacheEntry entry;
  entry.path = path;
  entry.key = path.filename().native();
  entry.size_bytes = size_of_files(path);
  entry.last_used = noted_use(path).value_or(time_of_change(path));
  const auto manifest = read_manifest(path);
  if (!manifest) return entry;
  if (auto sources = sources_of(manifest->description)) {
    entry.description = manifest->description;
    entry.sources = *std::move(sources);
    entry.is_whole = manifest->is_whole;
    entry.num_examples = manifest->totals.num_examples;
  }
  return entry;
}

/// The names in a folder; none when it is not there.
std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    names.push_back(entry->path().filename().native());
  if (error && error != std::errc::no_such_file_or_directory) throw os_error("list", folder.native(), error.value());
  std::sort(names.begin(), names.end());
  return names;
}

/// An absolute path without ".", ".." and links, as far as it exists.
fs::path plain(const fs::path& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  if (error) return path.lexically_normal();
  fs::path resolved = fs::weakly_canonical(absolute, error);
  if (error) resolved = absolute.lexically_normal();
  return resolved.has_filename() ? resolved : resolved.parent_path();
}

bool is_at_or_below(const fs::path& path, const fs::path& directory) {
  const auto [end, _] = std::mismatch(directory.begin(), directory.end(), path.begin(), path.end());
  return end == directory.end();
}

}  // namespace

Json describe(const TokenCacheRecipe& recipe) {
  if (recipe.sources.empty()) throw ConfigError("a token cache needs at least one source that it is made from");
  Json sources = Json::array();
  for (const TokenCacheSource& source : recipe.sources)
    sources.push(Json::object({{"path", source.path}, {"sha256", source.sha256}, {"size_bytes", source.size_bytes}}));
  return Json::object({{"format", kFormat},
                       {"sources", std::move(sources)},
                       {"tokenizer_sha256", recipe.tokenizer_sha256},
                       {"template_sha256", recipe.template_sha256},
                       {"rules", recipe.rules}});
}

std::string token_cache_key(const Json& description) {
  const Sha256Digest digest = digest_of_description(description);
  return hex_encode(bytes_of(digest));
}

fs::path token_cache_folder() {
  const auto variable = [](const char* name) { return environment().variable(name).value_or(""); };
  // A relative XDG_CACHE_HOME is to be ignored, says the XDG Base Directory Specification.
  if (const fs::path cache = variable("XDG_CACHE_HOME"); cache.is_absolute()) return cache / "forgelm/tokens";
  if (const fs::path home = variable("HOME"); home.is_absolute()) return home / ".cache/forgelm/tokens";
  throw ConfigError("there is no place for the token cache: neither XDG_CACHE_HOME nor HOME is an absolute path",
                    "set XDG_CACHE_HOME to a directory that may be written to");
}

TokenStore cached_tokens(const fs::path& folder, const TokenCacheRecipe& recipe,
                         const std::function<Json(TokenStoreWriter&)>& build, const TokenStoreOptions& options) {
  const Json description = describe(recipe);
  make_folders(folder);
  const fs::path path = folder / token_cache_key(description);
  TokenStore store = open_or_build(path, description, build, options);
  note_use(path);
  return store;
}

std::vector<TokenCacheEntry> list_token_caches(const fs::path& folder) {
  std::vector<TokenCacheEntry> entries;
  for (const std::string& name : names_in(folder))
    if (is_key(name)) entries.push_back(read_entry(folder / name));
  return entries;
}

std::vector<TokenCacheEntry> find_caches_of(const fs::path& folder, std::string_view path_or_sha256) {
  const std::string wanted_digest = ascii_lower(path_or_sha256);
  const fs::path wanted = path_or_sha256.empty() ? fs::path() : plain(path_or_sha256);
  const auto is_wanted = [&](const TokenCacheSource& source) {
    if (source.path == path_or_sha256 || ascii_lower(source.sha256) == wanted_digest) return true;
    const fs::path path = source.path;
    return path.is_absolute() && !wanted.empty() && is_at_or_below(plain(path), wanted);
  };
  std::vector<TokenCacheEntry> found;
  for (TokenCacheEntry& entry : list_token_caches(folder)) {
    if (entry.description.is_null() || std::any_of(entry.sources.begin(), entry.sources.end(), is_wanted))
      found.push_back(std::move(entry));
  }
  return found;
}

bool remove_token_cache(const TokenCacheEntry& entry) {
  const fs::path folder = entry.path.parent_path();
  const auto lock = FileLock::try_acquire(beside(entry.path, ".lock"));
  if (!lock) return false;
  const fs::path aside = folder / cat(kRemoved, random_hex(8));
  std::error_code error;
  fs::rename(entry.path, aside, error);
  if (error && error != std::errc::no_such_file_or_directory)
    throw os_error("remove", entry.path.native(), error.value());
  fs::remove(beside(entry.path, ".used"), error);
  fs::remove_all(aside, error);
  if (error) throw os_error("remove", aside.native(), error.value());
  for (const std::string& name : names_in(folder))
    if (name.substr(0, kRemoved.size()) == kRemoved) fs::remove_all(folder / name, error);
  sync_directory(folder);
  return true;
}

std::vector<TokenCacheEntry> prune_token_caches(const fs::path& folder, const TokenCacheLimits& limits) {
  std::vector<TokenCacheEntry> entries = list_token_caches(folder);
  std::stable_sort(entries.begin(), entries.end(),
                   [](const auto& a, const auto& b) { return a.last_used < b.last_used; });
  std::uint64_t size_bytes = 0;
  for (const TokenCacheEntry& entry : entries) size_bytes += entry.size_bytes;
  const std::int64_t now = environment().utc_now().microseconds;
  std::vector<TokenCacheEntry> removed;
  for (const TokenCacheEntry& entry : entries) {
    const bool is_old = limits.max_age_s && (now - entry.last_used.microseconds) / 1000000 > *limits.max_age_s;
    const bool is_too_much = limits.max_size_bytes && size_bytes > *limits.max_size_bytes;
    if (!(is_old || is_too_much) || !remove_token_cache(entry)) continue;
    size_bytes -= entry.size_bytes;
    removed.push_back(entry);
  }
  return removed;
}

}  // namespace forgelm::data
