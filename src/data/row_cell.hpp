// Cell and RowView: reading a row with its place in hand, so that whatever is wrong names file, line and field
// ("messages[2].content"). Invariants: null and absent are the same; a cell points to its parent, which must outlive
// it (they live on the stack of the code that reads the row). Problems are thrown as ConfigError with one diagnostic.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/data/clean_text.hpp"
#include "forgelm/data/row_converter.hpp"

namespace forgelm::data {

class Cell {
 public:
  Cell(const RowView& row, std::string_view name, const Json& value) : row_(&row), name_(name), value_(&value) {}

  const RowView& row() const noexcept { return *row_; }
  const Json& value() const noexcept { return *value_; }
  Json::Kind kind() const noexcept { return value_->kind(); }
  bool is_text() const noexcept { return kind() == Json::Kind::text; }
  bool is_list() const noexcept { return kind() == Json::Kind::array; }
  bool is_object() const noexcept { return kind() == Json::Kind::object; }

  /// The text; anything else is a problem. `allowed` names what else could have stood here.
  const std::string& text(std::string_view allowed = "text") const;
  /// Element `index` of a list; the cell must be a list.
  Cell at(std::size_t index) const;
  std::size_t size() const { return value_->items().size(); }
  /// Member `key` of an object, unless it is absent or null. `key` must outlive the cell.
  std::optional<Cell> find(std::string_view key) const;

  /// Where this cell is: "messages[2].content", columns by the file's names.
  std::string path() const;
  /// Throws the problem that `message` (a predicate: "is empty") describes.
  [[noreturn]] void fail(const std::string& message, const std::string& allowed = {},
                         const std::string& hint = {}) const;
  [[noreturn]] void fail_kind(std::string_view allowed) const;

 private:
  Cell(const Cell& parent, std::string_view name, std::size_t index, const Json& value)
      : row_(parent.row_), parent_(&parent), name_(name), index_(index), value_(&value) {}

  const RowView* row_;
  const Cell* parent_ = nullptr;
  std::string_view name_;  ///< empty: element `index_` of the parent
  std::size_t index_ = 0;
  const Json* value_;
};

/// "a number (42)", "a list of 3", "null".
std::string describe_value(const Json& value);

/// A row under the eyes of one format.
class RowView {
 public:
  RowView(const formats::Row& row, std::string_view file, const RowFormat& format, const ColumnNames& names,
          const RowRules& rules)
      : row_(row), file_(file), format_(format), names_(names), rules_(rules) {}

  /// The cell of a column of the format, by forgelm's name or another that it goes by; nothing when absent or null.
  std::optional<Cell> find(std::string_view column) const;
  /// The same; absence is a problem.
  Cell at(std::string_view column) const;
  /// A required column's text, and an optional one's ("" when absent), cleaned where the job asks for it.
  std::string text(std::string_view column, TextEnds ends = TextEnds::trimmed) const;
  std::string optional_text(std::string_view column) const;

  const formats::Row& row() const noexcept { return row_; }
  const RowRules& rules() const noexcept { return rules_; }
  const ColumnNames& names() const noexcept { return names_; }
  bool task_is(config::DataTask task) const noexcept { return rules_.task == task; }
  std::string cleaned(const std::string& text, TextEnds ends = TextEnds::trimmed) const;

  /// `path` is the place within the row; "" for the row as a whole.
  [[noreturn]] void fail(const std::string& path, const std::string& message, const std::string& allowed = {},
                         const std::string& hint = {}) const;

 private:
  const formats::Row& row_;
  std::string_view file_;
  const RowFormat& format_;
  const ColumnNames& names_;
  const RowRules& rules_;
};

}  // namespace forgelm::data
