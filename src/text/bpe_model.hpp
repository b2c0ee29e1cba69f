// Byte pair encoding by merge ranks, as Hugging Face tokenizers 0.23.3 does it (models/bpe): the pair with the lowest
// rank is merged first, the leftmost of equals. tiktoken files are the same model with one rank for every split of a
// token. Invariants: immutable; n log n in the word's length whatever the merges; nothing is allocated per word.
// Trap: lengths of symbols, not places, are what the reference keeps, so a dropped character shifts later spans.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model.hpp"
#include "vocabulary.hpp"
#include "word_cache.hpp"

namespace forgelm::text {

struct BpeMerge {
  TokenId left = 0;
  TokenId right = 0;
  std::uint32_t rank = 0;
  TokenId merged = 0;
};

struct BpeParts {
  Vocabulary vocabulary;
  std::vector<BpeMerge> merges;  ///< a pair given twice keeps its last rank
  std::optional<std::string> unk_token;
  std::string continuing_subword_prefix;
  std::string end_of_word_suffix;
  bool fuse_unk = false;
  bool byte_fallback = false;
  bool ignore_merges = false;
};

class BpeModel final : public Model {
 public:
  explicit BpeModel(BpeParts parts);
  ~BpeModel() override;

  std::unique_ptr<ModelScratch> new_scratch() const override;
  void tokenize(std::string_view word, ModelScratch& scratch, std::vector<Piece>& out) const override;
  std::optional<TokenId> id_of(std::string_view token) const override { return vocabulary_.find(token); }
  std::string_view token_of(TokenId id) const override { return vocabulary_.token_of(id); }
  std::size_t num_ids() const noexcept override { return vocabulary_.num_ids(); }
  bool may_cut_before(char32_t code_point) const override;

 private:
  struct Scratch;
  struct MergeSlot {
    std::uint64_t pair;
    std::uint32_t rank;
    TokenId merged;
  };
  static constexpr std::uint32_t kNoRank = 0xffffffffu;
  static constexpr std::uint64_t kNoPair = ~std::uint64_t{0};
  static constexpr std::uint32_t kNumDirect = 1024;  ///< covers the alphabet of byte-level models

  void build_merge_table(const std::vector<BpeMerge>& merges);
  void build_characters();
  /// No merge makes a token in which `mark` follows another character.
  bool keeps_apart(const std::vector<BpeMerge>& merges, std::string_view mark) const;
  const MergeSlot* find_merge(TokenId left, TokenId right) const noexcept;
  TokenId id_of_character(char32_t code_point) const noexcept;
  void split_word(std::string_view word, Scratch& scratch) const;
  TokenId find_decorated(std::string_view character, bool is_first, bool is_last, Scratch& scratch) const;
  void merge_by_scan(Scratch& scratch) const;
  void merge_by_heap(Scratch& scratch) const;

  Vocabulary vocabulary_;
  std::vector<MergeSlot> merge_slots_;       ///< open addressing, size a power of two, at most half full
  std::vector<std::uint64_t> merge_filter_;  ///< a bit a hash: most pairs have no merge, and end in this small table
  std::uint64_t seed_;
  std::array<TokenId, kNumDirect> direct_characters_;
  struct CharacterSlot {
    char32_t code_point;
    TokenId id;  ///< -1: free
  };
  std::vector<CharacterSlot> character_slots_;
  std::array<TokenId, 256> byte_ids_;  ///< of "<0x00>" and so on; -1: not in the vocabulary
  std::optional<std::string> unk_token_;
  std::optional<TokenId> unk_id_;
  std::string prefix_;
  std::string suffix_;
  bool fuse_unk_;
  bool byte_fallback_;
  bool ignore_merges_;
  bool may_cut_before_mark_ = false;   ///< U+2581
  bool may_cut_before_space_ = false;  ///< U+0020
};

}  // namespace forgelm::text
