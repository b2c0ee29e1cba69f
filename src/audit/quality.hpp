// The reference's five quality flags of a row's text (Gopher, C4, RefinedWeb
// style), outside of fenced code.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "text_masks.hpp"

namespace forgelm::audit {

/// In the order in which the reference reports them.
inline constexpr std::array<const char*, 5> kQualityFlags = {
    "low_alpha_ratio", "low_punct_endings", "abnormal_mean_word_length", "short_paragraphs", "repeated_lines"};

/// Bit i: kQualityFlags[i] holds for `text`.
std::uint8_t quality_flags(const TextMasks& text);

/// The text without fenced code blocks; the reference's _strip_code_fences.
std::string without_code_fences(std::string_view text);

}  // namespace forgelm::audit
