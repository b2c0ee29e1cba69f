// Fingerprints of a text's words as near-duplicate detection sees them: Python's \w+, lower case, so that they equal
// the reference's.
#pragma once

#include <cstdint>
#include <string_view>

#include "text_masks.hpp"

namespace forgelm::audit {

/// Hash of a lower-case word: XXH3, 64 bits, as the reference has it where the
/// package xxhash is installed.
std::uint64_t word_hash(std::string_view lower_case_word) noexcept;

/// The 64-bit simhash of the words, each weighted by how often it occurs; 0 for
/// a text without words.
std::uint64_t simhash(const TextMasks& text);

}  // namespace forgelm::audit
