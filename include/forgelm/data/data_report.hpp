// DataReport: what became of the rows of a data set, for the terminal, the evidence and the token cache. Reports of
// parts merge into the report of the whole, whatever the order of merging. Invariant: memory is bounded however many
// rows and reasons there are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/counts.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/data/row_converter.hpp"

namespace forgelm::data {

/// Counts of lengths: exact below 2048, in steps of 1/1024 of the value above; minimum, maximum and mean are exact.
class LengthHistogram {
 public:
  void add(std::uint64_t length);
  void merge(const LengthHistogram& other);
  std::uint64_t count() const noexcept { return count_; }
  std::uint64_t min() const noexcept { return min_; }  ///< 0 when empty
  std::uint64_t max() const noexcept { return max_; }
  double mean() const noexcept;
  /// All of it, to be put back by from_state().
  Json to_state() const;
  static LengthHistogram from_state(const Json& state);
  /// The smallest length that at least `percent` of the lengths do not exceed (nearest rank), 0 when empty. From 2048
  /// on it is the least length of its step.
  std::uint64_t percentile(double percent) const;

 private:
  std::vector<std::uint64_t> bins_;
  std::uint64_t count_ = 0, sum_ = 0, min_ = 0, max_ = 0;
};

struct DataReport {
  static constexpr std::size_t kMaxColumns = 1000;

  std::string row_format;  ///< RowConverter::description()
  /// Members of the rows, in the order in which they were first seen; the first kMaxColumns of them.
  std::vector<std::string> columns;
  std::uint64_t num_rows = 0;
  std::uint64_t num_kept = 0;  ///< rows with at least one sample
  Counts dropped;              ///< rows, by reason
  Counts notes;                ///< rows, by what is remarkable about them
  std::uint64_t num_samples = 0;
  std::uint64_t num_tokens = 0;
  std::uint64_t num_learnt_tokens = 0;
  LengthHistogram lengths;          ///< tokens of each example
  std::uint64_t num_truncated = 0;  ///< examples cut at the end
  std::uint64_t num_split = 0;      ///< examples divided into several
  std::uint64_t num_unlearnt = 0;   ///< examples of which nothing is learnt

  /// Counts a row's outcome (rows, kept, dropped, notes, samples). A problem counts as a row read and nothing else.
  void count(const RowOutcome& outcome);
  /// Counts an example of so many tokens of which so many are learnt. `is_prompt`: it is there to be answered, and that
  /// nothing of it is learnt is as it should be.
  void count_example(std::uint64_t num_example_tokens, std::uint64_t num_learnt, bool is_prompt = false);
  /// Rows dropped after conversion (too long, response too short, ...): takes them back from the kept ones.
  void drop_kept(const std::string& reason, std::uint64_t num = 1);
  /// Notes the members of a row.
  void count_columns(const Json& row);
  void merge(const DataReport& other);

  std::uint64_t num_dropped() const;
  double learnt_share() const noexcept;  ///< of the tokens; 0 when there are none
  Json to_json() const;
  /// All of it, for a token store's report and its checkpoints; RunError(data) for what to_state() does not write.
  Json to_state() const;
  static DataReport from_state(const Json& state);
  /// Lines for a terminal, without line breaks; what is zero and of no interest is left out.
  std::vector<std::string> to_lines() const;
};

}  // namespace forgelm::data
