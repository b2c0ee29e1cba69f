// The Viterbi search of sentencepiece 0.2.3 for Unigram models, in its own arithmetic: sums in float, scores set back
// when they grow beyond 100,000, user-defined pieces by their length. Older libraries (0.1.97 sums in double here)
// break ties otherwise; ids must not depend on which library a distribution ships. Trap: not the same as
// unigram_model.hpp, which is Hugging Face's arithmetic.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "model.hpp"
#include "sentencepiece_file.hpp"
#include "trie.hpp"

namespace forgelm::text {

class SentencePieceUnigram {
 public:
  explicit SentencePieceUnigram(const SentencePieceFile& model);

  struct Arrival {
    float score;
    std::uint32_t begin;
    TokenId id;
  };
  /// Appends the best split of a normalised text (UTF-8), in order; unknown characters one by one. `arrivals`: work
  /// memory.
  void split(std::string_view text, std::vector<Arrival>& arrivals, std::vector<Piece>& out) const;
  TokenId unk_id() const noexcept { return unk_id_; }

 private:
  struct Score {
    float score = 0.0f;
    SentencePieceType type = SentencePieceType::normal;
  };
  Trie trie_;
  std::vector<Score> scores_;  ///< by id
  float unk_score_ = 0.0f;
  TokenId unk_id_ = 0;
};

}  // namespace forgelm::text
