// The files beside a tokenizer, merged as AutoTokenizer merges them: tokenizer_config.json goes before
// special_tokens_map.json and added_tokens.json, a template in a file of its own before one in the configuration.
#include "forgelm/text/tokenizer_config.hpp"

#include <algorithm>
#include <cmath>

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"
#include "json_node.hpp"

namespace forgelm::text {
namespace {

constexpr std::uint64_t kMaxFileBytes = 32 << 20;
constexpr std::uint64_t kMaxTemplateBytes = 1 << 20;
constexpr std::size_t kMaxAddedTokens = 100'000;
constexpr double kLongestModel = 1e12;  // beyond, it is a placeholder for "no limit"

struct ParsedFile {
  std::string name;
  Json json;
  JsonNode root() const { return JsonNode(json, "", name); }
};

std::optional<ParsedFile> parse_file(const std::filesystem::path& path) {
  const auto bytes = read_file_if_exists(path, kMaxFileBytes);
  if (!bytes) return std::nullopt;
  auto json = parse_json(*bytes);
  if (!json) throw ConfigError(cat(quote(path.string()), ": ", json.error().message));
  ParsedFile file{path.string(), std::move(json).value()};
  if (file.json.kind() != Json::Kind::object) file.root().fail("an object is needed");
  return file;
}

/// A token as text or as {"content": ...}.
AddedToken read_token(const JsonNode& node) {
  AddedToken token;
  if (node.value().kind() == Json::Kind::text) {
    token.content = node.text();
    return token;
  }
  token.content = node.at("content").text();
  token.single_word = node.boolean_or("single_word", false);
  token.lstrip = node.boolean_or("lstrip", false);
  token.rstrip = node.boolean_or("rstrip", false);
  token.is_special = node.boolean_or("special", false);
  token.normalized = node.boolean_or("normalized", !token.is_special);
  return token;
}

void read_names(const JsonNode& root, TokenizerConfig& out) {
  const auto read = [&](const char* key, std::optional<SpecialToken>& token) {
    if (const auto node = root.find(key); node && !token) token = SpecialToken{read_token(*node).content, std::nullopt};
  };
  read("bos_token", out.bos);
  read("eos_token", out.eos);
  read("pad_token", out.pad);
  read("unk_token", out.unk);
}

/// Tokens named in a list or object of names; they are special, and known by their text alone.
void read_extra_tokens(const JsonNode& root, const char* key, TokenizerConfig& out) {
  const auto node = root.find(key);
  if (!node) return;
  const auto add = [&](const JsonNode& item) {
    AddedToken token = read_token(item);
    token.is_special = true;
    const bool is_known = std::any_of(out.added_tokens.begin(), out.added_tokens.end(),
                                      [&](const AddedToken& known) { return known.content == token.content; });
    if (!is_known && !token.content.empty()) out.added_tokens.push_back(std::move(token));
  };
  if (node->value().kind() == Json::Kind::object)
    for (const auto& member : node->value().members()) add(node->at(member.first));
  else
    for (const JsonNode& item : node->items()) add(item);
}

void read_added_tokens(const JsonNode& root, TokenizerConfig& out) {
  const auto decoder = root.find("added_tokens_decoder");
  if (!decoder) return;
  if (decoder->value().kind() != Json::Kind::object) decoder->fail("an object is needed");
  if (decoder->value().members().size() > kMaxAddedTokens) decoder->fail(cat("more than ", kMaxAddedTokens, " tokens"));
  for (const auto& [key, value] : decoder->value().members()) {
    const JsonNode node = decoder->at(key);
    AddedToken token = read_token(node);
    std::int64_t id = 0;
    for (const char digit : key) {
      if (!is_ascii_digit(digit) || key.size() > 9) node.fail("the key must be a token's id");
      id = id * 10 + (digit - '0');
    }
    if (key.empty()) node.fail("the key must be a token's id");
    token.id = static_cast<std::int32_t>(id);
    out.added_tokens.push_back(std::move(token));
  }
  std::stable_sort(out.added_tokens.begin(), out.added_tokens.end(),
                   [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; });
}

void set_template(TokenizerConfig& out, const std::string& name, std::string text) {
  for (auto& [known, its_text] : out.chat_templates)
    if (known == name) {
      its_text = std::move(text);
      return;
    }
  out.chat_templates.emplace_back(name, std::move(text));
}

void read_templates(const JsonNode& root, TokenizerConfig& out) {
  const auto node = root.find("chat_template");
  if (!node) return;
  if (node->value().kind() == Json::Kind::text) return set_template(out, "default", node->text());
  if (node->value().kind() == Json::Kind::object) {
    for (const auto& member : node->value().members()) set_template(out, member.first, node->at(member.first).text());
    return;
  }
  for (const JsonNode& item : node->items()) set_template(out, item.at("name").text(), item.at("template").text());
}

void read_main(const JsonNode& root, TokenizerConfig& out) {
  read_names(root, out);
  read_added_tokens(root, out);
  read_extra_tokens(root, "additional_special_tokens", out);
  read_extra_tokens(root, "extra_special_tokens", out);
  read_templates(root, out);
  if (const auto adds = root.find("add_bos_token")) out.add_bos_token = adds->boolean();
  if (const auto adds = root.find("add_eos_token")) out.add_eos_token = adds->boolean();
  if (const auto name = root.find("tokenizer_class")) out.tokenizer_class = name->text();
  out.clean_up_tokenization_spaces = root.boolean_or("clean_up_tokenization_spaces", false);
  if (const auto length = root.find("model_max_length")) {
    if (!length->value().is_number()) length->fail("a number is needed");
    const double value = length->value().real();
    if (value >= 1 && value < kLongestModel) out.model_max_length = static_cast<std::int64_t>(value);
  }
}

/// {"<token>": id}, the old form of added_tokens_decoder.
void read_old_added_tokens(const JsonNode& root, TokenizerConfig& out) {
  if (root.value().members().size() > kMaxAddedTokens) root.fail(cat("more than ", kMaxAddedTokens, " tokens"));
  for (const auto& member : root.value().members()) {
    AddedToken token;
    token.content = member.first;
    token.id = static_cast<std::int32_t>(root.at(member.first).integer(0, INT32_MAX));
    token.normalized = true;
    out.added_tokens.push_back(std::move(token));
  }
  std::stable_sort(out.added_tokens.begin(), out.added_tokens.end(),
                   [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; });
}

void read_template_files(const std::filesystem::path& folder, TokenizerConfig& out) {
  if (const auto file = parse_file(folder / "chat_template.json")) read_templates(file->root(), out);
  if (auto text = read_file_if_exists(folder / "chat_template.jinja", kMaxTemplateBytes))
    set_template(out, "default", to_valid_utf8(*text));
  std::error_code error;
  std::vector<std::filesystem::path> more;
  for (std::filesystem::directory_iterator entry(folder / "additional_chat_templates", error), end;
       !error && entry != end; entry.increment(error))
    if (entry->path().extension() == ".jinja") more.push_back(entry->path());
  std::sort(more.begin(), more.end());
  for (const auto& path : more)
    set_template(out, path.stem().string(), to_valid_utf8(read_file(path, kMaxTemplateBytes)));
}

}  // namespace

const std::string* TokenizerConfig::chat_template(const std::string& name) const {
  for (const auto& [known, text] : chat_templates)
    if (known == name) return &text;
  return name == "default" && chat_templates.size() == 1 ? &chat_templates.front().second : nullptr;
}

TokenizerConfig read_tokenizer_config(const std::filesystem::path& folder) {
  TokenizerConfig out;
  if (const auto file = parse_file(folder / "tokenizer_config.json")) read_main(file->root(), out);
  if (out.added_tokens.empty())
    if (const auto file = parse_file(folder / "added_tokens.json")) read_old_added_tokens(file->root(), out);
  if (const auto file = parse_file(folder / "special_tokens_map.json")) {
    read_names(file->root(), out);
    read_extra_tokens(file->root(), "additional_special_tokens", out);
  }
  read_template_files(folder, out);
  return out;
}

}  // namespace forgelm::text
