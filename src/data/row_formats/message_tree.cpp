// {message_tree_id, prompt: {text, role, replies: [...]}}: a message tree in one row, as OASST1's tree files hold them.
#include "../message_trees.hpp"
#include "shared.hpp"

namespace forgelm::data {
extern const RowFormat row_format_message_tree;

namespace {

constexpr ColumnSpec kColumns[] = {
    {.name = "message_tree_id", .doc = "the tree's name", .is_required = true},
    {.name = "prompt", .doc = "the root message: {text, role, replies: [...]}", .is_required = true},
};

bool fits(const RowView& row) {
  const auto prompt = row.find("prompt");
  return prompt && prompt->is_object() && prompt->find("replies").has_value();
}

}  // namespace

const RowFormat row_format_message_tree = {
    .name = "message_tree",
    .known_as = "OASST1 trees",
    .meaning = "One conversation: at every level the best-ranked reply, cut after its last assistant message.",
    .rank = 88,
    .columns = kColumns,
    .trainers = kSft,
    .fits = fits,
    .convert = convert_nested_tree,
};

}  // namespace forgelm::data
