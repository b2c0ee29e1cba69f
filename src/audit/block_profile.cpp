#include "block_profile.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "forgelm/core/text.hpp"

namespace forgelm::audit {
namespace {

constexpr std::size_t kMaxPlaces = 1000;  // listed for a split; all are counted
constexpr std::size_t kMaxShown = 4;      // characters of a place

std::string numbers_of(std::string_view characters) {
  std::string out;
  std::size_t count = 0;
  for (const char32_t c : to_code_points(characters)) {
    if (count++ == kMaxShown) return out + " ...";
    char text[16];
    std::snprintf(text, sizeof text, "%sU+%04X", out.empty() ? "" : " ", static_cast<unsigned>(c));
    out += text;
  }
  return out;
}

void add_balance(LabelsProfile& sum, const LabelsProfile& more) {
  PairBalance& pairs = sum.pairs;
  pairs.num_rows += more.pairs.num_rows;
  pairs.num_identical += more.pairs.num_identical;
  pairs.num_empty_chosen += more.pairs.num_empty_chosen;
  pairs.num_empty_rejected += more.pairs.num_empty_rejected;
  pairs.num_chosen_longer += more.pairs.num_chosen_longer;
  pairs.num_rejected_longer += more.pairs.num_rejected_longer;
  pairs.chosen_characters += more.pairs.chosen_characters;
  pairs.rejected_characters += more.pairs.rejected_characters;
  LabelBalance& labels = sum.labels;
  labels.num_rows += more.labels.num_rows;
  labels.num_desirable += more.labels.num_desirable;
  labels.num_undesirable += more.labels.num_undesirable;
  labels.num_unreadable += more.labels.num_unreadable;
  labels.num_empty += more.labels.num_empty;
  labels.desirable_characters += more.labels.desirable_characters;
  labels.undesirable_characters += more.labels.undesirable_characters;
}

}  // namespace

ProfileTools profile_tools(const AuditOptions& options, const SplitAudit& split) {
  ProfileTools tools;
  if (options.tokens)
    tools.measure = SplitMeasure{options.tokens.get(), options.tokens->converter_for(split.path), split.path.native()};
  if (split.name != "validation" && split.name != "test") tools.benchmarks = options.benchmarks.get();
  return tools;
}

void BlockProfiler::start_row(const JsonLine& read, std::string_view line, std::string_view text, std::uint64_t number,
                              std::uint64_t row) {
  line_ = number;
  row_ = row;
  num_lone_surrogates_ = read.num_lone_surrogates;
  is_decode_error_ = read.is_decode_error;
  block_.columns.add(read.value, number, !read.is_repaired);
  if (read.value.is_object()) labels_.add(simdjson::dom::object(read.value), !read.is_repaired);
  tokens_.add(line, text);
}

// Where a line was mended before it was read, its replacement characters are what mending put there: half pairs first,
// as many as there were.
Damage BlockProfiler::replaced_because() {
  if (num_lone_surrogates_ > 0) {
    --num_lone_surrogates_;
    return Damage::lone_surrogate;
  }
  return is_decode_error_ ? Damage::invalid_utf8 : Damage::replacement_character;
}

void BlockProfiler::add_string(std::string_view text, const std::string& field) {
  grams_.add_string(text, line_, row_);
  find_damage(text, spans_);
  for (const DamageSpan& span : spans_) {
    const Damage kind = span.kind == Damage::replacement_character ? replaced_because() : span.kind;
    const auto at = static_cast<std::size_t>(kind);
    ++block_.encoding.num_places[at];
    if (!is_in_row_[at]) ++block_.encoding.num_rows[at];
    is_in_row_[at] = true;
    is_row_damaged_ = true;
    if (block_.encoding.places.size() < kMaxPlaces) add_place(text, field, span, kind);
  }
}

void BlockProfiler::add_place(std::string_view text, const std::string& field, const DamageSpan& span, Damage kind) {
  const std::string_view characters = text.substr(span.begin, span.end - span.begin);
  std::string meant;
  if (kind == Damage::mojibake) meant = numbers_of(unscrambled(characters));
  block_.encoding.places.push_back({kind, line_, row_, field, num_code_points(text.substr(0, span.begin)),
                                    numbers_of(characters), std::move(meant)});
}

void BlockProfiler::end_row() {
  grams_.end_row();
  if (!is_row_damaged_) return;
  ++block_.encoding.num_damaged_rows;
  is_row_damaged_ = false;
  is_in_row_ = {};
}

BlockProfile BlockProfiler::take() {
  BlockProfile done = std::move(block_);
  done.labels = labels_.take();
  done.tokens = tokens_.take();
  done.grams = grams_.take();
  block_ = {};
  return done;
}

void ProfileFold::add(BlockProfile&& block, std::uint64_t num_rows) {
  columns_.merge(block.columns);
  tokens_.merge(block.tokens);
  grams_.add(block.grams, num_rows);
  add_each(encoding_.num_places, block.encoding.num_places);
  add_each(encoding_.num_rows, block.encoding.num_rows);
  encoding_.num_damaged_rows += block.encoding.num_damaged_rows;
  add_balance(labels_, block.labels.profile);
  prompt_hashes_.insert(prompt_hashes_.end(), block.labels.prompt_hashes.begin(), block.labels.prompt_hashes.end());
  for (DamagePlace& place : block.encoding.places) {
    if (encoding_.places.size() == kMaxPlaces) break;
    place.row += num_rows;
    encoding_.places.push_back(std::move(place));
  }
}

SplitProfile ProfileFold::finish() {
  std::sort(prompt_hashes_.begin(), prompt_hashes_.end());
  const auto end = std::unique(prompt_hashes_.begin(), prompt_hashes_.end());
  labels_.num_prompts = static_cast<std::uint64_t>(end - prompt_hashes_.begin());
  labels_.num_repeated_prompts = prompt_hashes_.size() - labels_.num_prompts;
  SplitProfile profile{columns_.profile(), std::move(encoding_), labels_, std::nullopt, std::nullopt};
  if (tools_.measure) profile.tokens = tokens_profile(tokens_, *tools_.measure);
  if (tools_.benchmarks != nullptr) profile.contamination = grams_.finish();
  return profile;
}

}  // namespace forgelm::audit
