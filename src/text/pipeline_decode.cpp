// From ids to text, and what the tokenizer says of its tokens.
#include "pipeline_tokenizer.hpp"
#include "tokenizer_json.hpp"

namespace forgelm::text {
namespace {

class PipelineDecodeState final : public DecodeState {
 public:
  PipelineDecodeState(const PipelineTokenizer& tokenizer, const DecodeOptions& options)
      : tokenizer_(tokenizer), options_(options), run_(tokenizer.decoders()) {}

  std::string push(TokenId id) override {
    if (const auto token = tokenizer_.decoded_token(id, options_)) run_.push(*token);
    return take();
  }
  std::string finish() override {
    run_.finish();
    return take();
  }

 private:
  std::string take() {
    std::string out;
    out.swap(run_.out);
    return out;
  }
  const PipelineTokenizer& tokenizer_;
  DecodeOptions options_;
  DecodeRun run_;
};

}  // namespace

std::optional<std::string_view> PipelineTokenizer::decoded_token(TokenId id, const DecodeOptions& options) const {
  std::string_view token;
  if (const std::string* added = added_.decoded_form(id)) token = *added;
  else token = model_->token_of(id);
  if (token.empty()) return std::nullopt;
  if (options.skip_special_tokens && added_.is_special_content(token)) return std::nullopt;
  return token;
}

std::string PipelineTokenizer::decode(std::span<const TokenId> ids, const DecodeOptions& options) const {
  DecodeRun run(decoders_);
  for (const TokenId id : ids)
    if (const auto token = decoded_token(id, options)) run.push(*token);
  run.finish();
  return std::move(run.out);
}

std::unique_ptr<DecodeState> PipelineTokenizer::start_decoding(const DecodeOptions& options) const {
  return std::make_unique<PipelineDecodeState>(*this, options);
}

std::optional<TokenId> PipelineTokenizer::id_of(std::string_view token) const {
  if (const auto id = added_.id_of(token)) return id;
  return model_->id_of(token);
}

std::string PipelineTokenizer::token_of(TokenId id) const {
  if (const AddedToken* added = added_.of_id(id)) return added->content;
  return std::string(model_->token_of(id));
}

bool PipelineTokenizer::is_special(TokenId id) const {
  const AddedToken* added = added_.of_id(id);
  return added != nullptr && added->is_special;
}

std::shared_ptr<Tokenizer> make_pipeline(PipelineParts parts, const std::string& file) {
  return std::make_shared<PipelineTokenizer>(std::move(parts), file);
}

void replace_post_processor(Tokenizer& tokenizer, const Json& post_processor, const std::string& file) {
  dynamic_cast<PipelineTokenizer&>(tokenizer).set_post_processor(post_processor, file);
}

}  // namespace forgelm::text
