// Message trees: from a tree of messages to one conversation (what MessageTreeCollector's contract says), for trees
// that are nested in one row and for those whose messages are rows.
#pragma once

#include "row_cell.hpp"

namespace forgelm::data {

/// RowFormat::convert of a row {prompt: {text, role, replies: [...]}}.
void convert_nested_tree(const RowView& row, RowOutcome& out);

}  // namespace forgelm::data
