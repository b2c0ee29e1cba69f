// The tokenizer that make_pipeline gives. Private to the module; tests reach encode_pair through it.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "added_tokens.hpp"
#include "decoder.hpp"
#include "normalizer.hpp"
#include "pipeline.hpp"
#include "post_processor.hpp"
#include "pre_tokenizer.hpp"

namespace forgelm::text {

class PipelineTokenizer final : public Tokenizer {
 public:
  PipelineTokenizer(PipelineParts parts, const std::string& file);
  ~PipelineTokenizer() override;
  PipelineTokenizer(const PipelineTokenizer&) = delete;
  PipelineTokenizer& operator=(const PipelineTokenizer&) = delete;

  using Tokenizer::encode;
  void encode(std::string_view text, const EncodeOptions& options, Encoding& out) const override;
  /// Two texts as the file's post-processor puts them together; spans are of the text that each token comes from.
  void encode_pair(std::string_view first, std::string_view second, const EncodeOptions& options, Encoding& out) const;
  std::string decode(std::span<const TokenId> ids, const DecodeOptions& options) const override;
  std::unique_ptr<DecodeState> start_decoding(const DecodeOptions& options) const override;

  std::size_t vocab_size() const noexcept override { return num_ids_; }
  std::optional<TokenId> id_of(std::string_view token) const override;
  std::string token_of(TokenId id) const override;
  bool is_special(TokenId id) const override;
  TokenizerKind kind() const noexcept override { return kind_; }

  /// Before anybody encodes. ConfigError names `file` and the place; among others when a token is not in the
  /// vocabulary.
  void set_post_processor(const Json& post_processor, const std::string& file);
  /// The text that decoding starts from for this id; nothing when the id is skipped or not used.
  std::optional<std::string_view> decoded_token(TokenId id, const DecodeOptions& options) const;
  const Decoders& decoders() const noexcept { return decoders_; }

 private:
  struct Scratch;
  struct Job;
  struct Truncation {
    std::size_t max_length = 0;
    bool is_left = false;
    bool cuts_first = true;
  };

  void read_truncation(const JsonNode& node);
  void add_tokens(std::vector<AddedToken> given, const std::string& file);
  std::unique_ptr<Scratch> borrow_scratch() const;
  void give_back(std::unique_ptr<Scratch> scratch) const;

  void encode_plan(const std::vector<TokenId>& plan, std::array<std::string_view, 2> texts,
                   const EncodeOptions& options, Encoding& out) const;
  void encode_text(std::string_view text, const EncodeOptions& options, Scratch& scratch, Encoding& out) const;
  void encode_segment(Job& job, std::string_view text, std::uint32_t origin) const;
  void encode_normalized(Job& job, bool is_at_start) const;
  void encode_word(Job& job, std::size_t begin, std::size_t end) const;
  void put_added(Job& job, TokenId id, std::string_view written, ByteSpan span) const;
  void put_span(Job& job, TokenId id, std::size_t begin, std::size_t end) const;
  void truncate(const std::vector<TokenId>& plan, std::size_t first, Encoding& out) const;
  static void map_to_given(std::string_view given, Encoding& out, std::size_t first);
  static void unspell(std::string_view word, std::string_view spelled, std::vector<Piece>& pieces);

  TokenizerKind kind_;
  std::unique_ptr<const Model> model_;
  std::unique_ptr<const Normalizer> normalizer_;
  PreTokenizers pre_tokenizers_;
  PostProcessing post_;
  Decoders decoders_;
  AddedTokens added_;
  std::optional<Truncation> truncation_;
  std::size_t num_ids_ = 0;
  bool spells_words_ = false;       ///< the last step, spelling bytes, is done word by word
  bool needs_spans_ = false;        ///< a step asks where a text starts
  bool cuts_at_metaspace_ = false;  ///< no pre-tokenizer, but the model knows no token across U+2581
  mutable std::array<std::atomic<Scratch*>, 64> idle_ = {};
};

}  // namespace forgelm::text
