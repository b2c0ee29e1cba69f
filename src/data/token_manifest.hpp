// The file store.json of a token store: what the store was made from, and, once it is whole, its list of segments.
// Two lines: a JSON object, and the SHA-256 of that line in hex, so that no changed bit goes unseen. It is there from
// the moment a build begins (then without `segments`): whoever looks for caches of a source finds unfinished ones too.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "forgelm/core/hash.hpp"
#include "forgelm/core/json.hpp"
#include "token_segment.hpp"

namespace forgelm::data {

struct TokenManifest {
  struct Entry {
    std::uint64_t size_bytes = 0;
    std::uint64_t num_examples = 0;
    std::string digest;  ///< of the segment's header, hex
  };
  Json description;
  bool is_whole = false;
  std::vector<Entry> segments;
  TokenTotals totals;
  Json report;
  std::string digest;  ///< of the line, hex; set by reading and writing
};

std::filesystem::path manifest_path(const std::filesystem::path& store);
std::filesystem::path segment_path(const std::filesystem::path& store, std::uint64_t number);
/// Whether a name in a store's directory is that of a segment.
bool is_segment_name(std::string_view name) noexcept;

/// What a segment's header says of the store that it belongs to.
Sha256Digest digest_of_description(const Json& description);

void write_manifest(const std::filesystem::path& store, TokenManifest& manifest);
/// A failure when the file is missing, damaged or of another version.
Result<TokenManifest> read_manifest(const std::filesystem::path& store);

}  // namespace forgelm::data
