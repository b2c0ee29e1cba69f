// load_vocab_and_merges: GPT-2's pair of files as a tokenizer.json would say it. What the files do not say (normalizer,
// pattern, tokens around a text) follows from the class of tokenizer, as transformers converts it.
#include <algorithm>
#include <string_view>
#include <utility>

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"
#include "loader_parts.hpp"
#include "loaders.hpp"
#include "normalizer.hpp"

namespace forgelm::text {

namespace {

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{64} << 20;
constexpr const char* kQwen2Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

/// merges.txt as tokenizer.json's list; empty lines at the end do not count.
Json read_merge_lines(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  Json::Array lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.starts_with("#version")) lines.emplace_back(line);
  }
  return lines;
}

/// A model trained on single digits never joins one with anything; only then must text be cut around each digit.
bool keeps_digits_apart(const Json& merges) {
  return std::none_of(merges.items().begin(), merges.items().end(), [](const Json& merge) {
    return std::any_of(merge.text().begin(), merge.text().end(), is_ascii_digit);
  });
}

/// Real ones may lack bytes that no text of theirs had (SmolLM lacks 21, most of them never in UTF-8), but never the
/// space.
void check_is_byte_level(const Model& model, const std::string& file) {
  int num_known = 0;
  std::string spelled;
  for (int byte = 0; byte < 256; ++byte) {
    spelled.clear();
    append_byte_level(std::string(1, static_cast<char>(byte)), spelled);
    if (model.id_of(spelled)) ++num_known;
    else if (byte == ' ') num_known = -256;
  }
  if (num_known >= 192) return;
  throw ConfigError(cat(file, ": the vocabulary is not of GPT-2's kind: it lacks the tokens of single bytes"),
                    "only byte-level vocab.json + merges.txt are read; put the model's tokenizer.json beside them");
}

bool is_class(const TokenizerConfig& config, std::initializer_list<std::string_view> names) {
  std::string_view name = config.tokenizer_class;
  if (name.ends_with("Fast")) name.remove_suffix(4);
  return std::find(names.begin(), names.end(), name) != names.end();
}

Json make_byte_level() {
  return Json::object(
      {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}});
}

}  // namespace

std::shared_ptr<Tokenizer> load_vocab_and_merges(const std::filesystem::path& vocab_path,
                                                 const std::filesystem::path& merges_path, TokenizerConfig config) {
  const std::string file = cat(vocab_path.string(), " + ", merges_path.filename().string());
  const std::string vocab_bytes = read_file(vocab_path, kMaxFileBytes);
  const std::string merges_bytes = read_file(merges_path, kMaxFileBytes);
  auto vocab = parse_json(vocab_bytes);
  if (!vocab.ok()) throw ConfigError(cat(vocab_path.string(), ": ", vocab.error().message));
  if (vocab.value().kind() != Json::Kind::object) {
    throw ConfigError(cat(vocab_path.string(), ": must be an object of tokens and their ids"));
  }
  if (!is_valid_utf8(merges_bytes)) throw ConfigError(cat(merges_path.string(), ": not UTF-8"));
  Json merges = read_merge_lines(merges_bytes);
  const bool has_single_digits = keeps_digits_apart(merges);
  Json model = Json::object({{"type", "BPE"}});
  model.set("vocab", std::move(vocab.value())).set("merges", std::move(merges));

  PipelineParts parts;
  parts.kind = TokenizerKind::vocab_and_merges;
  parts.model = read_model(model, file);
  const Model& view = *parts.model;
  check_is_byte_level(view, file);
  const bool is_qwen2 = is_class(config, {"Qwen2Tokenizer"});
  const bool is_roberta = is_class(config, {"RobertaTokenizer", "LongformerTokenizer", "BartTokenizer", "LEDTokenizer",
                                            "MvpTokenizer", "BlenderbotTokenizer"});
  const auto name_special = [&](std::optional<SpecialToken>& token, const char* content) {
    if (!token && view.id_of(content)) token = SpecialToken{content, std::nullopt};
  };
  if (is_roberta) {
    name_special(config.bos, "<s>");
    name_special(config.eos, "</s>");
  } else if (!config.bos && !config.eos) {
    name_special(config.eos, "<|endoftext|>");
    if (!is_qwen2) name_special(config.bos, "<|endoftext|>");
  }
  add_configured_tokens(
      config, [&](std::string_view token) { return view.id_of(token); }, static_cast<TokenId>(view.num_ids()),
      parts.added_tokens);

  parts.decoder = make_byte_level_decoder();
  if (is_qwen2) {
    parts.normalizer = Json::object({{"type", "NFC"}});
    parts.pre_tokenizer = make_byte_level_split(kQwen2Pattern);
  } else if (has_single_digits) {
    const Json digits = Json::object({{"type", "Digits"}, {"individual_digits", true}});
    parts.pre_tokenizer =
        Json::object({{"type", "Sequence"}, {"pretokenizers", Json::array({digits, make_byte_level()})}});
  } else {
    parts.pre_tokenizer = make_byte_level();
  }
  const bool adds_bos = config.bos && config.add_bos_token.value_or(is_roberta);
  const bool adds_eos = config.eos && config.add_eos_token.value_or(is_roberta);
  parts.post_processor = make_template(adds_bos ? config.bos : std::nullopt, adds_eos ? config.eos : std::nullopt);
  std::string digest = digest_of({vocab_bytes, merges_bytes}, parts);
  auto tokenizer = make_pipeline(std::move(parts), file);
  tokenizer->set_identity(std::move(config), std::move(digest));
  return tokenizer;
}

}  // namespace forgelm::text
