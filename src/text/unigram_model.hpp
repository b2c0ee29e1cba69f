// Unigram language model: the split of a word whose pieces' scores add up to most (Viterbi), as Hugging Face tokenizers
// 0.23.3 does it (models/unigram, encode_optimized): sums in double from the left, the first of equals stays, an
// unknown character costs 10 more than the worst piece, neighbouring unknowns are joined.
// Invariants: immutable; time is the word's length times that of the longest piece (bounded by kMaxPieceBytes).
// Trap: a joined unknown run is looked up once more, and may be a piece after all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model.hpp"
#include "trie.hpp"
#include "vocabulary.hpp"
#include "word_cache.hpp"

namespace forgelm::text {

/// What a token in a trie may measure, so that the time per character is bounded.
inline constexpr std::size_t kMaxPieceBytes = 1024;

struct UnigramParts {
  Vocabulary vocabulary;       ///< a piece that stands twice has its later id
  std::vector<double> scores;  ///< by id, finite
  std::optional<TokenId> unk_id;
  bool byte_fallback = false;
};

class UnigramModel final : public Model {
 public:
  /// std::length_error when the pieces need too much memory.
  explicit UnigramModel(UnigramParts parts);
  ~UnigramModel() override;

  std::unique_ptr<ModelScratch> new_scratch() const override;
  void tokenize(std::string_view word, ModelScratch& scratch, std::vector<Piece>& out) const override;
  std::optional<TokenId> id_of(std::string_view token) const override { return vocabulary_.find(token); }
  std::string_view token_of(TokenId id) const override { return vocabulary_.token_of(id); }
  std::size_t num_ids() const noexcept override { return vocabulary_.num_ids(); }

 private:
  struct Scratch;
  TokenId require_unk_id() const;
  void find_best_path(std::string_view word, Scratch& scratch) const;
  void append_unknown(std::string_view run, std::uint32_t begin, std::vector<Piece>& out) const;

  Vocabulary vocabulary_;
  std::vector<double> scores_;
  Trie trie_;
  std::array<TokenId, 256> byte_ids_;
  std::optional<TokenId> unk_id_;
  double unk_score_;
  bool byte_fallback_;
};

}  // namespace forgelm::text
