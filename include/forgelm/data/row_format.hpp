// The table of row formats: which columns make a row of a kind, for which trainers, and what becomes of them. One file
// in src/data/row_formats defines one format; CMake lists them. Detection, errors, the plan's check of columns and
// docs/generated/row-formats.md are loops over this table. Invariant: among the formats of one trainer no two have the
// same rank, so that detection has one answer: the highest rank whose required columns are there (and whose `fits`
// agrees). Trap: forgelm's name of a column is not the file's name once data.columns renames it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/config/sections/data.hpp"
#include "forgelm/config/sections/training.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/core/result.hpp"

namespace forgelm::data {

class RowView;
struct RowOutcome;

struct ColumnSpec {
  std::string_view name;  ///< "instruction"; what data.columns calls it
  std::string_view doc;   ///< what a cell holds, without a full stop
  bool is_required = false;
  std::array<std::string_view, 3> also = {};  ///< other names it goes by, tried after `name`; "" where there are fewer
};

struct RowFormat {
  std::string_view name;      ///< "alpaca"
  std::string_view known_as;  ///< where such rows come from, in a few words
  std::string_view meaning;   ///< what the row becomes: one or two sentences
  int rank = 0;               ///< the highest that fits is taken; more specific formats rank higher
  std::span<const ColumnSpec> columns = {};
  std::span<const config::TrainerType> trainers = {};
  std::span<const config::DataTask> tasks = {};  ///< values of data.task, beside chat, that change what becomes of it
  bool is_cleaned = false;                       ///< whether data.clean_text applies
  bool spans_rows = false;  ///< a sample is made of several rows (MessageTreeCollector); `convert` is not set
  bool (*fits)(const RowView& row) = nullptr;  ///< what the columns alone cannot tell; not set: they suffice
  void (*convert)(const RowView& row, RowOutcome& out) = nullptr;  ///< throws ConfigError for a bad row
};

/// All formats, by file name (generated from src/data/row_formats).
std::span<const RowFormat* const> all_row_format_specs();

/// The formats that a trainer learns from, the highest rank first.
std::vector<const RowFormat*> row_formats_for(config::TrainerType trainer);

/// The format of that name, or nullptr.
const RowFormat* find_row_format(std::string_view name);

/// "instruction + output|response (input, system)": required columns with their other names, then optional ones.
std::string column_list(const RowFormat& format);

/// Names of columns after data.columns: forgelm's name -> the file's. Views into nothing: it owns its names.
class ColumnNames {
 public:
  ColumnNames() = default;
  /// `renames`: the object of data.columns. Values that are no text are left out; rename_problems() reports them.
  explicit ColumnNames(const Json& renames);
  /// The file's name of a column, or nothing when the file's column of that name is known under another one.
  std::optional<std::string_view> in_file(std::string_view name) const;
  /// The name under which forgelm knows a column of the file; "" when data.columns hides it.
  std::string_view known_as(std::string_view file_name) const;

 private:
  std::vector<std::pair<std::string, std::string>> renames_;
};

/// Whether all required columns of a format are among `columns` (names of the file).
bool has_columns(const RowFormat& format, const ColumnNames& names, const std::vector<std::string>& columns);

/// What is wrong with data.columns: a name that forgelm does not know, a column that the file does not have, a value
/// that is no text. Paths are data.columns.<name>; near matches are named.
std::vector<Diagnostic> rename_problems(const Json& renames, const std::vector<std::string>& columns);

/// Why rows of these columns are nothing for a trainer: the columns seen, the formats known, the nearest one; nothing
/// when a format fits by its columns.
std::optional<Failure> column_problem(config::TrainerType trainer, const Json& renames,
                                      const std::vector<std::string>& columns);

/// docs/generated/row-formats.md.
std::string row_format_reference();

}  // namespace forgelm::data
