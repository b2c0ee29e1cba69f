// See loader_parts.hpp.
#include "loader_parts.hpp"

#include <algorithm>
#include <utility>

#include "forgelm/core/hash.hpp"

namespace forgelm::text {

void add_configured_tokens(TokenizerConfig& config,
                           const std::function<std::optional<TokenId>(std::string_view)>& id_of, TokenId next_id,
                           std::vector<AddedToken>& added) {
  for (const AddedToken& token : added) next_id = std::max(next_id, token.id + 1);
  const auto add = [&](AddedToken token) {
    const auto known = std::find_if(added.begin(), added.end(), [&](const AddedToken& other) {
      return other.content == token.content || (token.id >= 0 && other.id == token.id);
    });
    if (token.id < 0) {
      const auto id = known != added.end() ? std::optional<TokenId>(known->id) : id_of(token.content);
      token.id = id ? *id : next_id;
    }
    next_id = std::max(next_id, token.id + 1);
    if (known != added.end()) *known = std::move(token);
    else added.push_back(std::move(token));
  };
  for (const AddedToken& token : config.added_tokens) {
    if (!token.content.empty()) add(token);
  }
  for (auto* special : {&config.bos, &config.eos, &config.unk, &config.pad}) {
    if (!*special || (*special)->content.empty()) continue;
    const auto has_content = [&](const AddedToken& token) { return token.content == (*special)->content; };
    if (std::none_of(added.begin(), added.end(), has_content)) {
      AddedToken token;
      token.content = (*special)->content;
      token.is_special = true;
      add(std::move(token));
    }
    (*special)->id = std::find_if(added.begin(), added.end(), has_content)->id;
  }
}

Json make_template(const std::optional<SpecialToken>& before, const std::optional<SpecialToken>& after) {
  if (!before && !after) return {};
  Json tokens = Json::object();
  const auto add_special = [&](Json& items, const std::optional<SpecialToken>& token, int type_id) {
    if (!token) return;
    items.push(Json::object({{"SpecialToken", Json::object({{"id", token->content}, {"type_id", type_id}})}}));
    tokens.set(token->content, Json::object({{"id", token->content},
                                             {"ids", Json::array({Json(*token->id)})},
                                             {"tokens", Json::array({token->content})}}));
  };
  const auto add_text = [&](Json& items, const char* name, int type_id) {
    add_special(items, before, type_id);
    items.push(Json::object({{"Sequence", Json::object({{"id", name}, {"type_id", type_id}})}}));
    add_special(items, after, type_id);
  };
  Json single = Json::array();
  Json pair = Json::array();
  add_text(single, "A", 0);
  add_text(pair, "A", 0);
  add_text(pair, "B", 1);
  return Json::object({{"type", "TemplateProcessing"}, {"single", single}, {"pair", pair}, {"special_tokens", tokens}});
}

Json make_byte_level_split(std::string_view pattern) {
  return Json::object({{"type", "Sequence"},
                       {"pretokenizers", Json::array({Json::object({{"type", "Split"},
                                                                    {"pattern", Json::object({{"Regex", pattern}})},
                                                                    {"behavior", "Isolated"},
                                                                    {"invert", false}}),
                                                      Json::object({{"type", "ByteLevel"},
                                                                    {"add_prefix_space", false},
                                                                    {"trim_offsets", true},
                                                                    {"use_regex", false}})})}});
}

Json make_byte_level_decoder() {
  return Json::object(
      {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}});
}

std::string digest_of(std::initializer_list<std::string_view> files, const PipelineParts& parts) {
  Sha256 hash;
  for (const std::string_view bytes : files) hash.update(bytes);
  Json added = Json::array();
  for (const AddedToken& token : parts.added_tokens) {
    added.push(Json::array({Json(token.id), token.content, token.is_special, token.single_word, token.lstrip,
                            token.rstrip, token.normalized}));
  }
  const Json rest = Json::array({parts.normalizer, parts.pre_tokenizer, parts.post_processor, added});
  return hash.update(dump(rest)).finish_hex();
}

}  // namespace forgelm::text
