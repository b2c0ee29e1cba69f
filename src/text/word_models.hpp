// The two models that look words up: WordPiece (greedy, longest piece first) and WordLevel (whole words), as Hugging
// Face tokenizers 0.23.3 has them. Invariants: immutable; WordPiece takes the word's length times that of the longest
// token (bounded by kMaxPieceBytes).
// Trap: WordPiece gives up on a whole word, not on a character: one unknown character makes the word one unknown token.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model.hpp"
#include "trie.hpp"
#include "vocabulary.hpp"
#include "word_cache.hpp"

namespace forgelm::text {

struct WordPieceParts {
  Vocabulary vocabulary;
  std::string unk_token;
  std::string continuing_subword_prefix;
  std::size_t max_input_chars_per_word = 100;
};

class WordPieceModel final : public Model {
 public:
  /// std::length_error when the tokens need too much memory.
  explicit WordPieceModel(WordPieceParts parts);
  ~WordPieceModel() override;

  std::unique_ptr<ModelScratch> new_scratch() const override;
  void tokenize(std::string_view word, ModelScratch& scratch, std::vector<Piece>& out) const override;
  std::optional<TokenId> id_of(std::string_view token) const override { return vocabulary_.find(token); }
  std::string_view token_of(TokenId id) const override { return vocabulary_.token_of(id); }
  std::size_t num_ids() const noexcept override { return vocabulary_.num_ids(); }

 private:
  struct Scratch;
  bool split(std::string_view word, std::vector<Piece>& out) const;

  Vocabulary vocabulary_;
  Trie trie_;
  std::optional<std::uint32_t> continuing_node_;  ///< where the prefix leads in the trie
  std::string unk_token_;
  std::size_t max_input_chars_per_word_;
};

class WordLevelModel final : public Model {
 public:
  WordLevelModel(Vocabulary vocabulary, std::string unk_token);
  ~WordLevelModel() override;

  std::unique_ptr<ModelScratch> new_scratch() const override;
  void tokenize(std::string_view word, ModelScratch& scratch, std::vector<Piece>& out) const override;
  std::optional<TokenId> id_of(std::string_view token) const override { return vocabulary_.find(token); }
  std::string_view token_of(TokenId id) const override { return vocabulary_.token_of(id); }
  std::size_t num_ids() const noexcept override { return vocabulary_.num_ids(); }

 private:
  Vocabulary vocabulary_;
  std::string unk_token_;
};

}  // namespace forgelm::text
