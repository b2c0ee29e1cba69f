// What must be in a text before a kind can match: triggers. Literals (the fixed
// beginnings of tokens) are found for all kinds in one pass, by Hyperscan or by
// a scanner of our own; classes of characters (digits, mostly) by a pass of
// ours, which costs less than Hyperscan's automaton of them takes to build. A
// trigger may be found where no kind matches, never the other way round: only
// the kinds' expressions decide. Classes have places, so that an expression is tried near them only. The trap:
// expressions know digits and word boundaries of Unicode, triggers know bytes. A kind whose \d may be any script's has
// `unicode_digit` too, and triggers have no boundaries.
#pragma once

#include <string_view>

#include "forgelm/audit/pattern_scan.hpp"

namespace forgelm::audit {

enum class Trigger {
  at_sign,          ///< a@b
  caps_and_digits,  ///< AB12, AB 12
  digits_13,        ///< 13 digits with spaces and hyphens between them
  digits_9,         ///< 9 digits, at most one of [ .-+/] between two
  dashed_9,         ///< 123-45-6789
  run_7,            ///< 7 digits without anything between
  run_8,
  run_11,
  capital_and_7,  ///< A1234567
  corsican,       ///< 123452A123456
  caps_16,        ///< 16 of [A-Z0-9], a digit among them
  dated_9,        ///< 123456-789 and the like
  dots_2,         ///< 1.234.567
  dots_3,         ///< 1.2.3.4
  hex_colons,     ///< a:b:c, a::c
  plus_digit,
  paren_digits,   ///< (12)
  unicode_digit,  ///< a decimal digit beyond ASCII
  assignment,     ///< key: token = and the like
};
static_assert(static_cast<std::size_t>(Trigger::assignment) + 1 == kNumClassTriggers);
// Behind the classes: one for each kind that has literals.

/// Bytes before a trigger's place where a match that needs it may begin: more than any word that a number stands
/// behind.
inline constexpr std::size_t kReach = 64;

/// Index of two bytes in a table of 65,536.
constexpr std::size_t pair_of(char first, char second) {
  return std::size_t{static_cast<unsigned char>(first)} << 8 | static_cast<unsigned char>(second);
}

/// Adds them with their places: a number's is the digits and what stands between them, an at sign's begins with what
/// may be the name before it, `unicode_digit` is everywhere.
void find_class_triggers(std::string_view text, Triggers& found);
NumberSet find_literals_portable(std::string_view text);
/// The same; only where has_hyperscan().
NumberSet find_literals_hyperscan(std::string_view text);
/// Whether to take it for a text of so many bytes: it is there and its database is made. Making one takes as long as
/// reading some megabytes without it, and begins, in a thread of its own, when a thread has asked about some texts.
bool does_hyperscan_pay(std::size_t num_bytes);

}  // namespace forgelm::audit
