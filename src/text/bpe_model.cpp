// See bpe_model.hpp.
#include "bpe_model.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <utility>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::text {

namespace {

/// One symbol of the word being merged. `rank` and `merged` describe the pair of this symbol and the next one.
struct Symbol {
  TokenId id;
  std::uint32_t size;  ///< bytes
  std::uint32_t rank;
  TokenId merged;
};

/// Links of the long words' symbols.
struct Links {
  std::uint32_t previous;
  std::uint32_t next;
};

constexpr std::uint32_t kNone = 0xffffffffu;
/// Above this a heap beats looking at all pairs before each merge.
constexpr std::size_t kMaxScanned = 40;
/// Work memory above this is given back after a word that needed it.
constexpr std::size_t kMaxKept = std::size_t{1} << 18;

constexpr std::string_view kWordMark = "\xE2\x96\x81";  // U+2581

}  // namespace

struct BpeModel::Scratch final : ModelScratch {
  WordCache cache;
  std::vector<Symbol> symbols;
  std::vector<Links> links;
  std::vector<std::uint64_t> heap;  ///< rank << 32 | position: smallest first, leftmost of equals
  std::string decorated;
};

BpeModel::BpeModel(BpeParts parts)
    : vocabulary_(std::move(parts.vocabulary)),
      seed_(hash_seed()),
      unk_token_(std::move(parts.unk_token)),
      prefix_(std::move(parts.continuing_subword_prefix)),
      suffix_(std::move(parts.end_of_word_suffix)),
      fuse_unk_(parts.fuse_unk),
      byte_fallback_(parts.byte_fallback),
      ignore_merges_(parts.ignore_merges) {
  if (unk_token_) unk_id_ = vocabulary_.find(*unk_token_);
  build_merge_table(parts.merges);
  build_characters();
  if (!ignore_merges_ && prefix_.empty() && suffix_.empty()) {
    may_cut_before_mark_ = keeps_apart(parts.merges, kWordMark);
    may_cut_before_space_ = keeps_apart(parts.merges, " ");
  }
}

BpeModel::~BpeModel() = default;

void BpeModel::build_merge_table(const std::vector<BpeMerge>& merges) {
  merge_slots_.assign(std::bit_ceil(merges.size() * 2 + 16), MergeSlot{kNoPair, kNoRank, 0});
  merge_filter_.assign(std::bit_ceil(merges.size() / 8 + 1), 0);
  const std::size_t mask = merge_slots_.size() - 1;
  for (const BpeMerge& merge : merges) {
    const std::uint64_t pair =
        (std::uint64_t{static_cast<std::uint32_t>(merge.left)} << 32) | static_cast<std::uint32_t>(merge.right);
    const std::uint64_t hash = mix_hash(pair ^ seed_);
    merge_filter_[(hash >> 38) & (merge_filter_.size() - 1)] |= std::uint64_t{1} << ((hash >> 32) & 63);
    std::size_t at = hash & mask;
    while (merge_slots_[at].pair != kNoPair && merge_slots_[at].pair != pair) at = (at + 1) & mask;
    merge_slots_[at] = {pair, merge.rank, merge.merged};
  }
}

const BpeModel::MergeSlot* BpeModel::find_merge(TokenId left, TokenId right) const noexcept {
  const std::uint64_t pair =
      (std::uint64_t{static_cast<std::uint32_t>(left)} << 32) | static_cast<std::uint32_t>(right);
  const std::uint64_t hash = mix_hash(pair ^ seed_);
  if (((merge_filter_[(hash >> 38) & (merge_filter_.size() - 1)] >> ((hash >> 32) & 63)) & 1) == 0) return nullptr;
  const std::size_t mask = merge_slots_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    const MergeSlot& slot = merge_slots_[at];
    if (slot.pair == pair) return &slot;
    if (slot.pair == kNoPair) return nullptr;
  }
}

void BpeModel::build_characters() {
  direct_characters_.fill(-1);
  std::vector<CharacterSlot> others;
  for (const Vocabulary::Entry& entry : vocabulary_.entries()) {
    const std::string_view token = vocabulary_.text_of(entry);
    if (token.empty() || token.size() > 4) continue;
    const DecodedCodePoint first = decode_utf8(token, 0);
    if (!first.is_valid || first.num_bytes != token.size()) continue;
    if (first.value < kNumDirect) direct_characters_[first.value] = entry.id;
    else others.push_back({first.value, entry.id});
  }
  character_slots_.assign(std::bit_ceil(others.size() * 2 + 16), CharacterSlot{0, -1});
  const std::size_t mask = character_slots_.size() - 1;
  for (const CharacterSlot& other : others) {
    std::size_t at = mix_hash(other.code_point ^ seed_) & mask;
    while (character_slots_[at].id >= 0) at = (at + 1) & mask;
    character_slots_[at] = other;
  }
  byte_ids_ = find_byte_tokens(vocabulary_);
}

