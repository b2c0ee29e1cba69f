// See word_models.hpp.
#include "word_models.hpp"

#include <utility>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::text {

namespace {

/// The id of the token for unknown words; a RunError when the file names one that it does not hold.
TokenId require_unk(const Vocabulary& vocabulary, const std::string& unk_token) {
  if (const auto id = vocabulary.find(unk_token)) return *id;
  throw RunError(RunErrorKind::data, cat("the tokenizer's unk_token ", quote(unk_token),
                                         " is not in its vocabulary, and the text has a word it cannot encode"));
}

}  // namespace

struct WordPieceModel::Scratch final : ModelScratch {
  WordCache cache;
};

WordPieceModel::WordPieceModel(WordPieceParts parts)
    : vocabulary_(std::move(parts.vocabulary)),
      unk_token_(std::move(parts.unk_token)),
      max_input_chars_per_word_(parts.max_input_chars_per_word) {
  std::vector<Trie::Key> keys;
  keys.reserve(vocabulary_.size());
  for (const Vocabulary::Entry& entry : vocabulary_.entries()) keys.emplace_back(vocabulary_.text_of(entry), entry.id);
  trie_ = Trie(std::move(keys));
  const std::uint32_t node = trie_.walk(parts.continuing_subword_prefix);
  if (node != 0 || parts.continuing_subword_prefix.empty()) continuing_node_ = node;
}

WordPieceModel::~WordPieceModel() = default;

std::unique_ptr<ModelScratch> WordPieceModel::new_scratch() const { return std::make_unique<Scratch>(); }

bool WordPieceModel::split(std::string_view word, std::vector<Piece>& out) const {
  for (std::size_t begin = 0; begin < word.size();) {
    if (begin > 0 && !continuing_node_) return false;
    std::uint32_t node = begin > 0 ? *continuing_node_ : 0;
    Piece longest;
    for (std::size_t at = begin; at < word.size();) {
      node = trie_.step(node, word[at++]);
      if (node == 0) break;
      if (const TokenId id = trie_.value(node); id >= 0) {
        longest = {id, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at)};
      }
    }
    if (longest.end == 0) return false;
    out.push_back(longest);
    begin = longest.end;
  }
  return true;
}

void WordPieceModel::tokenize(std::string_view word, ModelScratch& scratch, std::vector<Piece>& out) const {
  auto& work = static_cast<Scratch&>(scratch);
  const bool is_cacheable = word.size() <= WordCache::kMaxWordBytes;
  if (is_cacheable && work.cache.find(word, out)) return;
  const std::size_t num_before = out.size();
  const bool is_short = word.size() <= max_input_chars_per_word_ || num_code_points(word) <= max_input_chars_per_word_;
  if (!is_short || !split(word, out)) {
    out.resize(num_before);
    out.push_back({require_unk(vocabulary_, unk_token_), 0, static_cast<std::uint32_t>(word.size())});
  }
  if (is_cacheable) work.cache.insert(word, std::span<const Piece>(out).subspan(num_before));
}

WordLevelModel::WordLevelModel(Vocabulary vocabulary, std::string unk_token)
    : vocabulary_(std::move(vocabulary)), unk_token_(std::move(unk_token)) {}

WordLevelModel::~WordLevelModel() = default;

std::unique_ptr<ModelScratch> WordLevelModel::new_scratch() const { return std::make_unique<ModelScratch>(); }

void WordLevelModel::tokenize(std::string_view word, ModelScratch&, std::vector<Piece>& out) const {
  const auto known = vocabulary_.find(word);
  const TokenId id = known ? *known : require_unk(vocabulary_, unk_token_);
  out.push_back({id, 0, static_cast<std::uint32_t>(word.size())});
}

}  // namespace forgelm::text
