// Words are ASCII letters alone, at most seven, packed into a number. Words that two of these languages share are
// listed with both: they speak for neither against the other. Words of one letter are left out: every language has
// them.
#include "function_words.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>

#include "byte_set.hpp"

namespace forgelm::audit {
namespace {

struct Language {
  std::string_view code;  ///< none: a neighbour that is listed so that it is not taken for one of the others
  std::string_view words;
};
constexpr Language kLanguages[] = {
    {"en",
     "the of and to in is that for it you with are this be on as have not from by or at an which was can "
     "but they your if will has their what when how all one there we do more would about been were other "
     "these so them than may its also should could who he his she her my our into any only some use such "
     "where because while between does did"},
    {"de",
     "der die das und ist nicht von zu den mit sich des auf ein eine dem im auch als an es war wie aus bei "
     "sind er sie ich nach oder hat einer wird um noch aber nur haben einem einen eines zur zum vor wenn "
     "durch man kann dass werden wir ihr mich mir sein keine diese dieser dieses was so bis unter schon ja"},
    {"fr",
     "de la le et les des en un une du est que qui dans pour pas au sur par il ne plus ce avec sont son sa "
     "elle je vous nous mais ou comme ses aux cette ces tout fait leur si on ils bien lui aussi sans peut "
     "notre votre dont alors tu mon ma"},
    {"es",
     "de la que el en los del las un por para con no una su al lo como pero sus le ya este ha esta entre "
     "cuando muy sin sobre ser tiene hay donde todo nos durante todos uno les ni contra otros ese eso ante "
     "ellos esto antes algunos unos yo otro otras otra tanto esa estos mucho nada cual sea poco ella son "
     "es"},
    {"it",
     "di che la il un per in una sono mi si lo ha le ma ti con non cosa io come da ci no questo qui del "
     "hai al della era nel dei gli alla anche dal nella degli delle suo sua tutto loro essere stato quando "
     "dove molto dalla sul sulla questa quello"},
    {"pt",
     "de que do da em um para com uma os no por mais as dos como mas foi ao ele das tem seu sua ou ser "
     "quando muito nos eu pelo pela isso ela entre depois sem mesmo aos seus quem nas me esse eles essa "
     "num nem suas meu minha numa pelos elas qual lhe deles essas esses pelas este dele"},
    {"nl",
     "de het een en van in is dat op te zijn voor met die niet aan er om ook als dan maar bij uit nog naar "
     "door over ze zich hij ik wordt worden heeft had wat werd deze tot of kan je hebben meer geen wel dit "
     "we hun zo haar dus omdat moet onder want toen nu"},
    // Afrikaans, Catalan, Galician.
    {"",
     "die van en het is in nie te wat om met vir dit sy op hy ek word hulle daar was kan ook deur maar aan "
     "as sal nog uit tot ons sou moet of al een ander kom haar na jaar sonder tussen elke geen wees gebore "
     "teenoor regte alle"},
    {"",
     "de la que el en els les un una per amb del no al es va com dels als seu seva han pel per aquest "
     "aquesta tots tot entre fou han ser dins sense sobre tenen tota altres uns aquests pels molt quan "
     "fins on ell ella qui cap ni pot dret drets persona"},
    {"",
     "de que do da en un unha os no na por con as dos como mais pero foi ao el das ten seu ou ser cando "
     "moi nos eu polo pola iso ela entre despois sen mesmo aos seus quen nas lle son ata esta este uns cos "
     "tamen toda todo para"},
};
constexpr std::size_t kNumLanguages = std::size(kLanguages), kMaxLetters = 7;

using Hits = std::uint64_t;  ///< a small number for each language
constexpr std::size_t kSumBits = 6, kMaxSum = (1U << kSumBits) - 1;
static_assert(kNumLanguages * kSumBits <= 64);
static_assert(std::endian::native == std::endian::little);  // a word is packed as its bytes lie

/// Letters from the lowest byte up.
constexpr std::uint64_t packed_word(std::string_view word) {
  if (word.size() > kMaxLetters) throw "a function word with more than seven letters";
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < word.size(); ++i) bits |= std::uint64_t{static_cast<unsigned char>(word[i])} << 8 * i;
  return bits;
}

/// Each word stands in one of two places (cuckoo hashing), so that looking for it has no branches.
class WordTable {
 public:
  constexpr WordTable() {
    for (std::size_t i = 0; i < kNumLanguages; ++i) {
      std::string_view left = kLanguages[i].words;
      while (!left.empty()) {
        const std::size_t size = std::min(left.find(' '), left.size());
        add(packed_word(left.substr(0, size)), i);
        left.remove_prefix(std::min(size + 1, left.size()));
      }
    }
  }
  Hits find(std::uint64_t word) const {
    const Slot &one = slots_[place_of(word, 0)], &other = slots_[place_of(word, 1)];
    return (one.word == word ? one.hits : 0) | (other.word == word ? other.hits : 0);
  }

