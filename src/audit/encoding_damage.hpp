// Characters that show what a text went through: bytes lost, decoded by the wrong table, or put in by editors and
// terminals. Precision comes first: a sequence counts as mojibake when the characters read as bytes are UTF-8 and
// nobody writes them so. The trap: quotation marks, dashes and no-break spaces are bytes of Windows-1252 too, so that
// a capital letter with an accent before a closing quotation mark looks like two bytes of UTF-8; such pairs count only
// beside others. Oracle: ftfy 6.3.1, by tools/bench/audit/mojibake.py.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/audit/profile.hpp"

namespace forgelm::audit {

/// Bytes [begin, end) of a text; of mojibake a run of characters that belong together.
struct DamageSpan {
  Damage kind = Damage::mojibake;
  std::size_t begin = 0, end = 0;
  bool operator==(const DamageSpan&) const = default;
};

/// All damage of `text` (valid UTF-8), by place; `found` is emptied first. Text of ASCII costs a comparison for eight
/// bytes.
void find_damage(std::string_view text, std::vector<DamageSpan>& found);

/// What the characters of `mojibake` (a span of that kind) were before they were read by the wrong table.
std::string unscrambled(std::string_view mojibake);

}  // namespace forgelm::audit