TokenId BpeModel::id_of_character(char32_t code_point) const noexcept {
  if (code_point < kNumDirect) return direct_characters_[code_point];
  const std::size_t mask = character_slots_.size() - 1;
  for (std::size_t at = mix_hash(code_point ^ seed_) & mask;; at = (at + 1) & mask) {
    const CharacterSlot& slot = character_slots_[at];
    if (slot.id < 0) return -1;
    if (slot.code_point == code_point) return slot.id;
  }
}

bool BpeModel::keeps_apart(const std::vector<BpeMerge>& merges, std::string_view mark) const {
  // The mark must be a token of its own, as an unknown one could be joined with what stands before it; tokens must be
  // what their text says, so no shared ids; and no character may be dropped, which shifts the spans after it.
  if (!vocabulary_.find(mark) || vocabulary_.has_shared_ids()) return false;
  if (unk_token_ && unk_token_->ends_with(mark)) return false;
  const bool has_all_bytes = std::all_of(byte_ids_.begin(), byte_ids_.end(), [](TokenId id) { return id >= 0; });
  if (!unk_id_ && !(byte_fallback_ && has_all_bytes)) return false;
  for (const BpeMerge& merge : merges) {
    const std::string_view left = vocabulary_.token_of(merge.left);
    const std::string_view right = vocabulary_.token_of(merge.right);
    if (right.starts_with(mark) && !left.ends_with(mark)) return false;
  }
  return true;
}

bool BpeModel::may_cut_before(char32_t code_point) const {
  return (code_point == U'\u2581' && may_cut_before_mark_) || (code_point == U' ' && may_cut_before_space_);
}

std::unique_ptr<ModelScratch> BpeModel::new_scratch() const { return std::make_unique<Scratch>(); }

TokenId BpeModel::find_decorated(std::string_view character, bool is_first, bool is_last, Scratch& scratch) const {
  scratch.decorated.assign(is_first ? std::string_view() : std::string_view(prefix_));
  scratch.decorated.append(character);
  if (is_last) scratch.decorated.append(suffix_);
  return vocabulary_.find(scratch.decorated).value_or(-1);
}

void BpeModel::split_word(std::string_view word, Scratch& scratch) const {
  std::vector<Symbol>& symbols = scratch.symbols;
  symbols.clear();
  const auto add = [&](TokenId id, std::uint32_t size) { symbols.push_back({id, size, kNoRank, 0}); };
  const bool is_plain = prefix_.empty() && suffix_.empty();
  std::uint32_t pending_unk_size = 0;  // the reference writes an unknown run only when a known character follows
  for (std::size_t at = 0; at < word.size();) {
    const DecodedCodePoint character = decode_utf8(word, at);
    const std::string_view bytes = word.substr(at, character.num_bytes);
    const auto size = static_cast<std::uint32_t>(bytes.size());
    const std::size_t next = at + bytes.size();
    const TokenId id =
        is_plain ? id_of_character(character.value) : find_decorated(bytes, at == 0, next == word.size(), scratch);
    at = next;
    if (id >= 0) {
      if (pending_unk_size > 0) add(*unk_id_, pending_unk_size);
      pending_unk_size = 0;
      add(id, size);
      continue;
    }
    if (byte_fallback_) {
      const std::string_view spelled = is_plain ? bytes : std::string_view(scratch.decorated);
      const auto id_of_byte = [&](char byte) { return byte_ids_[static_cast<unsigned char>(byte)]; };
      if (std::all_of(spelled.begin(), spelled.end(), [&](char byte) { return id_of_byte(byte) >= 0; })) {
        for (const char byte : spelled) add(id_of_byte(byte), 1);
        continue;
      }
    }
    if (!unk_token_) continue;  // dropped, as the reference does
    if (!unk_id_) {
      throw RunError(RunErrorKind::data,
                     cat("the tokenizer's unk_token ", quote(*unk_token_),
                         " is not in its vocabulary, and the text has a character it cannot encode"));
    }
    if (pending_unk_size > 0 && !fuse_unk_) {
      add(*unk_id_, pending_unk_size);
      pending_unk_size = 0;
    }
    pending_unk_size += size;
  }
  if (pending_unk_size > 0) add(*unk_id_, pending_unk_size);
}

