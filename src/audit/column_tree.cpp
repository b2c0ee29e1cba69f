#include "column_tree.hpp"

#include <algorithm>
#include <charconv>

#include "forgelm/core/text.hpp"
#include "forgelm/text/characters.hpp"

namespace forgelm::audit {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr std::size_t kMaxChildren = 1024, kMaxNodes = 8192, kMaxKeyBytes = 256;
constexpr int kMaxDepth = 32;
// A column of labels: few values, each of them short, repeated.
constexpr std::size_t kMaxValues = 32, kMaxValueBytes = 64;
constexpr std::uint64_t kMinRepeats = 5, kMinValues = 20;

ValueType type_of(const element& value) {
  switch (value.type()) {
    case element_type::ARRAY: return ValueType::array;
    case element_type::OBJECT: return ValueType::object;
    case element_type::STRING: return ValueType::string;
    case element_type::BOOL: return ValueType::boolean;
    case element_type::NULL_VALUE: return ValueType::null;
    default: return ValueType::number;
  }
}

/// A number or boolean as JSON has it.
std::string_view scalar_text(const element& value, std::array<char, 40>& buffer) {
  const auto written = [&](auto number) {
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
    return std::string_view(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  };
  switch (value.type()) {
    case element_type::BOOL: return bool(value) ? "true" : "false";
    case element_type::INT64: return written(std::int64_t(value));
    case element_type::UINT64: return written(std::uint64_t(value));
    case element_type::DOUBLE: return written(double(value));
    default: return {};
  }
}

}  // namespace

std::uint64_t ColumnProfile::num_present() const noexcept {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : num_of) sum += count;
  return sum;
}

int ColumnProfile::num_types() const noexcept {
  return static_cast<int>(std::count_if(num_of.begin() + 1, num_of.end(), [](std::uint64_t n) { return n > 0; }));
}

const ColumnNameRule* column_name_rule(std::string_view name) {
  std::string plain = text::lower(name);
  std::replace_if(
      plain.begin(), plain.end(), [](char c) { return c == '-' || c == ' '; }, '_');
  for (const ColumnNameRule& rule : kColumnNameRules)
    if (plain.find(rule.part) != std::string::npos) return &rule;
  return nullptr;
}

void ColumnTree::Values::add(std::string_view value, std::uint64_t count) {
  if (is_over) return;
  for (ValueCount& known : counts)
    if (known.value == value) {
      known.count += count;
      return;
    }
  is_over = counts.size() == kMaxValues || value.size() > kMaxValueBytes;
  if (is_over) counts.clear();
  else counts.push_back({std::string(value), count});
}

ColumnTree::ColumnTree() : nodes_(1) {}

void ColumnTree::add(const element& row, std::uint64_t line, bool has_numbers) {
  line_ = line;
  has_numbers_ = has_numbers;
  walk(0, row, 0);
}

void ColumnTree::walk(std::uint32_t node, const element& value, int depth) {
  const ValueType type = type_of(value);
  const auto at = static_cast<std::size_t>(type);
  if (nodes_[node].num_of[at]++ == 0) nodes_[node].first_line[at] = line_;
  if (type == ValueType::object) walk_object(node, value, depth);
  else if (type == ValueType::array) walk_array(node, value, depth);
  else count_value(node, type, value);
}

void ColumnTree::walk_object(std::uint32_t node, const element& value, int depth) {
  const std::uint64_t visit = ++visit_;
  std::size_t place = 0;
  for (const auto field : simdjson::dom::object(value)) {
    const std::uint32_t found = depth < kMaxDepth ? child(node, field.key, place) : 0;
    ++place;
    if (found == 0) {
      ++num_untracked_keys_;
    } else if (nodes_[found].last_visit == visit) {
      ++num_repeated_keys_;
    } else {
      nodes_[found].last_visit = visit;
      walk(found, field.value, depth + 1);
    }
  }
}

void ColumnTree::walk_array(std::uint32_t node, const element& value, int depth) {
  const simdjson::dom::array items(value);
  if (items.begin() == items.end() || depth >= kMaxDepth) return;
  const std::uint32_t found = items_of(node);
  if (found == 0) return;
  for (const element item : items) walk(found, item, depth + 1);
}

