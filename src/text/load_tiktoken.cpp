// load_tiktoken: ranks as a BPE model in the byte-level alphabet, behind the pattern of the encoding.
#include <utility>

#include "forgelm/core/files.hpp"
#include "loader_parts.hpp"
#include "loaders.hpp"
#include "tiktoken_file.hpp"

namespace forgelm::text {

std::shared_ptr<Tokenizer> load_tiktoken(const std::filesystem::path& path, TokenizerConfig config) {
  const std::string file = path.string();
  const std::string bytes = read_file(path, kMaxTiktokenFileBytes);
  BpeParts model = read_tiktoken_file(bytes, file);
  TiktokenEncoding encoding = choose_tiktoken_encoding(model.vocabulary.size(), path.filename().string(), file);

  PipelineParts parts;
  parts.kind = TokenizerKind::tiktoken;
  parts.model = std::make_unique<BpeModel>(std::move(model));
  parts.added_tokens = std::move(encoding.special_tokens);
  const auto name_special = [&](std::optional<SpecialToken>& token, std::size_t index) {
    if (!token && index < parts.added_tokens.size()) token = SpecialToken{parts.added_tokens[index].content, {}};
  };
  // <|endoftext|> both begins and ends; Llama 3 has two tokens for it.
  if (encoding.adds_bos) name_special(config.bos, 0);
  name_special(config.eos, encoding.adds_bos ? 1 : 0);
  const Model& view = *parts.model;
  add_configured_tokens(
      config, [&](std::string_view token) { return view.id_of(token); }, static_cast<TokenId>(view.num_ids()),
      parts.added_tokens);
  const bool adds_bos = config.bos && config.add_bos_token.value_or(encoding.adds_bos);
  const bool adds_eos = config.eos && config.add_eos_token.value_or(false);
  parts.pre_tokenizer = make_byte_level_split(encoding.pattern);
  parts.post_processor = make_template(adds_bos ? config.bos : std::nullopt, adds_eos ? config.eos : std::nullopt);
  parts.decoder = make_byte_level_decoder();
  std::string digest = digest_of({bytes}, parts);
  auto tokenizer = make_pipeline(std::move(parts), file);
  tokenizer->set_identity(std::move(config), std::move(digest));
  return tokenizer;
}

}  // namespace forgelm::text
