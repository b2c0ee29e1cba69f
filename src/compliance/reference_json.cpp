// A token is put into the text as a text that no document holds (it begins with U+0001), and taken out again after
// parsing; the other way round for writing.
#include "reference_json.hpp"

#include <cmath>
#include <iterator>
#include <limits>

#include "forgelm/core/text.hpp"

namespace forgelm::compliance {
namespace {

struct Token {
  std::string_view text;
  double value;
  std::string_view mark;     ///< what stands for it while the document is parsed
  std::string_view escaped;  ///< the mark as json.dumps writes it
};
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr Token kTokens[] = {
    {"NaN", std::numeric_limits<double>::quiet_NaN(), "\x01nan", "\"\\u0001nan\""},
    {"-Infinity", -kInfinity, "\x01-inf", "\"\\u0001-inf\""},
    {"Infinity", kInfinity, "\x01inf", "\"\\u0001inf\""},
};

const Token* token_at(std::string_view text, std::size_t at) {
  for (const Token& token : kTokens)
    if (text.substr(at).starts_with(token.text)) return &token;
  return nullptr;
}

/// With the marks in place of tokens; the text itself where there are none.
std::string with_marks(std::string_view text) {
  std::string out;
  bool is_in_text = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_in_text) {
      out += c;
      if (c == '\\' && i + 1 < text.size()) out += text[++i];
      else if (c == '"') is_in_text = false;
      continue;
    }
    if (const Token* token = token_at(text, i)) {
      out += token->escaped;
      i += token->text.size() - 1;
      continue;
    }
    is_in_text = c == '"';
    out += c;
  }
  return out;
}

void for_each_leaf(Json& value, void (*visit)(Json&)) {
  if (value.kind() == Json::Kind::array)
    for (Json& item : value.items()) for_each_leaf(item, visit);
  else if (value.kind() == Json::Kind::object)
    for (auto& [key, member] : value.members()) for_each_leaf(member, visit);
  else visit(value);
}

}  // namespace

Result<Json> parse_reference_json(std::string_view text) {
  auto plain = parse_json(text);
  if (plain || (text.find("NaN") == text.npos && text.find("Infinity") == text.npos)) return plain;
  auto marked = parse_json(with_marks(text));
  if (!marked) return plain;
  for_each_leaf(marked.value(), [](Json& leaf) {
    if (leaf.kind() != Json::Kind::text) return;
    for (const Token& token : kTokens)
      if (leaf.text() == token.mark) {
        leaf = Json(token.value);
        return;
      }
  });
  return marked;
}

std::string dump_with_tokens(const Json& value) {
  Json copy = value;
  for_each_leaf(copy, [](Json& leaf) {
    if (leaf.kind() != Json::Kind::real || std::isfinite(leaf.real())) return;
    const double number = leaf.real();
    leaf = Json(std::isnan(number) ? kTokens[0].mark : number < 0 ? kTokens[1].mark : kTokens[2].mark);
  });
  JsonStyle style;
  style.sort_keys = true;
  style.compact = true;
  std::string text = dump(copy, style);
  for (const Token& token : kTokens)
    for (std::size_t at = 0; (at = text.find(token.escaped, at)) != text.npos;)
      text.replace(at, token.escaped.size(), token.text);
  return text;
}

}  // namespace forgelm::compliance