void ColumnTree::count_value(std::uint32_t node, ValueType type, const element& value) {
  Node& here = nodes_[node];
  if (type == ValueType::string) {
    std::string_view text;
    if (!get_text(value, text)) return;
    if (text::is_blank(text)) ++here.num_empty;
    here.values.add(text);
  } else if (type == ValueType::boolean || (type == ValueType::number && has_numbers_)) {
    std::array<char, 40> buffer;
    here.values.add(scalar_text(value, buffer));
  }
}

std::uint32_t ColumnTree::child(std::uint32_t parent, std::string_view key, std::size_t at) {
  const std::vector<std::uint32_t>& children = nodes_[parent].children;
  const std::size_t count = children.size();
  if (at < count && nodes_[children[at]].key == key) return children[at];
  for (const std::uint32_t known : children)
    if (nodes_[known].key == key) return known;
  if (count >= kMaxChildren || key.size() > kMaxKeyBytes) return 0;
  const std::uint32_t made = make_node(key);
  if (made != 0) nodes_[parent].children.push_back(made);
  return made;
}

std::uint32_t ColumnTree::items_of(std::uint32_t parent) {
  if (nodes_[parent].items == 0) {
    const std::uint32_t made = make_node({});
    nodes_[parent].items = made;
  }
  return nodes_[parent].items;
}

std::uint32_t ColumnTree::make_node(std::string_view key) {
  if (nodes_.size() >= kMaxNodes) return 0;
  nodes_.emplace_back().key = key;
  return static_cast<std::uint32_t>(nodes_.size() - 1);
}

void ColumnTree::merge(const ColumnTree& more) {
  num_repeated_keys_ += more.num_repeated_keys_;
  num_untracked_keys_ += more.num_untracked_keys_;
  merge_node(0, more, 0);
}

void ColumnTree::merge_node(std::uint32_t mine, const ColumnTree& more, std::uint32_t theirs) {
  const Node& other = more.nodes_[theirs];
  {
    Node& here = nodes_[mine];
    here.num_empty += other.num_empty;
    for (std::size_t i = 0; i < kNumValueTypes; ++i) {
      if (here.num_of[i] == 0) here.first_line[i] = other.first_line[i];
      here.num_of[i] += other.num_of[i];
    }
    if (other.values.is_over) here.values = {{}, true};
    for (const ValueCount& value : other.values.counts) here.values.add(value.value, value.count);
  }
  for (std::size_t i = 0; i < other.children.size(); ++i) {
    const std::uint32_t found = child(mine, more.nodes_[other.children[i]].key, i);
    if (found != 0) {
      merge_node(found, more, other.children[i]);
      continue;
    }
    for (const std::uint64_t count : more.nodes_[other.children[i]].num_of) num_untracked_keys_ += count;
  }
  if (other.items == 0) return;
  if (const std::uint32_t found = items_of(mine); found != 0) merge_node(found, more, other.items);
}

ColumnsProfile ColumnTree::profile() const {
  ColumnsProfile out;
  out.num_repeated_keys = num_repeated_keys_;
  out.num_untracked_keys = num_untracked_keys_;
  const std::uint64_t num_objects = nodes_[0].num_of[static_cast<std::size_t>(ValueType::object)];
  for (const std::uint32_t column : nodes_[0].children) list(column, nodes_[column].key, num_objects, out);
  return out;
}

void ColumnTree::list(std::uint32_t node, const std::string& path, std::uint64_t num_places,
                      ColumnsProfile& out) const {
  const Node& here = nodes_[node];
  ColumnProfile column;
  column.path = path;
  column.num_places = num_places;
  column.num_empty = here.num_empty;
  column.num_of = here.num_of;
  column.first_line = here.first_line;
  std::uint64_t num_values = 0;
  for (const ValueCount& value : here.values.counts) num_values += value.count;
  if (num_values >= kMinValues && num_values >= kMinRepeats * here.values.counts.size()) {
    column.values = here.values.counts;
    std::stable_sort(column.values.begin(), column.values.end(),
                     [](const ValueCount& a, const ValueCount& b) { return a.count > b.count; });
  }
  out.columns.push_back(std::move(column));
  const std::uint64_t num_objects = here.num_of[static_cast<std::size_t>(ValueType::object)];
  for (const std::uint32_t inner : here.children) list(inner, cat(path, ".", nodes_[inner].key), num_objects, out);
  if (here.items == 0) return;
  std::uint64_t num_items = 0;
  for (const std::uint64_t count : nodes_[here.items].num_of) num_items += count;
  list(here.items, cat(path, "[]"), num_items, out);
}

}  // namespace forgelm::audit
