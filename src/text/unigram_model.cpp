// See unigram_model.hpp.
#include "unigram_model.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::text {

namespace {

constexpr double kUnkPenalty = 10.0;
constexpr std::uint32_t kUnreached = 0xffffffffu;
constexpr std::size_t kMaxKept = std::size_t{1} << 18;

/// The best path to a place in the word.
struct Arrival {
  double score;
  std::uint32_t begin;  ///< where its last piece begins
  TokenId id;
};

}  // namespace

struct UnigramModel::Scratch final : ModelScratch {
  WordCache cache;
  std::vector<Arrival> arrivals;  ///< by byte offset; those inside a character are never reached
  std::vector<Piece> tail;
};

UnigramModel::UnigramModel(UnigramParts parts)
    : vocabulary_(std::move(parts.vocabulary)),
      scores_(std::move(parts.scores)),
      byte_ids_(find_byte_tokens(vocabulary_)),
      unk_id_(parts.unk_id),
      byte_fallback_(parts.byte_fallback) {
  double min_score = std::numeric_limits<double>::infinity();
  for (const double score : scores_) min_score = std::min(min_score, score);
  unk_score_ = min_score - kUnkPenalty;
  std::vector<Trie::Key> keys;
  keys.reserve(vocabulary_.size());
  for (const Vocabulary::Entry& entry : vocabulary_.entries()) keys.emplace_back(vocabulary_.text_of(entry), entry.id);
  trie_ = Trie(std::move(keys));
}

UnigramModel::~UnigramModel() = default;

std::unique_ptr<ModelScratch> UnigramModel::new_scratch() const { return std::make_unique<Scratch>(); }

TokenId UnigramModel::require_unk_id() const {
  if (unk_id_) return *unk_id_;
  throw RunError(RunErrorKind::data,
                 "the tokenizer has no unk_id, and the text has a character that its pieces cannot encode");
}

void UnigramModel::find_best_path(std::string_view word, Scratch& scratch) const {
  std::vector<Arrival>& arrivals = scratch.arrivals;
  arrivals.assign(word.size() + 1, Arrival{0.0, kUnreached, 0});
  for (std::size_t begin = 0; begin < word.size();) {
    const double score_here = arrivals[begin].score;
    const std::size_t character_end = std::min(begin + decode_utf8(word, begin).num_bytes, word.size());
    bool has_character = false;
    const auto offer = [&](std::size_t end, double score, TokenId id) {
      Arrival& arrival = arrivals[end];
      if (arrival.begin == kUnreached || score > arrival.score) {
        arrival = {score, static_cast<std::uint32_t>(begin), id};
      }
    };
    std::uint32_t node = 0;
    for (std::size_t end = begin; end < word.size();) {
      node = trie_.step(node, word[end++]);
      if (node == 0) break;
      const TokenId id = trie_.value(node);
      if (id < 0) continue;
      offer(end, scores_[static_cast<std::size_t>(id)] + score_here, id);
      has_character |= end == character_end;
    }
    if (!has_character) offer(character_end, unk_score_ + score_here, require_unk_id());
    begin = character_end;
  }
}

void UnigramModel::append_unknown(std::string_view run, std::uint32_t begin, std::vector<Piece>& out) const {
  const auto end = static_cast<std::uint32_t>(begin + run.size());
  if (const auto id = vocabulary_.find(run)) {
    out.push_back({*id, begin, end});
    return;
  }
  const auto id_of_byte = [&](char byte) { return byte_ids_[static_cast<unsigned char>(byte)]; };
  if (byte_fallback_ && std::all_of(run.begin(), run.end(), [&](char byte) { return id_of_byte(byte) >= 0; })) {
    for (const char byte : run) out.push_back({id_of_byte(byte), begin, end});
    return;
  }
  out.push_back({*unk_id_, begin, end});
}

void UnigramModel::tokenize(std::string_view word, ModelScratch& scratch, std::vector<Piece>& out) const {
  auto& work = static_cast<Scratch&>(scratch);
  const bool is_cacheable = word.size() <= WordCache::kMaxWordBytes;
  if (is_cacheable && work.cache.find(word, out)) return;
  const auto num_before = static_cast<std::ptrdiff_t>(out.size());
  find_best_path(word, work);
  // From the end back; then the order is turned, and unknown runs are written out.
  for (auto end = static_cast<std::uint32_t>(word.size()); end > 0;) {
    const Arrival& arrival = work.arrivals[end];
    const bool joins = unk_id_ && arrival.id == *unk_id_ && static_cast<std::ptrdiff_t>(out.size()) > num_before &&
                       out.back().id == *unk_id_;
    if (joins) out.back().begin = arrival.begin;
    else out.push_back({arrival.id, arrival.begin, end});
    end = arrival.begin;
  }
  std::reverse(out.begin() + num_before, out.end());
  const auto is_unknown = [&](const Piece& piece) { return unk_id_ && piece.id == *unk_id_; };
  if (const auto first = std::find_if(out.begin() + num_before, out.end(), is_unknown); first != out.end()) {
    work.tail.assign(first, out.end());
    out.erase(first, out.end());
    for (const Piece& piece : work.tail) {
      if (is_unknown(piece)) append_unknown(word.substr(piece.begin, piece.end - piece.begin), piece.begin, out);
      else out.push_back(piece);
    }
  }
  if (work.arrivals.capacity() > kMaxKept) work.arrivals = {};
  if (is_cacheable) work.cache.insert(word, std::span<const Piece>(out).subspan(static_cast<std::size_t>(num_before)));
}

}  // namespace forgelm::text
