// See sentencepiece_bpe.hpp.
#include "sentencepiece_bpe.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "forgelm/core/text.hpp"
#include "split_merges.hpp"

namespace forgelm::text {

namespace {
constexpr std::string_view kWordMark = "\xE2\x96\x81";  // U+2581
}

SentencePieceBpe::SentencePieceBpe(const SentencePieceFile& model)
    : num_pieces_(static_cast<TokenId>(model.pieces.size())) {
  BpeParts parts;
  std::vector<float> scores;
  for (std::size_t i = 0; i < model.pieces.size(); ++i) {
    const SentencePieceEntry& entry = model.pieces[i];
    if (entry.type == SentencePieceType::normal) {
      parts.vocabulary.add(entry.piece, static_cast<TokenId>(i));
      scores.push_back(entry.score);
    } else if (entry.type == SentencePieceType::unknown) {
      unk_id_ = static_cast<TokenId>(i);
    }
  }
  TokenId next_id = num_pieces_;
  for (const SentencePieceEntry& entry : model.pieces) {
    if (entry.type != SentencePieceType::normal) continue;
    for (std::size_t at = 0; at < entry.piece.size();) {
      const std::string_view character = entry.piece.substr(at, decode_utf8(entry.piece, at).num_bytes);
      at += character.size();
      if (!parts.vocabulary.find(character)) parts.vocabulary.add(character, next_id++);
    }
  }
  std::sort(scores.begin(), scores.end(), std::greater<>());
  scores.erase(std::unique(scores.begin(), scores.end()), scores.end());
  parts.merges = find_split_merges(parts.vocabulary, [&](TokenId id) -> std::optional<std::uint32_t> {
    if (id >= num_pieces_) return std::nullopt;
    const float score = model.pieces[static_cast<std::size_t>(id)].score;
    return static_cast<std::uint32_t>(std::lower_bound(scores.begin(), scores.end(), score, std::greater<>()) -
                                      scores.begin());
  });
  // Its text must be no character of a text; the library takes an unknown piece of one character as that character.
  const std::string_view unknown = model.pieces[static_cast<std::size_t>(unk_id_)].piece;
  parts.unk_token = std::string(unknown);
  if (!parts.vocabulary.find(unknown)) parts.vocabulary.add(unknown, unk_id_);
  model_ = std::make_unique<BpeModel>(std::move(parts));
}

void SentencePieceBpe::split_stretch(std::string_view text, std::uint32_t offset, ModelScratch& scratch,
                                     std::vector<Piece>& out) const {
  const std::size_t num_before = out.size();
  model_->tokenize(text, scratch, out);
  for (std::size_t i = num_before; i < out.size(); ++i) {
    out[i].begin += offset;
    out[i].end += offset;
    if (out[i].id >= num_pieces_) out[i].id = unk_id_;
  }
}

void SentencePieceBpe::split(std::string_view text, const UserDefinedPieces& user_defined, ModelScratch& scratch,
                             std::vector<Piece>& out) const {
  const bool may_cut = model_->may_cut_before(U'\u2581');
  std::size_t begin = 0;  // of the stretch that is not split yet
  const auto flush = [&](std::size_t end) {
    if (end > begin) split_stretch(text.substr(begin, end - begin), static_cast<std::uint32_t>(begin), scratch, out);
    begin = end;
  };
  bool follows_mark = true;
  for (std::size_t at = 0; at < text.size();) {
    if (const auto [size, id] = user_defined.match(text.substr(at)); size > 0) {
      flush(at);
      begin = at + size;
      out.push_back({id, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(begin)});
      at = begin;
      follows_mark = true;
      continue;
    }
    if (user_defined.empty() && may_cut) {
      // On to the next mark, without looking at each character.
      const std::size_t next = std::min(text.find(kWordMark, at), text.size());
      if (next > at) {
        at = next;
        follows_mark = false;
        continue;
      }
    }
    const bool is_mark = text.compare(at, kWordMark.size(), kWordMark) == 0;
    if (is_mark && may_cut && !follows_mark) flush(at);
    follows_mark = is_mark;
    at = std::min(at + decode_utf8(text, at).num_bytes, text.size());
  }
  flush(text.size());
}

}  // namespace forgelm::text
