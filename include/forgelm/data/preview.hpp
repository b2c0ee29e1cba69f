// What a person is shown of an example: its tokens as text, each with whether it is learnt.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "forgelm/config/job.hpp"
#include "forgelm/core/diagnostic.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/data/example.hpp"
#include "forgelm/text/tokenizer.hpp"

namespace forgelm::data {

struct PreviewToken {
  std::int32_t id = 0;
  /// The characters that became complete with this token; empty for the first tokens of a character of several.
  std::string text;
  bool is_special = false;
  bool is_learnt = false;
};

struct PreviewSequence {
  std::string label;  ///< "", or "chosen" and "rejected"
  std::vector<PreviewToken> tokens;
  std::size_t num_learnt = 0;
};

struct PreviewRow {
  std::string file;
  std::uint64_t line = 0;       ///< from 1; 0: unknown
  std::uint64_t row = 0;        ///< from 0
  std::string format;           ///< "messages", "alpaca", ...
  std::string dropped_because;  ///< when the row gives no example
  bool is_truncated = false;
  std::vector<PreviewSequence> sequences;
};

struct PreviewOptions {
  std::uint64_t num_rows = 5;
  std::uint64_t first_row = 0;  ///< from 0; conversations of message trees count as rows
  bool is_eval = false;         ///< the evaluation split's rows instead of the training split's
};

struct Preview {
  std::vector<PreviewRow> rows;
  std::vector<Diagnostic> problems;  ///< of rows that cannot be used
  std::string format;                ///< RowConverter::description()
  std::string tokenizer;             ///< what kind it is
  std::string chat_template;         ///< its name
};

/// Rows of a job's primary data set as training would see them, in the order of the file. Reads no more than it needs.
Preview preview_rows(const config::JobConfig& job, const PreviewOptions& options);

/// Texts put together equal decode() of all ids.
std::vector<PreviewToken> preview_tokens(const text::Tokenizer& tokenizer, const SequenceView& sequence);

/// Shown for people. With colour: learnt tokens green, special tokens dim; without: learnt parts between U+27E6 and
/// U+27E7.
std::string preview_text(const std::vector<PreviewRow>& rows, bool has_color);
/// {"rows": [{"file", "line", "row", "format", "dropped_because", "is_truncated", "sequences": [{"label", "ids",
/// "learnt", "num_tokens", "num_learnt", "parts": [{"text", "is_learnt"}]}]}]}
Json preview_json(const std::vector<PreviewRow>& rows);
/// One page without scripts or anything from elsewhere.
std::string preview_html(const std::vector<PreviewRow>& rows, const std::string& title);

}  // namespace forgelm::data
