// The samples are the reference's: Algorithm R with its linear congruential
// generator, so that percentiles over more than 100,000 rows are the same
// numbers.
#include <algorithm>
#include <bit>
#include <future>

#include "block_audit.hpp"
#include "forgelm/core/ordered_work.hpp"
#include "forgelm/core/rounding.hpp"
#include "language.hpp"

namespace forgelm::audit {
namespace {

constexpr std::uint64_t kLengthSample = 100'000;
constexpr std::uint64_t kMultiplier = 6364136223846793005U;

Counts named(const std::vector<std::uint64_t>& counts, Family family) {
  Counts all;
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (counts[i] > 0 && all_kinds()[i].family == family) all[std::string(all_kinds()[i].name)] = counts[i];
  return all;
}

}  // namespace

void add_language(LanguageCounts& counts, const std::string& language, std::uint64_t count) {
  const auto known =
      std::find_if(counts.begin(), counts.end(), [&](const auto& item) { return item.first == language; });
  if (known != counts.end()) known->second += count;
  else counts.emplace_back(language, count);
}

std::uint64_t SplitFold::Reservoir::next(std::uint64_t size) {
  ++seen;
  if (seen <= size) return seen - 1;
  state = state * kMultiplier + 1;
  return state % seen;
}

SplitFold::SplitFold(const AuditOptions& options, const ProfileTools& tools, SplitAudit& split)
    : options_(options),
      split_(split),
      reference_counts_(all_kinds().size(), 0),
      found_counts_(all_kinds().size(), 0),
      profile_(tools) {
  if (options.dedup_method == DedupMethod::minhash) sketches_ = std::make_shared<SketchIndex>();
}

void SplitFold::add(BlockAudit&& block) {
  profile_.add(std::move(block.profile), split_.num_rows);
  for (Finding& finding : block.findings) {
    if (split_.findings.size() >= options_.max_findings) break;
    finding.row += split_.num_rows;
    split_.findings.push_back(std::move(finding));
  }
  split_.num_rows += block.num_rows;
  split_.num_non_object += block.num_non_object;
  split_.num_without_text += block.num_without_text;
  split_.num_parse_errors += block.num_parse_errors;
  split_.num_decode_errors += block.num_decode_errors;
  split_.num_quality_evaluated += block.num_quality_evaluated;
  split_.num_quality_flagged += block.num_quality_flagged;
  split_.num_strings += block.num_strings;
  split_.num_string_bytes += block.num_string_bytes;
  split_.fingerprints.insert(split_.fingerprints.end(), block.fingerprints.begin(), block.fingerprints.end());
  if (sketches_) sketches_->append(block.sketches);
  text_hashes_.insert(text_hashes_.end(), block.text_hashes.begin(), block.text_hashes.end());
  add_each(reference_counts_, block.reference_counts);
  add_each(found_counts_, block.found_counts);
  add_each(quality_, block.quality);
  for (const KeySet& set : block.key_sets) add_key_set(set);
  for (const std::uint32_t length : block.lengths) add_length(length);
  for (const auto& [language, count] : block.languages) add_language(split_.languages, language, count);
  std::string_view snippets = block.snippets;
  for (const std::uint32_t size : block.snippet_sizes) {
    const std::uint64_t place = snippet_reservoir_.next(options_.num_language_sample);
    if (place < snippet_sample_.size()) snippet_sample_[place].assign(snippets.substr(0, size));
    else if (place < options_.num_language_sample) snippet_sample_.emplace_back(snippets.substr(0, size));
    snippets.remove_prefix(size);
  }
}

void SplitFold::add_key_set(const KeySet& set) {
  for (const std::string& column : set.columns)
    if (std::find(split_.columns.begin(), split_.columns.end(), column) == split_.columns.end())
      split_.columns.push_back(column);
  std::vector<std::string> sorted = set.columns;
  std::sort(sorted.begin(), sorted.end());
  for (KeySet& known : key_sets_)
    if (known.columns == sorted) {
      known.count += set.count;
      return;
    }
  key_sets_.push_back({std::move(sorted), set.count});
}

void SplitFold::add_length(std::uint32_t length) {
  LengthStatistics& lengths = split_.lengths;
  lengths.min = lengths.count == 0 ? length : std::min<std::uint64_t>(lengths.min, length);
  lengths.max = std::max<std::uint64_t>(lengths.max, length);
  ++lengths.count;
  ++lengths.histogram[static_cast<std::size_t>(std::bit_width(length))];
  length_total_ += length;
  const std::uint64_t place = length_reservoir_.next(kLengthSample);
  if (place < length_sample_.size()) length_sample_[place] = length;
  else if (place < kLengthSample) length_sample_.push_back(length);
}

void SplitFold::finish() {
  if (sketches_) sketches_->finish();
  split_.sketches = sketches_;
  split_.pii = named(reference_counts_, Family::pii);
  split_.secrets = named(reference_counts_, Family::secret);
  split_.found = named(found_counts_, Family::pii);
  split_.found.merge(named(found_counts_, Family::secret));
  for (std::size_t i = 0; i < quality_.size(); ++i)
    if (quality_[i] > 0) split_.quality[kQualityFlags[i]] = quality_[i];
  // Beside the rest when threads are given: it is a thread's work, and the longest part.
  std::future<NearDuplicates> near =
      std::async(options_.num_workers > 1 ? std::launch::async : std::launch::deferred, [this] {
        return options_.dedup_method == DedupMethod::minhash
                   ? find_near_duplicates(*split_.sketches, options_.jaccard_threshold)
                   : find_near_duplicates(split_.fingerprints, options_.near_dup_threshold);
      });
  finish_exact_duplicates();
  finish_columns();
  finish_lengths();
  finish_languages();
  split_.profile = profile_.finish();
  split_.near = near.get();
}

void SplitFold::finish_columns() {
  if (key_sets_.empty()) return;
  // The most frequent one, the first among equals.
  const auto common = std::max_element(key_sets_.begin(), key_sets_.end(),
                                       [](const KeySet& a, const KeySet& b) { return a.count < b.count; });
  for (const std::string& column : split_.columns)
    if (!std::binary_search(common->columns.begin(), common->columns.end(), column))
      split_.drift_columns.push_back(column);
}

void SplitFold::finish_lengths() {
  LengthStatistics& lengths = split_.lengths;
  if (lengths.count == 0) return;
  lengths.mean = rounded(static_cast<double>(length_total_) / static_cast<double>(lengths.count), 1);
  std::sort(length_sample_.begin(), length_sample_.end());
  const std::size_t size = length_sample_.size();
  lengths.p50 = length_sample_[size / 2];
  lengths.p95 = length_sample_[std::min(size - 1, static_cast<std::size_t>(static_cast<double>(size) * 0.95))];
}

void SplitFold::finish_languages() {
  constexpr std::size_t kBatch = 256;
  LanguageCounts& languages = split_.languages;
  std::size_t next = 0;
  using Batch = std::pair<std::size_t, std::size_t>;
  run_ordered<Batch, std::vector<std::string>>(
      options_.num_workers,
      [&]() -> std::optional<Batch> {
        if (next == snippet_sample_.size()) return std::nullopt;
        const std::size_t begin = next;
        next = std::min(next + kBatch, snippet_sample_.size());
        return Batch{begin, next};
      },
      [&](Batch batch, int) {
        std::vector<std::string> found;
        for (std::size_t i = batch.first; i < batch.second; ++i) found.push_back(language_of(snippet_sample_[i]));
        return found;
      },
      [&](std::vector<std::string> found) {
        for (const std::string& language : found) add_language(split_.languages, language, 1);
      });
  for (const auto& [language, count] : languages) split_.num_language_sample += count;
  std::stable_sort(languages.begin(), languages.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
}

void SplitFold::finish_exact_duplicates() {
  std::sort(text_hashes_.begin(), text_hashes_.end());
  const auto end = std::unique(text_hashes_.begin(), text_hashes_.end());
  split_.num_exact_duplicates = static_cast<std::uint64_t>(text_hashes_.end() - end);
  text_hashes_ = {};
}

}  // namespace forgelm::audit
