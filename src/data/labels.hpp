// The label of an answer: whether it is desirable (KTO).
#pragma once

#include "row_cell.hpp"

namespace forgelm::data {

/// true, false, 1, 0, or one of these as text, whatever the case; anything else is a problem.
bool read_label(const Cell& label);

}  // namespace forgelm::data
