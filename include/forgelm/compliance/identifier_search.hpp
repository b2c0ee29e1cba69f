// Finds one person's identifier in text, as it is or as people write it: letters of an e-mail address in either case, a
// telephone number with or without country code, blanks and brackets, an IBAN or card number in groups. It is meant to
// find too much rather than too little; a person looks at what it finds.
// Differences from the reference, which looks for the exact text only, are additions: what it finds is found here too.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/choices.hpp"

namespace forgelm::compliance {

FORGELM_CHOICES(IdentifierType, literal, email, phone, tr_id, us_ssn, iban, credit_card, custom)

/// Bytes [begin, end) of a text.
struct FoundSpan {
  std::size_t begin = 0, end = 0;
  bool operator==(const FoundSpan&) const = default;
};

/// Thread-safe once made.
class IdentifierSearch {
 public:
  /// `custom` takes a regular expression (PCRE2, which takes nearly all that Python's `re` does). ConfigError for one
  /// that is not valid; it does not repeat the query, nor does any other message.
  IdentifierSearch(std::string query, IdentifierType type);
  ~IdentifierSearch();
  IdentifierSearch(const IdentifierSearch&) = delete;
  IdentifierSearch& operator=(const IdentifierSearch&) = delete;

  /// The first place in a text. RunError(data) when a regular expression takes too many steps.
  std::optional<FoundSpan> find(std::string_view text) const;

  /// The first place in a line of a file; of a line that is JSON also in its texts as they are meant ("\u0061lice").
  /// The second member is the text that the place is in: the line, or the member's text.
  std::optional<std::pair<FoundSpan, std::string>> find_in_line(std::string_view line) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The reference's excerpt: at most 160 characters around the place, an ellipsis where something was left out.
std::string excerpt(std::string_view text, FoundSpan place);

}  // namespace forgelm::compliance