void BpeModel::merge_by_scan(Scratch& scratch) const {
  Symbol* const symbols = scratch.symbols.data();
  std::size_t count = scratch.symbols.size();
  const auto update = [&](std::size_t i) {
    const MergeSlot* merge = i + 1 < count ? find_merge(symbols[i].id, symbols[i + 1].id) : nullptr;
    symbols[i].rank = merge ? merge->rank : kNoRank;
    symbols[i].merged = merge ? merge->merged : 0;
  };
  for (std::size_t i = 0; i < count; ++i) update(i);
  while (true) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < count; ++i) {
      if (symbols[i].rank < symbols[best].rank) best = i;
    }
    if (count == 0 || symbols[best].rank == kNoRank) break;
    symbols[best].id = symbols[best].merged;
    symbols[best].size += symbols[best + 1].size;
    std::copy(symbols + best + 2, symbols + count, symbols + best + 1);
    --count;
    update(best);
    if (best > 0) update(best - 1);
  }
  scratch.symbols.resize(count);
}

void BpeModel::merge_by_heap(Scratch& scratch) const {
  std::vector<Symbol>& symbols = scratch.symbols;
  std::vector<Links>& links = scratch.links;
  std::vector<std::uint64_t>& heap = scratch.heap;
  const auto count = static_cast<std::uint32_t>(symbols.size());
  links.resize(count);
  heap.clear();
  // Sets the pair at `i`; true when it can be merged. A heap entry whose rank is not the pair's own is out of date.
  const auto update = [&](std::uint32_t i) {
    const std::uint32_t next = links[i].next;
    const MergeSlot* merge = next != kNone ? find_merge(symbols[i].id, symbols[next].id) : nullptr;
    symbols[i].rank = merge ? merge->rank : kNoRank;
    symbols[i].merged = merge ? merge->merged : 0;
    return merge != nullptr;
  };
  const auto entry = [&](std::uint32_t i) { return (std::uint64_t{symbols[i].rank} << 32) | i; };
  const auto is_later = std::greater<std::uint64_t>();
  for (std::uint32_t i = 0; i < count; ++i) links[i] = {i == 0 ? kNone : i - 1, i + 1 < count ? i + 1 : kNone};
  for (std::uint32_t i = 0; i < count; ++i) {
    if (update(i)) heap.push_back(entry(i));
  }
  std::make_heap(heap.begin(), heap.end(), is_later);
  while (!heap.empty()) {
    const std::uint64_t top = heap.front();
    std::pop_heap(heap.begin(), heap.end(), is_later);
    heap.pop_back();
    const auto at = static_cast<std::uint32_t>(top);
    if (symbols[at].size == 0 || symbols[at].rank != static_cast<std::uint32_t>(top >> 32)) continue;
    const std::uint32_t gone = links[at].next;
    symbols[at].id = symbols[at].merged;
    symbols[at].size += symbols[gone].size;
    symbols[gone].size = 0;
    links[at].next = links[gone].next;
    if (links[at].next != kNone) links[links[at].next].previous = at;
    const std::uint32_t previous = links[at].previous;
    for (const std::uint32_t changed : {previous, at}) {
      if (changed == kNone || !update(changed)) continue;
      heap.push_back(entry(changed));
      std::push_heap(heap.begin(), heap.end(), is_later);
    }
  }
  std::erase_if(symbols, [](const Symbol& symbol) { return symbol.size == 0; });
}

void BpeModel::tokenize(std::string_view word, ModelScratch& scratch, std::vector<Piece>& out) const {
  auto& work = static_cast<Scratch&>(scratch);
  const bool is_cacheable = word.size() <= WordCache::kMaxWordBytes;
  if (is_cacheable && work.cache.find(word, out)) return;
  const std::size_t num_before = out.size();
  const auto size = static_cast<std::uint32_t>(word.size());
  if (const auto whole = ignore_merges_ ? vocabulary_.find(word) : std::nullopt) {
    out.push_back({*whole, 0, size});
  } else {
    split_word(word, work);
    if (work.symbols.size() <= kMaxScanned) merge_by_scan(work);
    else merge_by_heap(work);
    std::uint64_t begin = 0;
    for (const Symbol& symbol : work.symbols) {
      // Past the end only where a suffix was spelled in bytes.
      const std::uint64_t end = begin + symbol.size;
      out.push_back({symbol.id, static_cast<std::uint32_t>(std::min<std::uint64_t>(begin, size)),
                     static_cast<std::uint32_t>(std::min<std::uint64_t>(end, size))});
      begin = end;
    }
    if (work.symbols.capacity() > kMaxKept) {
      work.symbols = {};
      work.links = {};
      work.heap = {};
    }
  }
  if (is_cacheable) work.cache.insert(word, {out.data() + num_before, out.size() - num_before});
}

}  // namespace forgelm::text
