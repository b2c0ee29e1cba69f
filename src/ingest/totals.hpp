// What a run counts, file by file, in the order of the files. It can be written down and read again, so that a resumed
// run reports what an uninterrupted one would have.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "forgelm/core/counts.hpp"
#include "forgelm/core/json.hpp"
#include "quality.hpp"
#include "script_sanity.hpp"

namespace forgelm::ingest {

/// What became of one document.
struct FileReport {
  std::string path;    ///< as it is told to people
  std::string format;  ///< ".md"; empty when the document was left out
  std::uint64_t num_rows = 0;
  std::uint64_t num_characters = 0;
  std::uint64_t num_urls = 0;
  std::uint64_t num_stripped = 0;
  std::uint64_t num_patterns_skipped = 0;
  std::uint64_t num_conversations_left_out = 0;
  std::uint64_t num_outside_characters = 0;  ///< before any turn of a conversation
  Counts pii;                                ///< masked, by kind
  Counts secrets;
  std::optional<ScriptReport> script;
  std::uint64_t num_edge_lines = 0;     ///< headers and footers of pages
  std::uint64_t num_block_headers = 0;  ///< found when the pages were one text
  std::vector<int> dropped_pages;       ///< from 1
  std::vector<QualityFlags> quality;    ///< of the first rows
  std::vector<std::string> warnings;
};

inline constexpr std::size_t kMaxQualityRows = 5000;

struct Totals {
  std::uint64_t num_rows = 0;
  std::uint64_t num_files_processed = 0;
  std::uint64_t num_files_skipped = 0;
  std::uint64_t num_characters = 0;
  std::uint64_t num_urls = 0;
  std::uint64_t num_stripped = 0;
  std::uint64_t num_patterns_skipped = 0;
  std::uint64_t num_conversations_left_out = 0;
  std::uint64_t num_outside_characters = 0;
  std::uint64_t num_edge_lines = 0;
  std::uint64_t num_block_headers = 0;
  std::uint64_t num_pages_dropped = 0;
  std::set<int> dropped_pages;  ///< of any file, from 0 as the reference counts
  Counts formats;               ///< files of each format
  Counts pii;
  Counts secrets;

  std::uint64_t num_quality_rows = 0;
  std::uint64_t num_quality_flagged = 0;
  std::uint64_t num_few_letters = 0;
  std::uint64_t num_odd_characters = 0;
  std::uint64_t num_repeated_lines = 0;

  std::uint64_t num_scripts_checked = 0;
  double max_script_ratio = 0;
  Json::Array foreign_scripts;  ///< the reference's entry of every file above the threshold

  void add(const FileReport& report, const std::string& language);
  Json to_json() const;
  /// The totals that to_json gave. RunError(data) for anything else.
  static Totals from_json(const Json& json);
};

}  // namespace forgelm::ingest