 private:
  struct Slot {
    std::uint64_t word = 0;
    Hits hits = 0;
  };
  static constexpr std::size_t kSlots = 2048;
  static constexpr std::size_t place_of(std::uint64_t word, int which) {
    const std::uint64_t mixed = word * (which == 0 ? 0x9E3779B97F4A7C15U : 0xBF58476D1CE4E5B9U);
    return static_cast<std::size_t>(mixed >> (64 - std::bit_width(kSlots - 1)));
  }
  constexpr void add(std::uint64_t word, std::size_t language) {
    Slot moved{word, Hits{1} << kSumBits * language};
    for (const int which : {0, 1})
      if (Slot& slot = slots_[place_of(moved.word, which)]; slot.word == moved.word) {
        slot.hits |= moved.hits;
        return;
      }
    std::size_t at = place_of(moved.word, 0);
    for (int num_moved = 0; moved.word != 0; ++num_moved) {
      if (num_moved == 100) throw "no place for a function word: the table is too small";
      std::swap(moved, slots_[at]);
      // What was there has another place.
      at = place_of(moved.word, 0) == at ? place_of(moved.word, 1) : place_of(moved.word, 0);
    }
  }

  std::array<Slot, kSlots> slots_{};
};
constexpr WordTable kTable;

/// How often each language's words occur.
class WordCounts {
 public:
  explicit WordCounts(std::string_view text) {
    for_each_run(
        text.size() / 64 + 1, [&](std::size_t i) { return kInWords.find(Block64(text, i * 64).bytes()); },
        [&](std::size_t begin, std::size_t end) {
          ++num_words_;
          add(packed(text, begin, end));
        });
    spread();
  }
  std::size_t num_words() const { return num_words_; }
  const std::array<std::size_t, kNumLanguages>& hits() const { return hits_; }

 private:
  /// Words are what stands between ASCII's other characters.
  static constexpr ByteSet kInWords{[](unsigned char c) {
    return c >= 0x80 || (static_cast<unsigned char>(c | 0x20) >= 'a' && static_cast<unsigned char>(c | 0x20) <= 'z');
  }};
  /// 0: too long for the table.
  static std::uint64_t packed(std::string_view text, std::size_t begin, std::size_t end) {
    constexpr std::uint64_t kLowerCase = 0x2020202020202020U;
    const std::size_t size = end - begin;
    std::uint64_t bytes = 0;
    if (text.size() - begin >= sizeof bytes) std::memcpy(&bytes, text.data() + begin, sizeof bytes);
    else std::memcpy(&bytes, text.data() + begin, size);
    const std::uint64_t kept = ~(~std::uint64_t{0} << 8 * (size % sizeof bytes));
    return (bytes | kLowerCase) & (size <= kMaxLetters ? kept : 0);
  }
  void add(std::uint64_t word) {
    sums_ += kTable.find(word);
    if (++num_summed_ == kMaxSum) spread();
  }
  void spread() {
    for (std::size_t i = 0; i < kNumLanguages; ++i) hits_[i] += sums_ >> kSumBits * i & kMaxSum;
    sums_ = 0;
    num_summed_ = 0;
  }

  std::size_t num_words_ = 0;
  Hits sums_ = 0;
  std::size_t num_summed_ = 0;
  std::array<std::size_t, kNumLanguages> hits_{};
};

}  // namespace

std::string_view language_by_function_words(std::string_view text) {
  // Chosen on the sentences of docs/data-audit.md, "How well": no answer there is wrong.
  constexpr std::size_t kFewestHits = 6, kHits = 2, kOfWords = 7, kTimesTheNext = 2;
  const WordCounts counts(text);
  const auto& hits = counts.hits();
  const auto best = std::max_element(hits.begin(), hits.end());
  std::size_t next = 0;
  for (auto it = hits.begin(); it != hits.end(); ++it)
    if (it != best) next = std::max(next, *it);
  const bool is_sure =
      *best >= kFewestHits && *best * kOfWords >= counts.num_words() * kHits && *best >= kTimesTheNext * next;
  return is_sure ? kLanguages[best - hits.begin()].code : std::string_view();
}

}  // namespace forgelm::audit
