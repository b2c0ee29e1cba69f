// ModelFolder: what lies in a model's directory, by name and kind, and the digests of its files. One look serves the
// integrity manifest and the signature, so that nothing is hashed twice. Invariants: the directory is walked without
// following links; a pipe, socket or device is seen and never opened; names are paths below the directory with '/'.
// The trap: it is a look at one moment. A file that changes while it is hashed gives some digest of some of its bytes.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/hash.hpp"

namespace forgelm::compliance {

enum class EntryKind {
  file,            ///< a regular file; a hard link is one, under each of its names
  link_to_file,    ///< a symbolic link that ends at a regular file inside the directory
  link_outside,    ///< one that ends at a regular file outside
  link_elsewhere,  ///< one that ends at a directory, a special file or nowhere
  special,         ///< a pipe, a socket, a device
};

struct ModelEntry {
  std::string name;  ///< "model.safetensors", "tokenizer/vocab.json"; bytes, not necessarily UTF-8
  EntryKind kind = EntryKind::file;
  std::string link_target;       ///< the text of a symbolic link
  std::uint64_t size_bytes = 0;  ///< of the file that is there or that the link ends at
  std::string identity;          ///< equal for two looks at a file that nobody touched between them

  bool is_link() const noexcept { return kind != EntryKind::file && kind != EntryKind::special; }
};

/// Not thread-safe; hash() uses threads of its own.
class ModelFolder {
 public:
  /// Walks the directory. ConfigError when there is none at the path, RunError(io) when it cannot be read,
  /// RunError(data) beyond kMaxEntries.
  explicit ModelFolder(const std::filesystem::path& directory);

  /// Walks it again; digests of files that nobody touched are kept.
  void refresh();

  const std::filesystem::path& path() const noexcept { return path_; }
  /// In the order of the bytes of their names.
  const std::vector<ModelEntry>& entries() const noexcept { return entries_; }
  const ModelEntry* find(std::string_view name) const noexcept;

  /// Hashes those that are no longer to be hashed, on all processors. They must be of a kind that ends at a regular
  /// file. RunError as digest_regular_file().
  void hash(const std::vector<const ModelEntry*>& wanted);
  /// After hash() of this entry.
  const FileDigest& digest(const ModelEntry& entry) const;

  static constexpr std::size_t kMaxEntries = 1'000'000;

 private:
  std::filesystem::path path_;
  std::filesystem::path real_path_;
  std::vector<ModelEntry> entries_;
  std::map<std::string, FileDigest, std::less<>> digests_;  ///< by identity
};

/// True for a name that stays below its directory and is written in one way only: no empty, "." or ".." component, no
/// leading slash, no NUL.
bool is_plain_relative_path(std::string_view name) noexcept;

}  // namespace forgelm::compliance
