// NFC, NFD, NFKC and NFKD as steps of rewriting, so that the alignment with the text before is known.
// Oracle: the reference's own, which decomposes as Unicode 9 does (char_flag::kInert).
#pragma once

#include <string_view>
#include <vector>

#include "aligned_text.hpp"

namespace forgelm::text {

enum class NormalForm { nfc, nfd, nfkc, nfkd };

/// True when `text` (valid UTF-8) is surely in this form already; false may be wrong.
bool is_surely_normal(NormalForm form, std::string_view text);

/// The steps that bring `text` into the form, appended to `out`.
void rewrite_to_normal_form(NormalForm form, std::string_view text, std::vector<Rewrite>& out);

}  // namespace forgelm::text
