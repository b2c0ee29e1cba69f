// SentencePieceModel: a whole text to pieces and back through the sentencepiece library, which normalises, splits and
// measures by itself; but for Unigram models, which it only normalises (sentencepiece_unigram.hpp says why). The file was checked before (sentencepiece_file.hpp); what the library gives is checked again.
// Invariant: immutable, usable from any number of threads. Only what sentencepiece 0.1.96 to 0.2 share is used.
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
  /// Longer texts are refused: the library counts in int and holds about 30 bytes a byte of text.
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

  /// The text of the pieces; ids must be below num_ids(). Valid UTF-8.
  std::string decode(std::span<const TokenId> ids) const;

 private:
  struct Library;
  Vocabulary vocabulary_;
  std::unique_ptr<const Library> library_;
};

}  // namespace forgelm::text
