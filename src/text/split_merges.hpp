// Merges of models that have none in their files: tiktoken and SentencePiece join two neighbours whenever their text
// together is a token. As merges: one for each way to cut a token into two others, all with the token's rank.
#pragma once

#include <functional>
#include <vector>

#include "bpe_model.hpp"
#include "vocabulary.hpp"

namespace forgelm::text {

/// `rank_of(id)`: rank of a token, or nothing when no pair makes it. std::length_error above 2 * kMaxMerges, or when
/// the tokens need too much memory. The time is the sum of the squares of the tokens' lengths: bound them.
std::vector<BpeMerge> find_split_merges(const Vocabulary& tokens,
                                        const std::function<std::optional<std::uint32_t>(TokenId)>& rank_of);

}  // namespace forgelm::text
