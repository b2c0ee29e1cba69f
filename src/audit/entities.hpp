// The part of an audit that asks an EntityFinder: collects the strings of a
// block's rows, has them looked through at once, and counts. Invariant: no text
// is looked through twice, though the reference's figures are of the rows'
// texts and ours of all strings.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "forgelm/audit/audit.hpp"

namespace forgelm::audit {

struct BlockAudit;

/// Kinds of entities as all_kinds() has them, behind those with a pattern.
std::vector<Kind> entity_kinds();
/// Kinds of all_kinds() that have a pattern: the first so many.
std::size_t num_pattern_kinds();
/// Index in all_kinds().
std::uint16_t kind_index(EntityKind kind);

/// For one thread.
class EntityPass {
 public:
  /// Without a finder it does nothing.
  explicit EntityPass(EntityFinder* finder) : finder_(finder) {}

  /// A row begins; `text` is its text, alive until end_row().
  void start_row(std::string_view text, std::uint64_t line, std::uint64_t row);
  /// A string of the row, in order.
  void add_string(const std::string& field, std::string_view text);
  /// Bytes of the last string that a pattern found: they are one finding
  /// already.
  void add_taken(std::size_t begin, std::size_t end);
  void end_row();
  /// Asks for all strings since the last call and adds what is found to
  /// `block`.
  void finish(BlockAudit& block, std::size_t max_findings);

 private:
  struct Item {
    std::string text, field;
    std::uint64_t line = 0, row = 0;
    bool is_string = true;     ///< counts among all strings
    bool is_row_text = false;  ///< counts among the rows' texts
    std::vector<std::pair<std::size_t, std::size_t>> taken;
  };

  EntityFinder* finder_;
  std::vector<Item> items_;
  std::string_view row_text_;
  std::size_t first_of_row_ = 0, row_text_done_ = 0;
  std::uint64_t line_ = 0, row_ = 0;
  bool has_item_ = false;  ///< the last string became an item
};

}  // namespace forgelm::audit
