// `forgelm audit`: what is in a data set, before anything is trained on it. The
// reference's report (spec d.6) with its keys and values, computed of the same
// text of each row; and beside it, under keys of our own, what every string of
// every row holds, with its place.
// Invariants: the report depends on the data and the options alone, not on the
// number of workers; nothing found is written or shown whole; a file that
// cannot be read does not stop the others.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "forgelm/audit/entities.hpp"
#include "forgelm/audit/near_duplicates.hpp"
#include "forgelm/audit/pattern_scan.hpp"
#include "forgelm/audit/profile.hpp"
#include "forgelm/core/counts.hpp"
#include "forgelm/core/json.hpp"

namespace forgelm::audit {

class TokenMeasure;

FORGELM_CHOICES(DedupMethod, simhash, minhash)

class SketchIndex;  // of src/audit

struct AuditOptions {
  std::string input;  ///< a file of rows, or a directory of splits; as the user gave it
  DedupMethod dedup_method = DedupMethod::simhash;
  int near_dup_threshold = 3;       ///< of simhash: bits
  double jaccard_threshold = 0.85;  ///< of minhash
  bool with_quality = true;
  int num_workers = 1;
  /// Rows of a split whose language is found, drawn by chance with a fixed seed;
  /// 0: all.
  std::uint64_t num_language_sample = 10'000;
  ScanEngine engine = ScanEngine::best;
  EntityFinder* entities = nullptr;   ///< looks for names; must outlive the audit
  std::size_t max_findings = 10'000;  ///< listed for a split; all are counted
  std::shared_ptr<const TokenMeasure> tokens;         ///< none: lengths in tokens are left out
  std::shared_ptr<const BenchmarkIndex> benchmarks;  ///< none: contamination is left out
};

/// A place where something was found.
struct Finding {
  std::uint16_t kind = 0;
  std::uint64_t line = 0;            ///< of the file, from 1; 0 where lines mean nothing (Parquet)
  std::uint64_t row = 0;             ///< among the rows of the split, from 0
  std::string field;                 ///< "messages[1].content"
  std::uint64_t begin = 0, end = 0;  ///< characters of the field's text
  std::string excerpt;               ///< masked_excerpt()
};

struct LengthStatistics {
  std::uint64_t count = 0, min = 0, max = 0, p50 = 0, p95 = 0;
  double mean = 0;  ///< one decimal
  /// By powers of two: item 0 counts texts without a character, item i those of 2^(i-1) to 2^i - 1.
  std::array<std::uint64_t, 33> histogram{};
};

struct SplitAudit {
  std::string name;
  std::filesystem::path path;
  std::string error;  ///< why it could not be read; the rest is empty then
  std::string sha256;
  std::uint64_t size_bytes = 0;

  // The reference's figures.
  std::uint64_t num_rows = 0, num_non_object = 0, num_without_text = 0, num_parse_errors = 0, num_decode_errors = 0;
  std::vector<std::string> columns, drift_columns;
  LengthStatistics lengths;
  std::vector<std::pair<std::string, std::uint64_t>> languages;  ///< the most frequent first
  Counts pii, secrets;                                           ///< of the reference's kinds, in the rows' texts
  std::uint64_t num_quality_evaluated = 0, num_quality_flagged = 0;
  Counts quality;
  NearDuplicates near;

  // Ours.
  std::uint64_t num_strings = 0, num_string_bytes = 0;
  Counts found;  ///< of all kinds, in all strings, each place once
  std::vector<Finding> findings;
  std::uint64_t num_language_sample = 0;
  std::uint64_t num_exact_duplicates = 0;       ///< rows whose text an earlier row has to the byte
  std::vector<std::uint64_t> fingerprints;      ///< of the rows, for comparing splits: simhashes
  std::shared_ptr<const SketchIndex> sketches;  ///< or MinHash sketches
  SplitProfile profile;
};

/// Rows of one split that another has too, nearly.
struct Leak {
  std::string a, b;
  std::uint64_t num_in_a = 0, num_in_b = 0;
  double rate_a = 0, rate_b = 0;  ///< of the rows with words, four decimals
};

/// What decides the exit code.
struct Gate {
  bool has_failed = false;
  Counts critical, advisory;
};

struct AuditReport {
  std::string generated_at;
  std::string source_path;   ///< absolute
  std::string source_input;  ///< as given
  bool with_quality = true;
  DedupMethod dedup_method = DedupMethod::simhash;
  int near_dup_threshold = 3;
  double jaccard_threshold = 0.85;
  std::uint64_t total_rows = 0;
  std::vector<SplitAudit> splits;
  std::vector<Leak> leaks;
  Counts pii, secrets, quality;  ///< sums over the splits
  std::uint64_t num_quality_evaluated = 0, num_quality_flagged = 0;
  Counts found;
  Gate pii_gate, secrets_gate;
  Json entity_finder;  ///< describe() of the one that looked for names; null: none did
  std::shared_ptr<const TokenMeasure> tokens;         ///< as in the options
  std::shared_ptr<const BenchmarkIndex> benchmarks;  ///< likewise
  std::vector<BenchmarkOverlap> overlaps;            ///< by benchmark
  std::vector<std::string> notes;
  Json croissant = Json::object();  ///< croissant_card(), where one was asked for
};

/// Reads and judges the data. `progress` is told bytes read and bytes in all,
/// on the calling thread. ConfigError when the input is not there, or is a
/// directory without a file of rows.
AuditReport audit_data(const AuditOptions& options,
                       const std::function<void(std::uint64_t, std::uint64_t)>& progress = {});

/// The report file: the reference's document, then ours.
Json to_json(const AuditReport& report);
/// The reference's parts of it, for the command's summary.
Json pii_severity(const Counts& pii);
Json near_duplicate_summary(const AuditReport& report);
Json quality_summary(const AuditReport& report);
/// For a terminal. `is_verbose`: splits without findings too.
std::string summary_text(const AuditReport& report, bool is_verbose);

inline constexpr const char* kReportName = "data_audit_report.json";

}  // namespace forgelm::audit
