#include "text/chat_cases.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::test {

namespace {

std::filesystem::path data_folder() {
  const char* root = std::getenv("FORGELM_SHARED");
  const std::filesystem::path base = root != nullptr && *root != '\0'
                                         ? std::filesystem::path(root)
                                         : std::filesystem::path(FORGELM_SOURCE_DIR) / "../shared";
  return base / "data";
}

}  // namespace

std::filesystem::path shared_folder(const std::string& name) {
  std::error_code error;
  const std::filesystem::path path = data_folder() / name;
  return std::filesystem::is_directory(path, error) ? path : std::filesystem::path();
}

std::vector<Json> chat_golden(const std::string& name) {
  std::vector<Json> rows;
  for (const std::string& line :
       split(read_file(std::filesystem::path(FORGELM_SOURCE_DIR) / "tests/golden/chat" / name), '\n')) {
    if (line.empty()) continue;
    Result<Json> row = parse_json(line);
    if (!row) throw std::runtime_error(name + ": " + row.error().message);
    rows.push_back(*row);
  }
  return rows;
}

std::string shared_template(const std::string& path) {
  return read_file_if_exists(data_folder() / "templates" / path).value_or("");
}

std::vector<std::string> shared_templates() {
  std::vector<std::string> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data_folder() / "templates", error))
    if (entry.path().extension() == ".jinja")
      paths.push_back(std::filesystem::relative(entry.path(), data_folder() / "templates").string());
  std::sort(paths.begin(), paths.end());
  return paths;
}

text::TokenizerConfig chat_tokens_config() {
  text::TokenizerConfig config;
  config.bos = text::SpecialToken{"<s>", 0};
  config.eos = text::SpecialToken{"</s>", 1};
  return config;
}

text::ChatTemplate template_of(const std::string& source, const text::TokenizerConfig& config) {
  return {text::ChatTemplateOrigin::file, "test.jinja", source, config};
}

text::ChatTemplate builtin_template(std::string_view name) {
  return {text::ChatTemplateOrigin::builtin, std::string(name), std::string(text::builtin_chat_template(name)),
          chat_tokens_config()};
}

text::Conversation conversation_of(const Json& golden) {
  text::Conversation conversation;
  conversation.messages = golden.at("messages");
  if (const Json* tools = golden.find("tools")) conversation.tools = *tools;
  return conversation;
}

Json chat_message(const std::string& role, const std::string& content) {
  return Json::object({{"role", role}, {"content", content}});
}

text::Conversation chat_of(std::initializer_list<Json> messages) {
  text::Conversation conversation;
  conversation.messages = Json::array(messages);
  return conversation;
}

std::vector<std::string> parts_of(const std::string& text, const std::vector<text::ByteSpan>& spans) {
  std::vector<std::string> parts;
  for (const text::ByteSpan& span : spans) parts.push_back(text.substr(span.begin, span.end - span.begin));
  return parts;
}

WordTokenizer::WordTokenizer(std::vector<std::string> specials, bool adds_bos, bool honours_literal)
    : specials_(std::move(specials)), adds_bos_(adds_bos), honours_literal_(honours_literal) {
  if (id_of("<s>")) config_.bos = text::SpecialToken{"<s>", id_of("<s>")};
  if (id_of("</s>")) config_.eos = text::SpecialToken{"</s>", id_of("</s>")};
  digest_ = sha256_hex(join(specials_, "\n"));
}

void WordTokenizer::encode(std::string_view text, const text::EncodeOptions& options, text::Encoding& out) const {
  const auto add = [&](text::TokenId id, std::size_t begin, std::size_t end) {
    out.ids.push_back(id);
    if (options.with_spans) out.spans.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)});
  };
  const auto is_literal = [&](std::size_t begin, std::size_t end) {
    return honours_literal_ &&
           std::any_of(options.literal.begin(), options.literal.end(),
                       [&](const text::ByteSpan& span) { return begin < span.end && span.begin < end; });
  };
  const auto is_word = [](char c) { return is_ascii_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'); };
  out.ids.clear();
  out.spans.clear();
  if (options.add_special_tokens && adds_bos_) add(*id_of("<s>"), 0, 0);
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    for (std::size_t id = 0; id < specials_.size() && options.parse_special_tokens && end == at; ++id)
      if (text.substr(at).starts_with(specials_[id]) && !is_literal(at, at + specials_[id].size())) {
        end = at + specials_[id].size();
        add(static_cast<text::TokenId>(id), at, end);
      }
    if (end == at) {
      end = at + (text[at] == ' ' ? 1 : 0);
      while (end < text.size() && is_word(text[end])) ++end;
      if (end == at) ++end;
      std::uint32_t hash = 2166136261u;
      for (const char c : text.substr(at, end - at)) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
      add(static_cast<text::TokenId>(1000 + hash % 1'000'000), at, end);
    }
    at = end;
  }
}

std::string WordTokenizer::decode(std::span<const text::TokenId>, const text::DecodeOptions&) const { return {}; }

std::optional<text::TokenId> WordTokenizer::id_of(std::string_view token) const {
  const auto found = std::find(specials_.begin(), specials_.end(), token);
  if (found == specials_.end()) return std::nullopt;
  return static_cast<text::TokenId>(found - specials_.begin());
}

std::string WordTokenizer::token_of(text::TokenId id) const {
  return is_special(id) ? specials_[static_cast<std::size_t>(id)] : std::string();
}

bool WordTokenizer::is_special(text::TokenId id) const {
  return id >= 0 && static_cast<std::size_t>(id) < specials_.size();
}

}  // namespace forgelm::test
