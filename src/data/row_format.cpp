// Loops over the table of row formats: what fits, what is missing, what a renaming of columns means.
#include "forgelm/data/row_format.hpp"

#include <algorithm>

#include "forgelm/core/suggest.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::data {
namespace {

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool learns(const RowFormat& format, config::TrainerType trainer) {
  return std::find(format.trainers.begin(), format.trainers.end(), trainer) != format.trainers.end();
}

/// All names of a column: its own and the others that it goes by.
std::vector<std::string_view> names_of(const ColumnSpec& column) {
  std::vector<std::string_view> names = {column.name};
  for (const auto& other : column.also)
    if (!other.empty()) names.push_back(other);
  return names;
}

bool has_column(const ColumnSpec& column, const ColumnNames& names, const std::vector<std::string>& columns) {
  const auto all = names_of(column);
  return std::any_of(all.begin(), all.end(), [&](std::string_view name) {
    const auto in_file = names.in_file(name);
    return in_file && contains(columns, *in_file);
  });
}

const std::vector<std::string>& known_columns() {
  static const std::vector<std::string> known = [] {
    std::vector<std::string> names;
    for (const RowFormat* format : all_row_format_specs())
      for (const auto& column : format->columns)
        for (const auto& name : names_of(column))
          if (!contains(names, name)) names.emplace_back(name);
    std::sort(names.begin(), names.end());
    return names;
  }();
  return known;
}

/// At most twenty of the names, for messages.
std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 20;
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i)
    shown.push_back(names[i].size() > 60 ? quote(names[i], 60) : names[i]);
  return cat(join(shown, ", "), names.size() > kShown ? cat(" and ", names.size() - kShown, " more") : "");
}

/// Which trainers would learn from rows of these columns.
std::string other_trainers(const ColumnNames& names, const std::vector<std::string>& columns) {
  std::vector<std::string> trainers;
  for (const auto& name : choices<config::TrainerType>()) {
    const auto formats = row_formats_for(*from_text<config::TrainerType>(name));
    const bool fits = std::any_of(formats.begin(), formats.end(),
                                  [&](const auto* format) { return has_columns(*format, names, columns); });
    if (fits) trainers.push_back(name);
  }
  return join(trainers, ", ");
}

/// data.columns that would make the rows one of the formats, where the file's names are near: "{output: ouput}".
std::string near_renames(const RowFormat& format, const ColumnNames& names, const std::vector<std::string>& columns) {
  std::vector<std::string> renames;
  for (const auto& column : format.columns) {
    if (!column.is_required || has_column(column, names, columns)) continue;
    std::string near;
    for (const auto& name : names_of(column))
      if (near.empty()) near = nearest(name, columns);
    if (near.empty() || names.known_as(near) != near) return {};
    renames.push_back(cat(column.name, ": ", near));
  }
  return cat("{", join(renames, ", "), "}");
}

std::string advice(config::TrainerType trainer, const ColumnNames& names, const std::vector<std::string>& columns) {
  if (const std::string others = other_trainers(names, columns); !others.empty())
    return cat("trainer_type ", others, " would learn from these rows");
  for (const RowFormat* format : row_formats_for(trainer))
    if (const std::string renames = near_renames(*format, names, columns); !renames.empty())
      return cat("near is the format ", format->name, ": set data.columns to ", renames);
  return "rename columns with data.columns, or choose another trainer_type";
}

}  // namespace

std::vector<const RowFormat*> row_formats_for(config::TrainerType trainer) {
  std::vector<const RowFormat*> formats;
  for (const RowFormat* format : all_row_format_specs())
    if (learns(*format, trainer)) formats.push_back(format);
  std::sort(formats.begin(), formats.end(), [](const auto* a, const auto* b) { return a->rank > b->rank; });
  return formats;
}

const RowFormat* find_row_format(std::string_view name) {
  for (const RowFormat* format : all_row_format_specs())
    if (format->name == name) return format;
  return nullptr;
}

std::string column_list(const RowFormat& format) {
  std::vector<std::string> required, optional;
  for (const auto& column : format.columns) {
    if (column.is_required) required.push_back(join(names_of(column), "|"));
    else optional.emplace_back(column.name);
  }
  return cat(join(required, " + "), optional.empty() ? "" : cat(" (", join(optional, ", "), ")"));
}

ColumnNames::ColumnNames(const Json& renames) {
  if (renames.kind() != Json::Kind::object) return;
  for (const auto& [name, in_file] : renames.members())
    if (in_file.kind() == Json::Kind::text) renames_.emplace_back(name, in_file.text());
}

std::optional<std::string_view> ColumnNames::in_file(std::string_view name) const {
  bool is_taken = false;
  for (const auto& [known, in_file] : renames_) {
    if (known == name) return in_file;
    is_taken = is_taken || in_file == name;
  }
  if (is_taken) return std::nullopt;
  return name;
}

std::string_view ColumnNames::known_as(std::string_view file_name) const {
  bool is_hidden = false;
  for (const auto& [known, in_file] : renames_) {
    if (in_file == file_name) return known;
    is_hidden = is_hidden || known == file_name;
  }
  return is_hidden ? std::string_view() : file_name;
}

bool has_columns(const RowFormat& format, const ColumnNames& names, const std::vector<std::string>& columns) {
  return std::all_of(format.columns.begin(), format.columns.end(), [&](const ColumnSpec& column) {
    return !column.is_required || has_column(column, names, columns);
  });
}

std::vector<Diagnostic> rename_problems(const Json& renames, const std::vector<std::string>& columns) {
  std::vector<Diagnostic> problems;
  if (renames.kind() != Json::Kind::object) return problems;
  const auto add = [&](const std::string& name, std::string message, std::string allowed, const std::string& near) {
    Diagnostic problem;
    problem.code = "unknown_column";
    problem.path = cat("data.columns.", name);
    problem.message = std::move(message);
    problem.allowed = std::move(allowed);
    if (!near.empty()) problem.hint = cat("did you mean ", quote(near), "?");
    problems.push_back(std::move(problem));
  };
  for (const auto& [name, in_file] : renames.members()) {
    if (!contains(known_columns(), name))
      add(name, cat("forgelm knows no column ", quote(name, 60)), join(known_columns(), ", "),
          nearest(name, known_columns()));
    if (in_file.kind() != Json::Kind::text)
      add(name, cat("is a ", to_string(in_file.kind()), " (", quote(dump(in_file), 60), ")"),
          "the name of a column of the file", "");
    else if (!contains(columns, in_file.text()))
      add(name, cat("the rows have no column ", quote(in_file.text(), 60)), listed(columns),
          nearest(in_file.text(), columns));
  }
  return problems;
}

std::optional<Failure> column_problem(config::TrainerType trainer, const Json& renames,
                                      const std::vector<std::string>& columns) {
  const ColumnNames names(renames);
  std::vector<std::string> wanted;
  for (const RowFormat* format : row_formats_for(trainer)) {
    if (has_columns(*format, names, columns)) return std::nullopt;
    wanted.push_back(cat(format->name, ": ", column_list(*format)));
  }
  return Failure{cat("the rows have the columns ", listed(columns), ", which are not what trainer_type ",
                     to_text(trainer), " learns from: ", join(wanted, "; ")),
                 advice(trainer, names, columns)};
}

}  // namespace forgelm::data
