// Personal data and secrets in a text: kinds, places, masking. A kind is a
// regular expression and, where the real thing carries a check, a validator;
// what it finds is what Python's `re` would find. Kinds of the reference (spec
// d.5) keep its names, patterns and order; ours have names of their own.
// Invariant: one pass over the text only says which kinds could be in it
// (triggers), and the kind's expression decides; so Hyperscan and the portable
// scanner find the same (tests/audit/pattern_scan_test.cpp). The trap: kinds
// overlap. A count of a kind is of its matches alone, as the reference counts;
// `without_overlaps` is for people, who want each place once.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/choices.hpp"
#include "forgelm/core/counts.hpp"

namespace forgelm::audit {

FORGELM_CHOICES(Family, pii, secret)
/// From the worst down.
FORGELM_CHOICES(Tier, critical, high, medium, low)

struct Kind {
  std::string_view name;  ///< "credit_card"
  Family family = Family::pii;
  Tier tier = Tier::low;
  bool is_reference = false;  ///< the reference has it too, under this name
  bool is_checked = false;    ///< a checksum or a structure beyond the shape was verified
  std::string_view doc;       ///< "payment card number"
};

/// The reference's kinds in its order of masking (secrets, then personal data),
/// then ours. Index: Match::kind.
std::span<const Kind> all_kinds() noexcept;
/// Index of the kind of that name, or -1.
int find_kind(std::string_view name) noexcept;

/// Bytes [begin, end) of a text are of a kind.
struct Match {
  std::uint16_t kind = 0;
  std::size_t begin = 0, end = 0;
  bool operator==(const Match&) const = default;
};

/// Numbers below 256, of kinds or of triggers.
class NumberSet {
 public:
  static constexpr std::size_t kSize = 256;

  void set(std::size_t number) { words_[number / 64] |= std::uint64_t{1} << number % 64; }
  bool test(std::size_t number) const { return (words_[number / 64] >> number % 64 & 1) != 0; }
  bool any() const { return *this != NumberSet(); }
  NumberSet& operator|=(const NumberSet& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
    return *this;
  }
  NumberSet operator&(const NumberSet& other) const {
    NumberSet both;
    for (std::size_t i = 0; i < words_.size(); ++i) both.words_[i] = words_[i] & other.words_[i];
    return both;
  }
  /// From the least up.
  template <class Take>
  void for_each(Take take) const {
    for (std::size_t i = 0; i < words_.size(); ++i)
      for (std::uint64_t left = words_[i]; left != 0; left &= left - 1)
        take(i * 64 + static_cast<std::size_t>(std::countr_zero(left)));
  }
  bool operator==(const NumberSet&) const = default;

 private:
  std::array<std::uint64_t, kSize / 64> words_{};
};

inline constexpr std::size_t kNumClassTriggers = 19;

/// What a text has that a kind begins with or needs (src/audit/triggers.hpp), with places: from the first byte of the
/// first to the last byte of the last. Triggers that are literals have no place and may be anywhere; a place is
/// undefined where its trigger is not set.
struct Triggers {
  struct Place {
    std::size_t begin, end;
  };
  NumberSet set;
  std::array<Place, kNumClassTriggers> places;

  /// Every trigger, at any place: every kind is looked for in the whole text.
  static Triggers everywhere();
};

/// Which kinds are looked for or masked.
enum class KindScope {
  reference,  ///< the reference's only, in its order: its text to the byte
  all,        ///< ours behind them
};

enum class ScanEngine { best, hyperscan, portable };
/// Whether this build has Hyperscan and this processor can run it.
bool has_hyperscan() noexcept;

/// Shared between threads freely; making one costs nothing after the first.
class PatternScanner {
 public:
  /// `hyperscan` where there is none is a RunError.
  explicit PatternScanner(ScanEngine engine = ScanEngine::best);

  /// Every match of every kind in `text` (valid UTF-8), by place, then by kind;
  /// those of one kind do not overlap. Where an
  /// expression would take too long, the rest of the text counts as one match
  /// of its kind, since nobody can say that it is clean.
  std::vector<Match> scan(std::string_view text) const;

  /// The same in two steps, for many texts. `triggers` are of this text; a text
  /// put together of others, with line ends between them, has none that they have not.
  Triggers triggers(std::string_view text) const;
  void scan(std::string_view text, const Triggers& triggers, std::vector<Match>& found,
            KindScope scope = KindScope::all) const;

 private:
  ScanEngine engine_;
};

/// Matches of `found` (as scan() gives them) such that no two overlap: where
/// two do, the one of the worse tier stays, then a checked one, then a longer
/// one, then ours, which are narrower. By place.
std::vector<Match> without_overlaps(std::vector<Match> found);

inline constexpr std::string_view kPiiMask = "[REDACTED]";

/// `text` with personal data replaced by `[REDACTED]`; the reference's
/// mask_pii. Kinds are replaced one after the other, and each sees what the one
/// before left. `counts`, if given, is added to.
std::string mask_pii(std::string_view text, KindScope scope = KindScope::all, Counts* counts = nullptr);
/// The same with secrets and `[REDACTED-SECRET]`; the reference's mask_secrets.
/// Mask secrets before personal data.
std::string mask_secrets(std::string_view text, KindScope scope = KindScope::all, Counts* counts = nullptr);

/// What may be shown of a match: at most the first two and the last two
/// characters, fewer of short ones, and of a secret only its public prefix;
/// everything else as '*', at most 16 in all.
std::string masked_excerpt(std::string_view text, const Match& match);

}  // namespace forgelm::audit
