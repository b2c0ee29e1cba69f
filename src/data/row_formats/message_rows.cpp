// {message_id, parent_id, text, role}: message trees whose messages are rows of their own, as in OASST1 on the Hub.
#include "shared.hpp"

namespace forgelm::data {
extern const RowFormat row_format_message_rows;

namespace {

constexpr ColumnSpec kColumns[] = {
    {.name = "message_id", .doc = "the message's own name", .is_required = true},
    {.name = "parent_id", .doc = "the message that it answers; null for a root", .is_required = true},
    {.name = "text", .doc = "the message", .is_required = true},
    {.name = "role", .doc = "prompter or assistant", .is_required = true},
    {.name = "rank", .doc = "place among the replies to one message, 0 for the best"},
    {.name = "message_tree_id", .doc = "the tree that it belongs to"},
    {.name = "deleted", .doc = "true: the message and all below it are left out"},
    {.name = "review_result", .doc = "false: the same"},
};

}  // namespace

const RowFormat row_format_message_rows = {
    .name = "message_rows",
    .known_as = "OASST1",
    .meaning = "One conversation a tree: at every level the best-ranked reply, cut after its last assistant message.",
    .rank = 90,
    .columns = kColumns,
    .trainers = kSft,
    .spans_rows = true,
};

}  // namespace forgelm::data
