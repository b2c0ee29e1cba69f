// SentencePieceModel: a whole text to pieces and back. The file was checked before (sentencepiece_file.hpp). Unigram
// and BPE models are normalised and split by us, in the arithmetic of sentencepiece 0.2.3, several times as fast and
// with the same ids whichever library a distribution ships (0.1.97 breaks ties otherwise); the library encodes models
// of words and characters and those with unused pieces, and decodes all. What it gives is checked again. Invariant:
// immutable, usable from any number of threads. Only what sentencepiece 0.1.96 to 0.2 share is used.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model.hpp"
#include "sentencepiece_file.hpp"
#include "vocabulary.hpp"

namespace forgelm::text {

class SentencePieceModel final : public Model {
 public:
  /// Longer texts are refused: the library counts in int, and about 30 bytes are held a byte of text.
  static constexpr std::size_t kMaxTextBytes = std::size_t{64} << 20;

  /// ConfigError naming `file` when the library refuses what our check let pass.
  SentencePieceModel(const SentencePieceFile& model, const std::string& file);
  ~SentencePieceModel() override;

  std::unique_ptr<ModelScratch> new_scratch() const override;
  /// RunError(data) for a text above kMaxTextBytes.
  void tokenize(std::string_view text, ModelScratch& scratch, std::vector<Piece>& out) const override;
  std::optional<TokenId> id_of(std::string_view token) const override { return vocabulary_.find(token); }
  std::string_view token_of(TokenId id) const override { return vocabulary_.token_of(id); }
  std::size_t num_ids() const noexcept override { return vocabulary_.num_ids(); }

  /// tokenize() by the library alone: slower, and the oracle of our own way.
  void tokenize_by_library(std::string_view text, std::vector<Piece>& out) const;

  /// The text of the pieces; ids must be below num_ids(). Valid UTF-8.
  std::string decode(std::span<const TokenId> ids) const;

 private:
  struct Parts;
  struct Scratch;
  void append_pieces(const Scratch& scratch, std::vector<Piece>& out) const;

  Vocabulary vocabulary_;
  std::unique_ptr<const Parts> parts_;
};

}  // namespace forgelm::text
