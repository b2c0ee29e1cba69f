// See sentencepiece_unigram.hpp.
#include "sentencepiece_unigram.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "forgelm/core/text.hpp"

namespace forgelm::text {

namespace {

constexpr float kUnkPenalty = 10.0f;
constexpr float kLargestSum = 100'000.0f;
constexpr std::uint32_t kUnreached = 0xffffffffu;

/// Longer pieces first, any of them before usual ones: their scores are logarithms, so at most 0.
float score_of_user_defined(std::size_t num_bytes) {
  return static_cast<float>(0.1 * (static_cast<int>(num_bytes) - 1));
}

}  // namespace

SentencePieceUnigram::SentencePieceUnigram(const SentencePieceFile& model) {
  std::vector<Trie::Key> keys;
  float min_score = std::numeric_limits<float>::max();
  for (std::size_t i = 0; i < model.pieces.size(); ++i) {
    const SentencePieceEntry& entry = model.pieces[i];
    scores_.push_back({entry.score, entry.type});
    if (entry.type == SentencePieceType::normal) min_score = std::min(min_score, entry.score);
    if (entry.type == SentencePieceType::unknown) unk_id_ = static_cast<TokenId>(i);
    const bool is_usual = entry.type == SentencePieceType::normal || entry.type == SentencePieceType::unused ||
                          entry.type == SentencePieceType::user_defined;
    if (is_usual) keys.emplace_back(entry.piece, static_cast<TokenId>(i));
  }
  unk_score_ = min_score - kUnkPenalty;
  trie_ = Trie(std::move(keys));
}

void SentencePieceUnigram::split(std::string_view text, std::vector<Arrival>& arrivals, std::vector<Piece>& out) const {
  arrivals.assign(text.size() + 1, Arrival{0.0f, kUnreached, -1});
  std::size_t frontier = 0;  // furthest place reached
  for (std::size_t begin = 0; begin < text.size();) {
    float score_here = arrivals[begin].score;
    if (score_here < -kLargestSum || score_here > kLargestSum) {
      for (std::size_t i = begin; i <= frontier; ++i) {
        if (i == begin || arrivals[i].begin != kUnreached) arrivals[i].score -= score_here;
      }
      score_here = 0.0f;
    }
    const std::size_t character_end = std::min(begin + decode_utf8(text, begin).num_bytes, text.size());
    const auto offer = [&](std::size_t end, float score, TokenId id) {
      frontier = std::max(frontier, end);
      const float sum = score + score_here;
      Arrival& arrival = arrivals[end];
      if (arrival.begin == kUnreached || sum > arrival.score) arrival = {sum, static_cast<std::uint32_t>(begin), id};
    };
    bool has_character = false;
    std::uint32_t node = 0;
    for (std::size_t end = begin; end < text.size();) {
      node = trie_.step(node, text[end++]);
      if (node == 0) break;
      const TokenId id = trie_.value(node);
      if (id < 0) continue;
      const Score& score = scores_[static_cast<std::size_t>(id)];
      if (score.type == SentencePieceType::unused) continue;
      offer(end, score.type == SentencePieceType::user_defined ? score_of_user_defined(end - begin) : score.score, id);
      has_character |= end == character_end;
    }
    if (!has_character) offer(character_end, unk_score_, unk_id_);
    begin = character_end;
  }
  const auto num_before = static_cast<std::ptrdiff_t>(out.size());
  for (auto end = static_cast<std::uint32_t>(text.size()); end > 0; end = arrivals[end].begin) {
    out.push_back({arrivals[end].id, arrivals[end].begin, end});
  }
  std::reverse(out.begin() + num_before, out.end());
}

}  // namespace forgelm::text
