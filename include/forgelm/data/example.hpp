// Example: token ids ready to be learnt, with what is learnt marked. Labels are the ids themselves, shifted by the
// trainer; a position outside `learnt` carries no loss. Invariant: masks go by position, never by id (a model whose pad
// token is its end-of-text token still learns to stop).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace forgelm::data {

/// Tokens [begin, end) of a sequence.
struct TokenRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool operator==(const TokenRange&) const = default;
};

struct Sequence {
  std::vector<std::int32_t> ids;
  std::vector<TokenRange> learnt;  ///< in order, not overlapping, not touching
  /// Characters (code points) of the text that it was encoded from, before it was cut; 0 of the parts of a text that
  /// was split, but for the first.
  std::uint32_t num_characters = 0;
};

/// SFT, CPT, KTO, GRPO: one sequence (GRPO: the prompt, nothing learnt). Preference: two, chosen then rejected, each
/// prompt + answer with the answer learnt.
struct Example {
  std::vector<Sequence> sequences;
  std::string extra;  ///< JSON for trainers that need more than tokens (KTO's label, GRPO's fields); may be empty
  std::uint32_t source = 0;  ///< which data set of the job
  std::uint64_t row = 0;     ///< which row of it
};

/// The same, not owned: points into a token store.
struct SequenceView {
  std::span<const std::int32_t> ids;
  std::span<const TokenRange> learnt;
  std::size_t num_learnt() const noexcept {
    std::size_t sum = 0;
    for (const auto& range : learnt) sum += range.end - range.begin;
    return sum;
  }
};

}  // namespace forgelm::data
