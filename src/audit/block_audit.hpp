// What one thread learns of a block of rows, and how the blocks of a split come
// together. Blocks are folded in the order of the file, so that samples and
// orders do not depend on threads.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "block_profile.hpp"
#include "entities.hpp"
#include "forgelm/audit/audit.hpp"
#include "json_line.hpp"
#include "quality.hpp"
#include "sketch_index.hpp"

namespace forgelm::audit {

struct KeySet {
  std::vector<std::string> columns;
  std::uint64_t count = 0;
};

/// How often a language was found, in order of appearance.
using LanguageCounts = std::vector<std::pair<std::string, std::uint64_t>>;
void add_language(LanguageCounts& counts, const std::string& language, std::uint64_t count);

struct BlockAudit {
  std::uint64_t end_byte = 0;
  std::uint64_t num_rows = 0, num_non_object = 0, num_without_text = 0, num_parse_errors = 0, num_decode_errors = 0;
  std::vector<std::uint64_t> fingerprints;      ///< one a row, of simhash
  std::vector<Sketch> sketches;                 ///< one a row, of minhash
  std::vector<std::uint64_t> text_hashes;       ///< one a row with a text
  std::vector<std::uint32_t> lengths;           ///< the same, in characters
  std::string snippets;                         ///< the same, the first 512 characters of each,
  std::vector<std::uint32_t> snippet_sizes;     ///< and how many bytes each takes
  LanguageCounts languages;                     ///< or their languages, where every row counts
  std::vector<KeySet> key_sets;                 ///< in order of appearance
  std::vector<std::uint64_t> reference_counts;  ///< by kind, in the rows' texts
  std::vector<std::uint64_t> found_counts;      ///< by kind, in all strings
  std::vector<Finding> findings;                ///< rows count from the block's first
  std::array<std::uint64_t, kQualityFlags.size()> quality{};
  std::uint64_t num_quality_evaluated = 0, num_quality_flagged = 0;
  std::uint64_t num_strings = 0, num_string_bytes = 0;
  BlockProfile profile;
};

/// For one thread; takes lines one after the other.
class BlockAuditor {
 public:
  /// Both must outlive it.
  BlockAuditor(const AuditOptions& options, const ProfileTools& tools);

  /// One line of JSON (see JsonLineReader::read); `number` is its line in the
  /// file.
  void add(std::string_view line, std::size_t num_readable, std::uint64_t number);
  /// A row that the file's reader refused.
  void add_unreadable() { ++block_.num_parse_errors; }
  /// What was learnt since the last call.
  BlockAudit take();

 private:
  void start();
  void add_signature();
  void add_columns(const simdjson::dom::element& row);
  void add_text();
  void add_strings(const simdjson::dom::element& row, std::string_view row_text, std::uint64_t number);
  void count_reference_kinds();
  void add_findings(std::string_view text, const std::string& field, std::uint64_t number);

  const AuditOptions& options_;
  PatternScanner scanner_;
  JsonLineReader reader_;
  BlockAudit block_;
  TextMasks masks_;  ///< of the row's text
  std::string text_buffer_, path_, keys_;
  std::vector<std::pair<std::string, std::size_t>> known_keys_;
  std::vector<Match> matches_;
  EntityPass entities_;
  BlockProfiler profiler_;
};

/// Puts blocks together, in order.
class SplitFold {
 public:
  SplitFold(const AuditOptions& options, const ProfileTools& tools, SplitAudit& split);
  void add(BlockAudit&& block);
  /// Fills in what needs all rows; languages are found by `num_workers`
  /// threads.
  void finish();

 private:
  struct Reservoir {
    std::uint64_t seen = 0;
    std::uint64_t state = 6364136223846793005U;
    /// Where the next item goes among `size`; `size` or more: nowhere.
    std::uint64_t next(std::uint64_t size);
  };

  void add_key_set(const KeySet& set);
  void add_length(std::uint32_t length);
  void finish_columns();
  void finish_lengths();
  void finish_languages();
  void finish_exact_duplicates();

  const AuditOptions& options_;
  SplitAudit& split_;
  std::vector<KeySet> key_sets_;
  std::vector<std::uint64_t> reference_counts_, found_counts_, text_hashes_;
  std::array<std::uint64_t, kQualityFlags.size()> quality_{};
  std::shared_ptr<SketchIndex> sketches_;  ///< of minhash
  Reservoir length_reservoir_, snippet_reservoir_;
  std::vector<std::uint32_t> length_sample_;
  std::vector<std::string> snippet_sample_;
  std::uint64_t length_total_ = 0;
  ProfileFold profile_;
};

}  // namespace forgelm::audit
