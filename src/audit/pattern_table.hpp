// The table of kinds: name, expression, validator, triggers. Everything about a
// kind is one row here.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "forgelm/audit/pattern_scan.hpp"
#include "forgelm/core/pattern.hpp"
#include "triggers.hpp"
#include "validators.hpp"

namespace forgelm::audit {

struct KindRow {
  Kind kind;
  const char* expression = nullptr;
  Pattern::Classes classes = Pattern::Classes::ascii;
  bool dot_is_all = false;
  Validator validator = nullptr;
  std::vector<Trigger> triggers = {};           ///< any of them
  std::vector<std::string_view> literals = {};  ///< or any of these, byte for byte
};

/// Tokens of services beyond the reference's.
std::vector<KindRow> provider_secrets();

/// All kinds, by index.
const std::vector<KindRow>& kind_rows();

/// The trigger that stands for the literals of kind `index`.
inline std::size_t literal_trigger(std::size_t index) { return kNumClassTriggers + index; }

/// The triggers after any of which kind `index` has to be looked for.
const std::vector<NumberSet>& triggers_of_kinds();
/// The kinds that have to be looked for after these triggers.
NumberSet kinds_of(const NumberSet& triggers);

/// No kind matches in fewer characters, and none that has literals in fewer than `kShortestToken`.
inline constexpr std::size_t kShortestMatch = 5, kShortestToken = 12;

}  // namespace forgelm::audit
