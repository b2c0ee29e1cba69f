// The columns of a split as a tree of keys, counted on one walk over a row. Rows of a data set mostly have the same
// keys in the same order, so a key is looked for where it stood in the object before; a walk costs a comparison a key.
// Limits keep objects that are maps (keys that are data) from becoming columns. Invariant: trees of blocks merged in
// order equal the tree of all rows, limits included, as long as blocks are cut alike.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/audit/profile.hpp"
#include "json_line.hpp"

namespace forgelm::audit {

class ColumnTree {
 public:
  ColumnTree();

  /// `line`: of the file, from 1; 0 where lines mean nothing. `has_numbers`: false when the line's numbers were
  /// rewritten on reading; they are not counted as values then.
  void add(const simdjson::dom::element& row, std::uint64_t line, bool has_numbers);
  void merge(const ColumnTree& more);
  ColumnsProfile profile() const;

 private:
  /// Values of a column, while they are few and short.
  struct Values {
    std::vector<ValueCount> counts;
    bool is_over = false;
    void add(std::string_view value, std::uint64_t count = 1);
  };
  struct Node {
    std::string key;
    std::uint64_t last_visit = 0;  ///< the object in which it was met last
    std::uint64_t num_empty = 0;
    std::array<std::uint64_t, kNumValueTypes> num_of{};
    std::array<std::uint64_t, kNumValueTypes> first_line{};
    Values values;
    std::vector<std::uint32_t> children;  ///< of the objects that stand here
    std::uint32_t items = 0;              ///< the node of a list's items; 0: none
  };

  void walk(std::uint32_t node, const simdjson::dom::element& value, int depth);
  void walk_object(std::uint32_t node, const simdjson::dom::element& value, int depth);
  void walk_array(std::uint32_t node, const simdjson::dom::element& value, int depth);
  void count_value(std::uint32_t node, ValueType type, const simdjson::dom::element& value);
  /// The child of that key, looked for from place `at` on; 0 when there is no room for it.
  std::uint32_t child(std::uint32_t parent, std::string_view key, std::size_t at);
  std::uint32_t items_of(std::uint32_t parent);
  std::uint32_t make_node(std::string_view key);
  void merge_node(std::uint32_t mine, const ColumnTree& more, std::uint32_t theirs);
  void list(std::uint32_t node, const std::string& path, std::uint64_t num_places, ColumnsProfile& out) const;

  std::vector<Node> nodes_;  ///< the first is the row
  std::uint64_t visit_ = 0, line_ = 0;
  std::uint64_t num_repeated_keys_ = 0, num_untracked_keys_ = 0;
  bool has_numbers_ = true;
};

}  // namespace forgelm::audit
