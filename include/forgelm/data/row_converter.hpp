// RowConverter: from rows to samples. It looks at the first rows of a data set, settles on one format for all of it
// (row_format.hpp) and then turns row by row into samples. A row that has nothing to teach is dropped with a reason
// that is counted; a row that is wrong is a problem with file, line and field, and the caller decides how many of
// those it takes. Trap: converting is const and thread-safe, collecting message trees is neither.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/diagnostic.hpp"
#include "forgelm/data/row_format.hpp"
#include "forgelm/data/sample.hpp"
#include "forgelm/formats/rows.hpp"

namespace forgelm::data {

/// What of a job decides how rows are read.
struct RowRules {
  config::TrainerType trainer = config::TrainerType::sft;
  config::DataTask task = config::DataTask::chat;
  Json columns = Json::object();  ///< data.columns
  /// For data sets beside the primary one: a renaming whose column they lack does not apply to them, and is no error.
  bool has_optional_columns = false;
  bool clean_text = true;
};

/// What became of one row, or of the rows of a message tree.
struct RowOutcome {
  std::vector<Sample> samples;
  std::string dropped_because;        ///< set when there is nothing to learn from the row; then there are no samples
  std::vector<std::string> notes;     ///< remarkable but allowed ("two turns of one role in a row"); counted
  std::optional<Diagnostic> problem;  ///< set when the row is wrong; then nothing else is
  std::uint64_t row = 0;              ///< formats::Row::number; of a tree its root's
  std::uint64_t num_rows = 1;         ///< rows that this stands for; more than one for message trees
};

class RowConverter {
 public:
  /// Chooses the format by the first rows. ConfigError, with diagnostics, when no format of the trainer fits or
  /// data.columns names what is not there; `file` stands in them.
  RowConverter(const RowRules& rules, const std::string& file, std::span<const formats::Row> first_rows);
  ~RowConverter();
  RowConverter(RowConverter&&) noexcept;
  RowConverter& operator=(RowConverter&&) noexcept;

  /// One row of `file`. Thread-safe. Must not be called for a format that spans rows.
  RowOutcome convert(const formats::Row& row, std::string_view file) const;

  const RowFormat& format() const noexcept;
  const RowRules& rules() const noexcept;
  const ColumnNames& names() const noexcept;
  /// "alpaca: instruction, input, output": the format and the file's columns that it reads; a column that goes by
  /// another name here as "prompt (question)".
  std::string description() const;
  /// Columns of the first rows that the format does not read.
  const std::vector<std::string>& unused_columns() const noexcept;
  /// Whether data.task, set to something other than chat, changes what these rows become; likewise data.clean_text.
  bool task_has_effect() const noexcept;
  bool clean_text_has_effect() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Message trees whose messages are rows of their own (OASST1: message_id, parent_id). One conversation a tree: at
/// every level the best-ranked reply (lowest `rank`, rows without one last, then file order), cut after its last
/// assistant message. Messages marked deleted or failed in review are left out with all their replies. Rows may come in
/// any order; memory is bounded: past `max_bytes` of text the trees touched least recently are taken as whole, and a
/// later row of theirs is a problem that says so.
class MessageTreeCollector {
 public:
  static constexpr std::size_t kMaxBytes = std::size_t{256} << 20;
  /// `converter` must outlive the collector.
  explicit MessageTreeCollector(const RowConverter& converter, std::size_t max_bytes = kMaxBytes);
  ~MessageTreeCollector();
  /// Takes a row; gives what is complete: problems at once, trees when memory asks for it.
  std::vector<RowOutcome> add(const formats::Row& row, std::string_view file);
  /// The trees that are left, in the order of their roots, and messages whose parent never came (dropped). Call it at
  /// the end of a data set.
  std::vector<RowOutcome> finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace forgelm::data
