// What an audit says of a data set beside the reference's figures: its columns (how often they are absent, null, empty
// or of another type, and whose names speak of personal data), damage of its text's encoding, the balance of its
// labels and pairs. Of rows of any format, at all depths. Invariants: everything counted is exact whatever the number
// of workers; what is listed is listed up to a limit, in the order of the file. Trap: a path names a column by keys
// alone ("messages[].content"), whatever row and index a value stands at.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "forgelm/audit/contamination.hpp"
#include "forgelm/core/choices.hpp"

namespace forgelm::audit {

// ---- columns ------------------------------------------------------------------------------------------------------

FORGELM_CHOICES(ValueType, null, boolean, number, string, array, object)
inline constexpr std::size_t kNumValueTypes = 6;

/// How often a value stands in a column.
struct ValueCount {
  std::string value;  ///< as JSON has it, texts without quotes
  std::uint64_t count = 0;
};

struct ColumnProfile {
  std::string path;
  std::uint64_t num_places = 0;  ///< objects that could have it; of items of lists the items
  std::uint64_t num_empty = 0;   ///< texts of nothing but white space
  std::array<std::uint64_t, kNumValueTypes> num_of{};
  std::array<std::uint64_t, kNumValueTypes> first_line{};  ///< of a type; 0: not there, or lines mean nothing
  /// All values of a column that repeats a few short ones, the most frequent first, then by first place; empty for
  /// others.
  std::vector<ValueCount> values;

  std::uint64_t num_present() const noexcept;
  std::uint64_t num_missing() const noexcept { return num_places - num_present(); }
  std::uint64_t num_null() const noexcept { return num_of[0]; }
  /// Types other than null; more than one is a drift.
  int num_types() const noexcept;
};

struct ColumnsProfile {
  std::vector<ColumnProfile> columns;    ///< each before what is in it, in order of appearance
  std::uint64_t num_repeated_keys = 0;   ///< keys that an object has twice; the first one is counted
  std::uint64_t num_untracked_keys = 0;  ///< keys beyond the limits, of objects that are maps rather than rows
};

/// The column-name rules that speak of personal data (forge-ml): parts of a name in lower case with '_' for '-' and
/// spaces.
struct ColumnNameRule {
  std::string_view part;
  std::string_view risk;  ///< "high" or "medium"
};
inline constexpr std::array<ColumnNameRule, 7> kColumnNameRules = {{{"social_security", "high"},
                                                                    {"ssn", "high"},
                                                                    {"credit_card", "high"},
                                                                    {"passport", "high"},
                                                                    {"phone_number", "medium"},
                                                                    {"email_address", "medium"},
                                                                    {"date_of_birth", "medium"}}};
/// The first rule that a column's name meets, or nullptr.
const ColumnNameRule* column_name_rule(std::string_view name);

// ---- encoding -----------------------------------------------------------------------------------------------------

/// What has happened to characters on their way into the file.
FORGELM_CHOICES(Damage,
                replacement_character,  // U+FFFD: what it stood for is lost
                invalid_utf8,           // bytes of the line that are not UTF-8, read as U+FFFD
                lone_surrogate,         // half of a pair in an escape: \ud83d
                mojibake,               // UTF-8 that was read as Latin-1 or Windows-1252
                control_character,      // U+0000 to U+001F without \t \n \v \f \r, and U+007F
                c1_control,             // U+0080 to U+009F
                byte_order_mark,        // U+FEFF within a text
                zero_width,             // U+200B, U+2060, joiners outside of scripts that need them, invisible tags
                bidi_control)           // U+202A to U+202E, U+2066 to U+2069
inline constexpr std::size_t kNumDamages = 9;

struct DamagePlace {
  Damage kind = Damage::mojibake;
  std::uint64_t line = 0;   ///< of the file, from 1; 0 where lines mean nothing (Parquet)
  std::uint64_t row = 0;    ///< among the rows of the split, from 0
  std::string field;        ///< "messages[1].content"
  std::uint64_t begin = 0;  ///< characters of the field's text
  std::string found;        ///< the characters by their numbers, at most four: "U+00C3 U+00A9"
  std::string meant;        ///< of mojibake: what was there before
};

struct EncodingProfile {
  std::array<std::uint64_t, kNumDamages> num_places{}, num_rows{};
  std::uint64_t num_damaged_rows = 0;
  std::vector<DamagePlace> places;  ///< the first of the split
};

// ---- labels and pairs ---------------------------------------------------------------------------------------------

/// Preference rows: a better and a worse answer. Lengths are characters of the answers without what both share as a
/// prompt.
struct PairBalance {
  std::uint64_t num_rows = 0, num_identical = 0, num_empty_chosen = 0, num_empty_rejected = 0;
  std::uint64_t num_chosen_longer = 0, num_rejected_longer = 0;
  std::uint64_t chosen_characters = 0, rejected_characters = 0;
};

/// Rows of an answer and whether it is desirable (KTO).
struct LabelBalance {
  std::uint64_t num_rows = 0, num_desirable = 0, num_undesirable = 0;
  std::uint64_t num_unreadable = 0;  ///< neither true nor false
  std::uint64_t num_empty = 0;       ///< answers
  std::uint64_t desirable_characters = 0, undesirable_characters = 0;
};

struct LabelsProfile {
  PairBalance pairs;
  LabelBalance labels;
  std::uint64_t num_prompts = 0;           ///< of such rows; different ones
  std::uint64_t num_repeated_prompts = 0;  ///< rows whose prompt an earlier one has
};

// ---- tokens -------------------------------------------------------------------------------------------------------

/// Lengths in tokens of what training makes of the rows: of a preference pair two sequences, prompt and answer each.
struct TokensProfile {
  std::string read_as;  ///< "messages: messages", the row format and its columns; "text" where none fits
  std::uint64_t num_rows = 0, num_sequences = 0, num_tokens = 0;
  std::uint64_t min = 0, max = 0, p50 = 0, p95 = 0, p99 = 0;
  double mean = 0;                     ///< one decimal
  std::uint64_t num_rows_as_text = 0;  ///< of num_rows: measured as their text, not in the row format
  std::uint64_t num_rows_dropped = 0;  ///< not measured: nothing in them to learn
  std::optional<std::int64_t> max_length;
  std::uint64_t num_rows_over = 0, num_sequences_over = 0;
  std::uint64_t num_tokens_lost = 0;  ///< beyond max_length
};

struct SplitProfile {
  ColumnsProfile columns;
  EncodingProfile encoding;
  LabelsProfile labels;
  std::optional<TokensProfile> tokens;                ///< when a tokenizer was given
  std::optional<ContaminationProfile> contamination;  ///< of training splits, when benchmarks were given
};

}  // namespace forgelm::audit
