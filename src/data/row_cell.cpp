#include "row_cell.hpp"

#include <algorithm>
#include <limits>

#include "forgelm/core/suggest.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::data {

std::string describe_value(const Json& value) {
  switch (value.kind()) {
    case Json::Kind::null: return "null";
    case Json::Kind::boolean: return cat("a boolean (", value.boolean(), ")");
    case Json::Kind::integer:
    case Json::Kind::real: return cat("a number (", dump(value), ")");
    case Json::Kind::text: return cat("text (", quote(value.text(), 60), ")");
    case Json::Kind::array: return value.items().empty() ? "an empty list" : cat("a list of ", value.items().size());
    case Json::Kind::object: {
      std::vector<std::string> keys;
      for (const auto& [key, member] : value.members()) {
        if (keys.size() == 8) {
          keys.push_back("...");
          break;
        }
        keys.push_back(quote(key, 40));
      }
      return keys.empty() ? "an empty object" : cat("an object with ", join(keys, ", "));
    }
  }
  return "null";
}

const std::string& Cell::text(std::string_view allowed) const {
  if (!is_text()) fail_kind(allowed);
  return value_->text();
}

Cell Cell::at(std::size_t index) const { return Cell(*this, {}, index, value_->items()[index]); }

std::optional<Cell> Cell::find(std::string_view key) const {
  const Json* member = value_->find(key);
  if (member == nullptr || member->is_null()) return std::nullopt;
  return Cell(*this, key, 0, *member);
}

std::string Cell::path() const {
  if (parent_ == nullptr) return std::string(name_);
  if (name_.empty()) return cat(parent_->path(), "[", index_, "]");
  return cat(parent_->path(), ".", name_);
}

void Cell::fail(const std::string& message, const std::string& allowed, const std::string& hint) const {
  row_->fail(path(), message, allowed, hint);
}

void Cell::fail_kind(std::string_view allowed) const {
  fail(cat("is ", describe_value(*value_)), std::string(allowed));
}

std::optional<Cell> RowView::find(std::string_view column) const {
  const auto look = [&](std::string_view name) -> std::optional<Cell> {
    const auto in_file = names_.in_file(name);
    if (!in_file) return std::nullopt;
    const Json* value = row_.value.find(*in_file);
    if (value == nullptr || value->is_null()) return std::nullopt;
    return Cell(*this, *in_file, *value);
  };
  if (auto cell = look(column)) return cell;
  for (const auto& spec : format_.columns) {
    if (spec.name != column) continue;
    for (const auto& other : spec.also)
      if (!other.empty())
        if (auto cell = look(other)) return cell;
  }
  return std::nullopt;
}

Cell RowView::at(std::string_view column) const {
  if (auto cell = find(column)) return *cell;
  const std::string name(names_.in_file(column).value_or(column));
  const bool is_null = row_.value.find(name) != nullptr;
  std::vector<std::string> keys;
  for (const auto& [key, value] : row_.value.members()) keys.push_back(key);
  const std::string near = is_null ? "" : nearest(name, keys);
  if (keys.size() > 20) keys.resize(20);
  fail(name, is_null ? "is null" : cat("is missing; the row has ", keys.empty() ? "no fields" : join(keys, ", ")),
       cat("rows of the format ", format_.name, ": ", column_list(format_)),
       near.empty() ? "" : cat("did you mean ", quote(near), "?"));
}

std::string RowView::cleaned(const std::string& text, TextEnds ends) const {
  return rules_.clean_text ? clean_text(text, ends) : text;
}

std::string RowView::text(std::string_view column, TextEnds ends) const { return cleaned(at(column).text(), ends); }

std::string RowView::optional_text(std::string_view column) const {
  const auto cell = find(column);
  return cell ? cleaned(cell->text()) : std::string();
}

void RowView::fail(const std::string& path, const std::string& message, const std::string& allowed,
                   const std::string& hint) const {
  Diagnostic problem;
  problem.code = "bad_row";
  problem.path = path;
  problem.spot.file = std::string(file_);
  if (row_.line <= std::uint64_t{std::numeric_limits<int>::max()}) problem.spot.line = static_cast<int>(row_.line);
  // Parquet has no lines; beyond int's range the number is told as well.
  problem.message = problem.spot.line > 0 ? message : cat("row ", row_.number + 1, ": ", message);
  problem.allowed = allowed;
  problem.hint = hint;
  throw ConfigError({std::move(problem)});
}

}  // namespace forgelm::data
