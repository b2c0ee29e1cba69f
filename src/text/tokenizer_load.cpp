// Tokenizer::load: which file, what stands beside it, and tokenizer.json itself.
#include <algorithm>
#include <fstream>
#include <unordered_map>

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/text.hpp"
#include "json_node.hpp"
#include "loaders.hpp"
#include "pipeline.hpp"
#include "tokenizer_json.hpp"

namespace forgelm::text {
namespace {

constexpr std::uint64_t kMaxTokenizerBytes = 256 << 20;

AddedToken read_added_token(const JsonNode& node) {
  AddedToken token;
  token.id = static_cast<std::int32_t>(node.at("id").integer(0, INT32_MAX - 1));
  token.content = node.at("content").text();
  token.single_word = node.at("single_word").boolean();
  token.lstrip = node.at("lstrip").boolean();
  token.rstrip = node.at("rstrip").boolean();
  token.normalized = node.at("normalized").boolean();
  token.is_special = node.at("special").boolean();
  return token;
}

/// Files beside a tokenizer.json that have a say in what encode() gives.
constexpr const char* kConfigFiles[] = {"tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"};

std::string digest_of(std::string_view tokenizer, const std::filesystem::path& folder) {
  Sha256 hash;
  hash.update(cat("tokenizer.json ", tokenizer.size(), "\n")).update(tokenizer);
  for (const char* name : kConfigFiles)
    if (const auto bytes = read_file_if_exists(folder / name))
      hash.update(cat(name, " ", bytes->size(), "\n")).update(*bytes);
  return hash.finish_hex();
}

/// The configuration's added tokens change the flags of those in the file, and new ones come to the end; then the named
/// tokens (bos, eos, ...) that nobody holds yet.
void merge_added_tokens(const TokenizerConfig& config, PipelineParts& parts) {
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < parts.added_tokens.size(); ++i) places.emplace(parts.added_tokens[i].content, i);
  const auto add = [&](AddedToken token) {
    token.id = -1;
    const auto [place, is_new] = places.emplace(token.content, parts.added_tokens.size());
    if (is_new) parts.added_tokens.push_back(std::move(token));
    else parts.added_tokens[place->second] = std::move(token);
  };
  for (const AddedToken& token : config.added_tokens) add(token);
  for (const auto* named : {&config.bos, &config.eos, &config.unk, &config.pad}) {
    if (!*named || (*named)->content.empty() || places.count((*named)->content) != 0 ||
        parts.model->id_of((*named)->content))
      continue;
    AddedToken token;
    token.content = (*named)->content;
    token.is_special = true;
    add(std::move(token));
  }
}

/// What add_bos_token and add_eos_token put in the place of the file's post-processor.
Json bos_eos_template(const TokenizerConfig& config, const Tokenizer& tokenizer) {
  const bool is_llama = config.tokenizer_class.find("Llama") != std::string::npos;
  Json pieces = Json::array();
  Json special = Json::object();
  const auto add = [&](const std::optional<SpecialToken>& token, bool is_wanted) {
    const auto id = token && is_wanted ? tokenizer.id_of(token->content) : std::nullopt;
    if (!id) return;
    const std::string& name = token->content;
    pieces.push(Json::object({{"SpecialToken", Json::object({{"id", name}, {"type_id", 0}})}}));
    special.set(name, Json::object({{"id", name}, {"ids", Json::array({*id})}, {"tokens", Json::array({name})}}));
  };
  const auto text = [](const char* name) {
    return Json::object({{"Sequence", Json::object({{"id", name}, {"type_id", 0}})}});
  };
  Json single;
  Json pair = Json::array();
  for (const char* name : {"A", "B"}) {
    pieces = Json::array();
    add(config.bos, config.add_bos_token.value_or(is_llama));
    pieces.push(text(name));
    add(config.eos, config.add_eos_token.value_or(false));
    if (*name == 'A') single = pieces;
    for (const Json& piece : pieces.items()) pair.push(piece);
  }
  return Json::object(
      {{"type", "TemplateProcessing"}, {"single", single}, {"pair", pair}, {"special_tokens", special}});
}

void resolve(std::optional<SpecialToken>& token, const Tokenizer& tokenizer) {
  if (token) token->id = tokenizer.id_of(token->content);
}

std::shared_ptr<Tokenizer> load_tokenizer_json(const std::filesystem::path& path, TokenizerConfig config) {
  const std::string bytes = read_file(path, kMaxTokenizerBytes);
  PipelineParts parts = read_tokenizer_json(bytes, path.string());
  merge_added_tokens(config, parts);
  std::shared_ptr<Tokenizer> tokenizer;
  if (config.add_bos_token || config.add_eos_token) {
    // The template needs ids, which are settled once the added tokens are.
    tokenizer = make_pipeline(std::move(parts), path.string());
    replace_post_processor(*tokenizer, bos_eos_template(config, *tokenizer), path.string());
  } else {
    tokenizer = make_pipeline(std::move(parts), path.string());
  }
  tokenizer->set_identity(std::move(config), digest_of(bytes, path.parent_path()));
  return tokenizer;
}

/// A file called tokenizer.model may hold either kind: SentencePiece's begins with a protobuf field, tiktoken's with
/// base64 text.
bool is_tiktoken(const std::filesystem::path& path) {
  if (path.extension() == ".tiktoken") return true;
  std::ifstream file(path, std::ios::binary);
  char start[8] = {};
  file.read(start, sizeof start);
  if (file.gcount() < 4) return false;
  return std::all_of(start, start + file.gcount(), [](char c) {
    return is_ascii_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '+' || c == '/' || c == '=' ||
           c == ' ';
  });
}

std::shared_ptr<Tokenizer> load_file(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.parent_path();
  TokenizerConfig config = read_tokenizer_config(folder);
  const std::string name = path.filename().string();
  if (name == "vocab.json" || name == "merges.txt")
    return load_vocab_and_merges(folder / "vocab.json", folder / "merges.txt", std::move(config));
  if (path.extension() == ".json") return load_tokenizer_json(path, std::move(config));
  if (is_tiktoken(path)) return load_tiktoken(path, std::move(config));
  return load_sentencepiece(path, std::move(config));
}

/// The file in a folder that says most.
std::filesystem::path choose_file(const std::filesystem::path& folder) {
  if (std::filesystem::exists(folder / "tokenizer.json")) return folder / "tokenizer.json";
  std::vector<std::filesystem::path> models;
  std::vector<std::filesystem::path> tiktokens;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".model") models.push_back(entry->path());
    if (entry->path().extension() == ".tiktoken") tiktokens.push_back(entry->path());
  }
  std::sort(models.begin(), models.end());
  std::sort(tiktokens.begin(), tiktokens.end());
  if (!models.empty()) return models.front();
  if (std::filesystem::exists(folder / "vocab.json") && std::filesystem::exists(folder / "merges.txt"))
    return folder / "vocab.json";
  if (!tiktokens.empty()) return tiktokens.front();
  throw ConfigError(cat(quote(folder.string()), ": there is no tokenizer in this folder"),
                    "known are tokenizer.json, *.model (SentencePiece), vocab.json with merges.txt, and *.tiktoken");
}

}  // namespace

