// Lengths in tokens of a block's rows, and of a split. Private to src/audit.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "forgelm/audit/profile.hpp"
#include "forgelm/audit/token_lengths.hpp"

namespace forgelm::audit {

/// How the rows of one split are measured; for all its threads.
struct SplitMeasure {
  const TokenMeasure* measure = nullptr;
  std::optional<data::RowConverter> converter;
  std::string file;
};

/// Lengths in tokens: `counts` by length, so that memory does not grow with the rows.
struct BlockTokens {
  std::map<std::uint32_t, std::uint64_t> counts;
  std::uint64_t num_rows = 0, num_rows_as_text = 0, num_rows_dropped = 0, num_rows_over = 0;

  void merge(const BlockTokens& more);
};

/// For one thread.
class TokenCounter {
 public:
  /// `measure` must outlive it; nullptr: nothing is counted.
  explicit TokenCounter(const SplitMeasure* measure) : measure_(measure) {}

  /// A row: its line of JSON, and its text (row_text.hpp) for when no row format takes it.
  void add(std::string_view line, std::string_view text);
  BlockTokens take();

 private:
  /// False when the row format does not take the line.
  bool add_in_format(std::string_view line);
  void add_as_text(std::string_view text);
  bool add_length(std::size_t num_tokens);

  const SplitMeasure* measure_;
  BlockTokens block_;
  text::Encoding encoding_;
};

TokensProfile tokens_profile(const BlockTokens& tokens, const SplitMeasure& measure);

}  // namespace forgelm::audit
