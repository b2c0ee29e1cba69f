// Dates and thresholds of law that forgelm states or computes with: one table, each row with its source, so that a
// change of the law is a change of a row. Nothing here is legal advice, and no prose elsewhere repeats a value.
#pragma once

#include <span>
#include <string_view>

#include "forgelm/core/json.hpp"

namespace forgelm::compliance {

struct LawEntry {
  std::string_view id;    ///< "high_risk_annex_iii_applies_from"
  std::string_view date;  ///< "2027-12-02"; empty where the row is a number
  double number = 0;
  std::string_view what;       ///< one sentence
  std::string_view provision;  ///< "Article 18(1)"
  std::string_view source;     ///< act and publication
};

std::span<const LawEntry> law_table();
/// The row of that name; a std::logic_error when there is none.
const LawEntry& law(std::string_view id);
/// The day on which the table was last compared with its sources.
std::string_view law_table_as_of();

/// {"id", "date" or "number", "what", "provision", "source"}.
Json to_json(const LawEntry& entry);

}  // namespace forgelm::compliance