PipelineParts read_tokenizer_json(std::string_view bytes, const std::string& file) {
  JsonLimits limits;
  limits.max_bytes = kMaxTokenizerBytes;
  auto parsed = parse_json(bytes, limits);
  if (!parsed) throw ConfigError(cat(quote(file), ": ", parsed.error().message));
  Json& json = parsed.value();
  const JsonNode root(json, "", file);
  if (json.kind() != Json::Kind::object) root.fail("an object is needed");
  if (const auto version = root.find("version"); version && version->text() != "1.0")
    version->fail(cat("the version ", quote(version->text()), " is not known; 1.0 is"));
  PipelineParts parts;
  const auto take = [&](const char* key) {
    Json* member = json.find(key);
    return member == nullptr ? Json() : std::move(*member);
  };
  if (const auto added = root.find("added_tokens"))
    for (const JsonNode& node : added->items()) parts.added_tokens.push_back(read_added_token(node));
  parts.model = read_model(root.at("model").value(), file);
  parts.truncation = take("truncation");
  parts.normalizer = take("normalizer");
  parts.pre_tokenizer = take("pre_tokenizer");
  parts.post_processor = take("post_processor");
  parts.decoder = take("decoder");
  return parts;
}

std::shared_ptr<const Tokenizer> Tokenizer::load(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path))
    throw ConfigError(cat("there is no tokenizer ", quote(path.string()), ": no such file or folder"),
                      "name a model folder, or a tokenizer file");
  const auto tokenizer = load_file(std::filesystem::is_directory(path) ? choose_file(path) : path);
  for (auto* token :
       {&tokenizer->config_.bos, &tokenizer->config_.eos, &tokenizer->config_.pad, &tokenizer->config_.unk})
    resolve(*token, *tokenizer);
  return tokenizer;
}

}  // namespace forgelm::text
