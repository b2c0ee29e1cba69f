// The file COMMITTED of a checkpoint:
//   {"format_version": 1, "step": 12, "about": {...}, "files": [{"file": "a/b", "size_bytes": 5, "sha256": "..."}],
//    "sha256": "..."}
// The last member is the digest of the document without it, as one line of JSON without spaces, so that a flipped bit
// in here is found as well. Names are relative, with '/', in order, each once; the file itself is not among them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/json.hpp"
#include "forgelm/core/result.hpp"

namespace forgelm::formats::checkpoint {

inline constexpr std::size_t kMaxCommittedBytes = std::size_t{16} << 20;

struct CommittedFile {
  std::string file;
  std::int64_t size_bytes = 0;
  std::string sha256;
  bool operator==(const CommittedFile&) const = default;
};

struct Committed {
  std::int64_t step = 0;
  Json about;
  std::vector<CommittedFile> files;
  bool operator==(const Committed&) const = default;
};

/// RunError(internal) for what parse_committed would not read back: an `about` too deep, names that are not UTF-8.
std::string dump_committed(const Committed& committed);

/// Strict: every rule above is checked.
Result<Committed> parse_committed(std::string_view text);

}  // namespace forgelm::formats::checkpoint
