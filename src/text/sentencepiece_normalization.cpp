// See sentencepiece_normalization.hpp.
#include "sentencepiece_normalization.hpp"

#include <algorithm>

#include "charsmap.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::text {

UserDefinedPieces::UserDefinedPieces(const SentencePieceFile& model) {
  std::vector<Trie::Key> keys;
  for (std::size_t i = 0; i < model.pieces.size(); ++i) {
    if (model.pieces[i].type != SentencePieceType::user_defined) continue;
    keys.emplace_back(model.pieces[i].piece, static_cast<TokenId>(i));
  }
  is_empty_ = keys.empty();
  if (!is_empty_) trie_ = Trie(std::move(keys));
}

std::pair<std::size_t, TokenId> UserDefinedPieces::match(std::string_view text) const noexcept {
  std::pair<std::size_t, TokenId> longest{0, -1};
  if (is_empty_) return longest;
  std::uint32_t node = 0;
  for (std::size_t at = 0; at < text.size();) {
    node = trie_.step(node, text[at++]);
    if (node == 0) break;
    if (const TokenId id = trie_.value(node); id >= 0) longest = {at, id};
  }
  return longest;
}

SentencePieceNormalization::SentencePieceNormalization(const SentencePieceFile& model)
    : adds_dummy_prefix_(model.normalizer.add_dummy_prefix),
      removes_extra_whitespaces_(model.normalizer.remove_extra_whitespaces),
      treats_whitespace_as_suffix_(model.treat_whitespace_as_suffix),
      space_(model.normalizer.escape_whitespaces ? "\xE2\x96\x81" : " ") {
  if (model.normalizer.charsmap.empty()) return;
  CharsmapParts parts = read_charsmap(model.normalizer.charsmap);
  units_ = std::move(parts.units);
  replacements_ = std::string(parts.replacements);
}

std::pair<std::string_view, std::size_t> SentencePieceNormalization::next(std::string_view text,
                                                                          const UserDefinedPieces& user_defined) const {
  if (const std::size_t size = user_defined.match(text).first; size > 0) return {text.substr(0, size), size};
  std::size_t longest = 0;
  std::uint32_t value = 0;
  if (!units_.empty()) {
    std::uint32_t base = charsmap_base(units_, 0);
    for (std::size_t at = 0; at < text.size(); ++at) {
      const std::uint32_t label = static_cast<unsigned char>(text[at]);
      const std::uint32_t node = base ^ label;
      if (!charsmap_has_label(units_, node, label)) break;
      base = charsmap_base(units_, node);
      if (!charsmap_has_value(units_, node)) continue;
      longest = at + 1;
      value = charsmap_value(units_, base);
    }
  }
  if (longest > 0) return {replacements_.c_str() + value, longest};  // ends at its NUL
  const std::size_t size = std::min(decode_utf8(text, 0).num_bytes, text.size());
  return {text.substr(0, size), size};
}

void SentencePieceNormalization::apply(std::string_view text, const UserDefinedPieces& user_defined,
                                       NormalizedText& out) const {
  out.text.clear();
  out.origin.clear();
  std::size_t consumed = 0;
  if (removes_extra_whitespaces_) {
    while (consumed < text.size()) {
      const auto [replacement, size] = next(text.substr(consumed), user_defined);
      if (replacement != " ") break;
      consumed += size;
    }
  }
  if (consumed == text.size()) {
    out.origin.push_back(static_cast<std::uint32_t>(consumed));
    return;
  }
  const auto append = [&](std::string_view bytes) {
    out.text.append(bytes);
    out.origin.resize(out.text.size(), static_cast<std::uint32_t>(consumed));
  };
  if (!treats_whitespace_as_suffix_ && adds_dummy_prefix_) append(space_);
  bool follows_space = removes_extra_whitespaces_;
  while (consumed < text.size()) {
    auto [replacement, size] = next(text.substr(consumed), user_defined);
    while (follows_space && replacement.starts_with(' ')) replacement.remove_prefix(1);
    if (!replacement.empty()) {
      for (std::size_t at = 0; at < replacement.size();) {
        const std::size_t space = std::min(replacement.find(' ', at), replacement.size());
        append(replacement.substr(at, space - at));
        if (space < replacement.size()) append(space_);
        at = space + 1;
      }
      follows_space = replacement.ends_with(' ');
    }
    consumed += size;
    if (!removes_extra_whitespaces_) follows_space = false;
  }
  while (removes_extra_whitespaces_ && out.text.ends_with(space_)) {
    out.text.resize(out.text.size() - space_.size());
    consumed = out.origin[out.text.size()];
    out.origin.resize(out.text.size());
  }
  if (treats_whitespace_as_suffix_ && adds_dummy_prefix_) append(space_);
  out.origin.push_back(static_cast<std::uint32_t>(consumed));
}

}  // namespace forgelm::text
