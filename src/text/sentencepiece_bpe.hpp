// SentencePiece's BPE over our own merges: the pair whose text is the piece with the highest score goes first, the
// leftmost of equals; user-defined pieces are taken whole and never joined. Oracle: sentencepiece 0.2.3 (bpe_model.cc).
// Trap: a piece may be built from characters that are no pieces themselves; those get ids above the vocabulary's here
// and are unknown where they are left over.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "bpe_model.hpp"
#include "sentencepiece_file.hpp"
#include "sentencepiece_normalization.hpp"

namespace forgelm::text {

class SentencePieceBpe {
 public:
  /// std::length_error when the pieces need too much memory. Models with unused pieces are not for this class.
  explicit SentencePieceBpe(const SentencePieceFile& model);

  std::unique_ptr<ModelScratch> new_scratch() const { return model_->new_scratch(); }
  /// Appends the pieces of a normalised text; unknown characters one by one.
  void split(std::string_view text, const UserDefinedPieces& user_defined, ModelScratch& scratch,
             std::vector<Piece>& out) const;

 private:
  void split_stretch(std::string_view text, std::uint32_t offset, ModelScratch& scratch, std::vector<Piece>& out) const;

  std::unique_ptr<const BpeModel> model_;
  TokenId num_pieces_;
  TokenId unk_id_ = 0;
};

}  // namespace forgelm::text
