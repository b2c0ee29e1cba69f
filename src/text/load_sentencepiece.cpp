// load_sentencepiece: a pipeline whose model is the whole of sentencepiece, and decoding by it.
#include <utility>

#include "forgelm/core/files.hpp"
#include "loader_parts.hpp"
#include "loaders.hpp"
#include "pipeline.hpp"
#include "sentencepiece_model.hpp"
#include "tiktoken_file.hpp"

namespace forgelm::text {

namespace {

/// The pipeline finds special tokens and encodes; decoding goes back to the library, run by run between special tokens.
class SentencePieceTokenizer final : public Tokenizer {
 public:
  SentencePieceTokenizer(std::shared_ptr<Tokenizer> pipeline, const SentencePieceModel& model,
                         const std::vector<AddedToken>& added)
      : pipeline_(std::move(pipeline)), model_(model) {
    for (const AddedToken& token : added) {
      const auto id = static_cast<std::size_t>(token.id);
      if (id >= added_.size()) added_.resize(id + 1);
      added_[id] = token.content;
    }
  }
  ~SentencePieceTokenizer() override;

  void encode(std::string_view text, const EncodeOptions& options, Encoding& out) const override {
    pipeline_->encode(text, options, out);
  }
  std::string decode(std::span<const TokenId> ids, const DecodeOptions& options) const override;
  std::size_t vocab_size() const noexcept override { return pipeline_->vocab_size(); }
  std::optional<TokenId> id_of(std::string_view token) const override { return pipeline_->id_of(token); }
  std::string token_of(TokenId id) const override { return pipeline_->token_of(id); }
  bool is_special(TokenId id) const override { return pipeline_->is_special(id); }
  TokenizerKind kind() const noexcept override { return TokenizerKind::sentencepiece; }

 private:
  std::shared_ptr<Tokenizer> pipeline_;
  const SentencePieceModel& model_;  ///< the pipeline's
  std::vector<std::string> added_;   ///< by id; empty where the model's own piece stands
};

SentencePieceTokenizer::~SentencePieceTokenizer() = default;

std::string SentencePieceTokenizer::decode(std::span<const TokenId> ids, const DecodeOptions& options) const {
  std::string text;
  std::vector<TokenId> run;
  const auto flush = [&] {
    if (!run.empty()) text += model_.decode(run);
    run.clear();
  };
  for (const TokenId id : ids) {
    if (id < 0 || (options.skip_special_tokens && is_special(id))) continue;
    const auto index = static_cast<std::size_t>(id);
    if (index < added_.size() && !added_[index].empty()) {
      flush();
      text += added_[index];
    } else if (index < model_.num_ids()) {
      run.push_back(id);
    }
  }
  flush();
  return text;
}

}  // namespace

std::shared_ptr<Tokenizer> load_sentencepiece(const std::filesystem::path& path, TokenizerConfig config) {
  const std::string file = path.string();
  const std::string bytes = read_file(path, kMaxSentencePieceFileBytes);
  if (is_tiktoken_file(bytes)) return load_tiktoken(path, std::move(config));  // Llama 3 calls its one tokenizer.model
  const SentencePieceFile model = read_sentencepiece_file(bytes, file);
  auto owned_model = std::make_unique<SentencePieceModel>(model, file);
  const SentencePieceModel& pieces = *owned_model;
  PipelineParts parts;
  parts.kind = TokenizerKind::sentencepiece;
  parts.model = std::move(owned_model);

  const auto name_special = [](std::optional<SpecialToken>& token, std::string_view piece, bool is_there) {
    if (!token && is_there) token = SpecialToken{std::string(piece), std::nullopt};
  };
  name_special(config.bos, model.bos_piece, model.control_id(model.bos_piece).has_value());
  name_special(config.eos, model.eos_piece, model.control_id(model.eos_piece).has_value());
  name_special(config.pad, model.pad_piece, model.control_id(model.pad_piece).has_value());
  name_special(config.unk, model.unk_piece, pieces.id_of(model.unk_piece).has_value());
  for (std::size_t i = 0; i < model.pieces.size(); ++i) {
    if (model.pieces[i].type != SentencePieceType::control) continue;
    AddedToken token;
    token.id = static_cast<TokenId>(i);
    token.content = std::string(model.pieces[i].piece);
    token.is_special = true;
    parts.added_tokens.push_back(std::move(token));
  }
  add_configured_tokens(
      config, [&](std::string_view token) { return pieces.id_of(token); }, static_cast<TokenId>(model.pieces.size()),
      parts.added_tokens);
  const bool adds_bos = config.bos && config.add_bos_token.value_or(true);
  const bool adds_eos = config.eos && config.add_eos_token.value_or(!config.bos);
  parts.post_processor = make_template(adds_bos ? config.bos : std::nullopt, adds_eos ? config.eos : std::nullopt);
  std::string digest = digest_of({bytes}, parts);
  std::vector<AddedToken> added = parts.added_tokens;
  // The unknown piece's text is the library's (" \u2047 " by default).
  std::erase_if(added, [&](const AddedToken& token) {
    return static_cast<std::size_t>(token.id) < model.pieces.size() &&
           model.pieces[static_cast<std::size_t>(token.id)].type == SentencePieceType::unknown;
  });
  auto tokenizer = std::make_shared<SentencePieceTokenizer>(make_pipeline(std::move(parts), file), pieces, added);
  tokenizer->set_identity(std::move(config), std::move(digest));
  return tokenizer;
}

}  // namespace forgelm::text
