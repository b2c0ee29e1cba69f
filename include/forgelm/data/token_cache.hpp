// The token cache: token stores that are found again by what they were made from. A folder holds one store for each
// key; nothing in it is needed, all of it can be made again, and all of it holds people's data: it is readable by its
// owner alone, and whoever erases a source finds every cache of it here, unfinished and damaged ones included. Place:
// XDG_CACHE_HOME/forgelm/tokens, else ~/.cache/forgelm/tokens.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/env.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/data/token_store.hpp"

namespace forgelm::data {

/// A file that tokens were made from.
struct TokenCacheSource {
  std::string path;  ///< absolute for files on disk; as the job names it for others
  std::string sha256;
  std::uint64_t size_bytes = 0;
};

/// All that the tokens follow from. Two recipes that could give different tokens must differ.
struct TokenCacheRecipe {
  std::vector<TokenCacheSource> sources;
  std::string tokenizer_sha256;
  std::string template_sha256;
  Json rules;  ///< train_on, length policy, columns, special tokens, ...: an object
};

/// The description of the store that a recipe gives, with the version of the format. ConfigError for a recipe without
/// sources: nobody could find it to erase it.
Json describe(const TokenCacheRecipe& recipe);

/// SHA-256, hex, of a description; the same for objects whose members stand in another order.
std::string token_cache_key(const Json& description);

/// ConfigError when neither XDG_CACHE_HOME nor HOME says where.
std::filesystem::path token_cache_folder();

/// The store of a recipe, from the cache in `folder` or built into it (open_or_build), and noted as used. Makes the
/// folder when it is missing.
TokenStore cached_tokens(const std::filesystem::path& folder, const TokenCacheRecipe& recipe,
                         const std::function<Json(TokenStoreWriter&)>& build, const TokenStoreOptions& options = {});

/// What there is under one key.
struct TokenCacheEntry {
  std::filesystem::path path;
  std::string key;
  Json description;                       ///< null when it cannot be read any more
  std::vector<TokenCacheSource> sources;  ///< from the description
  bool is_whole = false;
  std::uint64_t num_examples = 0;
  std::uint64_t size_bytes = 0;  ///< of all its files
  UtcTime last_used;             ///< to the hour; when it was begun, as long as nobody used it
};

/// All caches in a folder, by key; none for a folder that is not there.
std::vector<TokenCacheEntry> list_token_caches(const std::filesystem::path& folder);

/// Those that hold, or may hold, what comes from a source: by its path (as recorded, or another spelling of the same
/// absolute path; a directory stands for all below it) or by the SHA-256 of its content. A cache whose description
/// cannot be read may hold anything, so it is always among them.
std::vector<TokenCacheEntry> find_caches_of(const std::filesystem::path& folder, std::string_view path_or_sha256);

/// Removes a cache with all its files, durably. False when it is being built just now, and stays. Processes that have
/// it open read on.
bool remove_token_cache(const TokenCacheEntry& entry);

struct TokenCacheLimits {
  std::optional<std::int64_t> max_age_s = std::nullopt;  ///< since the last use
  /// Of all together; the one longest not used goes first.
  std::optional<std::uint64_t> max_size_bytes = std::nullopt;
};

/// Removes what exceeds the limits; those that are being built stay. Returns what was removed.
std::vector<TokenCacheEntry> prune_token_caches(const std::filesystem::path& folder, const TokenCacheLimits& limits);

}  // namespace forgelm::data
