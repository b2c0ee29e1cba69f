#include "audit_proof.hpp"

#include "audit_line.hpp"
#include "forgelm/core/base64.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::compliance {
namespace {

/// Feeds the hasher with the leaves of the log; gives line `wanted` (from 0).
std::string hash_subtrees(const AuditBytes& log, SubtreeHasher& hasher, std::optional<std::uint64_t> wanted) {
  LineSplitter splitter;
  std::uint64_t index = 0;
  std::string found;
  log([&](std::string_view bytes) {
    return splitter.add(bytes, [&](std::string_view line) {
      if (trim(line).empty()) return true;
      if (index++ == wanted) found = line;
      hasher.add(merkle_leaf(line));
      return true;
    });
  });
  return found;
}

Json path_of(const SubtreeHasher& hasher) {
  Json path = Json::array();
  for (std::size_t i = 0; i < hasher.num_ranges(); ++i) {
    const auto root = hasher.root(i);
    if (!root) throw RunError(RunErrorKind::data, "the audit log became shorter while it was read");
    path.push(base64_encode(bytes_of(*root)));
  }
  return path;
}

Json count(std::uint64_t value) { return static_cast<std::int64_t>(value); }

Json note_or_null(const std::string& note) { return note.empty() ? Json() : Json(note); }

}  // namespace

Json prove_inclusion(const AuditBytes& log, std::uint64_t index, const ProofTarget& target) {
  SubtreeHasher hasher(inclusion_ranges(index, target.size));
  const std::string line = hash_subtrees(log, hasher, index);
  return Json::object({{"kind", "inclusion"},
                       {"origin", target.origin},
                       {"leaf_index", count(index)},
                       {"tree_size", count(target.size)},
                       {"root", base64_encode(bytes_of(target.root))},
                       {"path", path_of(hasher)},
                       {"entry", line},
                       {"checkpoint", note_or_null(target.note)}});
}

Json prove_consistency(const AuditBytes& log, const Checkpoint& earlier, const std::string& earlier_note,
                       const ProofTarget& target) {
  SubtreeHasher hasher(consistency_ranges(earlier.num_entries(), target.size));
  hash_subtrees(log, hasher, std::nullopt);
  return Json::object({{"kind", "consistency"},
                       {"origin", target.origin},
                       {"first_size", count(earlier.num_entries())},
                       {"first_root", base64_encode(bytes_of(earlier.root))},
                       {"second_size", count(target.size)},
                       {"second_root", base64_encode(bytes_of(target.root))},
                       {"path", path_of(hasher)},
                       {"first_checkpoint", earlier_note},
                       {"second_checkpoint", note_or_null(target.note)}});
}

}  // namespace forgelm::compliance
