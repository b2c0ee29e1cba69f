// Choosing the format of a data set and turning its rows into samples.
#include "forgelm/data/row_converter.hpp"

#include <algorithm>
#include <unordered_set>

#include "forgelm/core/text.hpp"
#include "row_cell.hpp"

namespace forgelm::data {
namespace {

struct Columns {
  std::vector<std::string> all;          ///< in order of appearance
  std::vector<std::string> with_values;  ///< those that are not null in every row
};

Columns columns_of(std::span<const formats::Row> rows) {
  Columns columns;
  std::unordered_set<std::string_view> seen, seen_with_value;
  for (const auto& row : rows) {
    if (row.value.kind() != Json::Kind::object) continue;
    for (const auto& [name, value] : row.value.members()) {
      if (seen.insert(name).second) columns.all.push_back(name);
      if (!value.is_null() && seen_with_value.insert(name).second) columns.with_values.push_back(name);
    }
  }
  return columns;
}

/// The renamings whose column is in the file.
Json those_present(const Json& renames, const std::vector<std::string>& columns) {
  Json present = Json::object();
  if (renames.kind() != Json::Kind::object) return present;
  for (const auto& [name, in_file] : renames.members())
    if (in_file.kind() != Json::Kind::text ||
        std::find(columns.begin(), columns.end(), in_file.text()) != columns.end())
      present.set(name, in_file);
  return present;
}

[[noreturn]] void fail_at_first_row(const std::string& file, std::span<const formats::Row> rows, Failure failure) {
  Diagnostic problem;
  problem.code = "unknown_row_format";
  problem.spot.file = file;
  if (!rows.empty()) problem.spot.line = static_cast<int>(std::min<std::uint64_t>(rows.front().line, 1u << 30));
  problem.message = std::move(failure.message);
  problem.hint = std::move(failure.hint);
  throw ConfigError({std::move(problem)});
}

}  // namespace

const char* to_string(SampleKind kind) noexcept {
  switch (kind) {
    case SampleKind::text: return "text";
    case SampleKind::chat: return "chat";
    case SampleKind::completion: return "completion";
    case SampleKind::preference: return "preference";
    case SampleKind::labelled: return "labelled";
    case SampleKind::prompt: return "prompt";
  }
  return "text";
}

struct RowConverter::Impl {
  RowRules rules;
  ColumnNames names;
  const RowFormat* format = nullptr;
  std::vector<std::string> used;  ///< as description() shows them
  std::vector<std::string> unused;

  /// Whether every row that has the columns agrees, and at least one does.
  bool rows_fit(const RowFormat& candidate, std::span<const formats::Row> rows) const {
    if (candidate.fits == nullptr) return true;
    bool any = false;
    for (const auto& row : rows) {
      const RowView view(row, {}, candidate, names, rules);
      const bool has_all = std::all_of(candidate.columns.begin(), candidate.columns.end(), [&](const auto& column) {
        return !column.is_required || view.find(column.name).has_value();
      });
      if (!has_all) continue;
      if (!candidate.fits(view)) return false;
      any = true;
    }
    return any;
  }

  void note_columns(const std::vector<std::string>& columns) {
    std::vector<std::string_view> read;
    for (const auto& spec : format->columns) {
      std::vector<std::string_view> candidates = {spec.name};
      candidates.insert(candidates.end(), spec.also.begin(), spec.also.end());
      for (const auto& name : candidates) {
        const auto in_file = name.empty() ? std::nullopt : names.in_file(name);
        if (!in_file || std::find(columns.begin(), columns.end(), *in_file) == columns.end()) continue;
        read.push_back(*in_file);
        used.push_back(*in_file == name ? std::string(name) : cat(name, " (", *in_file, ")"));
        break;
      }
    }
    for (const auto& column : columns)
      if (std::find(read.begin(), read.end(), column) == read.end()) unused.push_back(column);
  }
};

RowConverter::RowConverter(const RowRules& rules, const std::string& file, std::span<const formats::Row> first_rows)
    : impl_(new Impl{rules, {}, nullptr, {}, {}}) {
  const Columns columns = columns_of(first_rows);
  if (rules.has_optional_columns) impl_->rules.columns = those_present(rules.columns, columns.all);
  impl_->names = ColumnNames(impl_->rules.columns);
  if (first_rows.empty()) fail_at_first_row(file, first_rows, {"there are no rows"});
  if (columns.all.empty()) fail_at_first_row(file, first_rows, {"the rows have no fields"});
  if (auto problems = rename_problems(impl_->rules.columns, columns.all); !problems.empty()) {
    for (auto& problem : problems) problem.spot.file = file;
    throw ConfigError(std::move(problems));
  }
  for (const RowFormat* candidate : row_formats_for(rules.trainer)) {
    // The roots of trees have a null parent, and so may all of the first rows.
    const auto& present = candidate->spans_rows ? columns.all : columns.with_values;
    if (!has_columns(*candidate, impl_->names, present) || !impl_->rows_fit(*candidate, first_rows)) continue;
    impl_->format = candidate;
    break;
  }
  if (impl_->format == nullptr) {
    auto problem = column_problem(rules.trainer, impl_->rules.columns, columns.with_values);
    fail_at_first_row(
        file, first_rows,
        problem ? std::move(*problem) : Failure{"the rows have the columns of a format, but not its values"});
  }
  impl_->note_columns(columns.all);
}

RowConverter::~RowConverter() = default;
RowConverter::RowConverter(RowConverter&&) noexcept = default;
RowConverter& RowConverter::operator=(RowConverter&&) noexcept = default;

RowOutcome RowConverter::convert(const formats::Row& row, std::string_view file) const {
  RowOutcome out;
  out.row = row.number;
  const RowView view(row, file, *impl_->format, impl_->names, impl_->rules);
  try {
    if (row.value.kind() != Json::Kind::object) view.fail("", cat("is ", describe_value(row.value)), "an object");
    impl_->format->convert(view, out);
  } catch (const ConfigError& error) {
    if (error.diagnostics().empty()) throw;
    out.samples.clear();
    out.notes.clear();
    out.dropped_because.clear();
    out.problem = error.diagnostics().front();
  }
  return out;
}

const RowFormat& RowConverter::format() const noexcept { return *impl_->format; }
const RowRules& RowConverter::rules() const noexcept { return impl_->rules; }
const ColumnNames& RowConverter::names() const noexcept { return impl_->names; }

std::string RowConverter::description() const { return cat(impl_->format->name, ": ", join(impl_->used, ", ")); }

const std::vector<std::string>& RowConverter::unused_columns() const noexcept { return impl_->unused; }

bool RowConverter::task_has_effect() const noexcept {
  const auto& tasks = impl_->format->tasks;
  return std::find(tasks.begin(), tasks.end(), impl_->rules.task) != tasks.end();
}

bool RowConverter::clean_text_has_effect() const noexcept { return impl_->format->is_cleaned; }

}  // namespace forgelm::data
