// `forgelm ingest`: documents become rows to train on, one JSON line each. Documents are read and cut on all
// processors, rows are written in the order of the documents' names, so that the output does not depend on how many
// there are. Invariant: the output is replaced whole or not at all. Trap: a document that cannot be read is left out
// with a warning and the run goes on, as in the reference; the result counts such documents. Oracle: forgelm 0.11.1
// (tests/golden/ingest).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "forgelm/core/choices.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/ingest/conversation.hpp"

namespace forgelm::ingest {

/// conversation: rows of `messages` instead of `text`, by the marks of participants.
FORGELM_CHOICES(Strategy, paragraph, sliding, markdown, conversation)
FORGELM_CHOICES(UrlRule, keep, mask, strip)
FORGELM_CHOICES(GlyphProfile, none, turkish)

inline constexpr std::int64_t kDefaultChunkSize = 2048;  ///< code points
inline constexpr std::int64_t kDefaultOverlap = 200;     ///< of sliding windows, code points
inline constexpr double kDefaultScriptThreshold = 0.015;

struct IngestOptions {
  std::filesystem::path input;  ///< a document, or a folder of them
  std::filesystem::path output;
  bool is_recursive = false;

  Strategy strategy = Strategy::paragraph;
  std::optional<std::int64_t> chunk_size;
  std::optional<std::int64_t> overlap;       ///< nothing: kDefaultOverlap for sliding windows, else none
  std::optional<std::int64_t> chunk_tokens;  ///< sizes in tokens; needs `tokenizer`
  std::int64_t overlap_tokens = 0;
  std::optional<std::filesystem::path> tokenizer;  ///< a tokenizer file or a model folder

  ConversationOptions conversation;  ///< counts with Strategy::conversation

  std::optional<std::string> input_encoding;      ///< of TXT and Markdown, by Python's name
  bool keeps_front_matter = false;                ///< of Markdown
  std::optional<std::pair<int, int>> page_range;  ///< of PDFs, from 1, both ends included
  bool drops_front_matter = true;                 ///< of PDFs: pages of contents and indexes at both ends
  bool skips_epub_front_matter = true;            ///< cover, navigation, copyright page
  std::optional<std::string> language;            ///< checks the script of each document
  double script_threshold = kDefaultScriptThreshold;
  GlyphProfile glyph_profile = GlyphProfile::none;
  std::vector<std::string> strip_patterns;
  bool limits_strip_patterns = true;
  UrlRule urls = UrlRule::keep;
  bool masks_pii = false;      ///< personal data becomes [REDACTED] (forgelm/audit/pattern_scan.hpp)
  bool masks_secrets = false;  ///< secrets become [REDACTED-SECRET], before personal data is looked for
  bool checks_quality = true;

  std::string provenance_header;  ///< a line before every row's text; {path}: the document's
  bool with_metadata = false;     ///< rows carry where they come from
  bool resumes = false;           ///< keeps what is done beside the output, and goes on from there
  int num_threads = 1;
  bool shows_progress = false;
};

/// Whether what reads PDFs was built too.
bool reads_pdf() noexcept;

/// The characters of `language` that a check knows; for messages.
const std::vector<std::string>& known_languages();

/// What a run did.
struct IngestResult {
  std::filesystem::path output;  ///< absolute
  std::uint64_t num_rows = 0;
  std::uint64_t num_files_processed = 0;
  std::uint64_t num_files_skipped = 0;
  std::uint64_t num_files_resumed = 0;  ///< of the processed and skipped, done by the run before
  std::uint64_t num_characters = 0;     ///< code points of the rows' texts
  std::map<std::string, std::uint64_t, std::less<>> formats;
  std::vector<std::string> notes;  ///< for people
  Json document;                   ///< for JSON mode: the reference's keys first
};

/// Reads, cuts and writes. ConfigError for what is wrong with the options or the input as a whole, RunError when the
/// output cannot be written; interrupted (only with `resumes`) when a signal asked for it.
IngestResult ingest(const IngestOptions& options);

/// Several lines about a result, as the reference writes them.
std::string summary_of(const IngestResult& result);

}  // namespace forgelm::ingest
