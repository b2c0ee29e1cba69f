#include "value_shape.hpp"

#include <algorithm>

#include "forgelm/core/ordered_work.hpp"
#include "forgelm/core/text.hpp"
#include "split_blocks.hpp"

namespace forgelm::audit {

using simdjson::dom::element_type;

namespace {

/// What a text spells by JSON's rules of numbers.
unsigned spelling_of(std::string_view text) {
  if (text.empty()) return 0;
  std::size_t at = text[0] == '-' ? 1 : 0;
  const auto digits = [&] {
    const std::size_t begin = at;
    while (at < text.size() && is_ascii_digit(text[at])) ++at;
    return at - begin;
  };
  const std::size_t first = at, whole = digits();
  if (whole == 0 || (whole > 1 && text[first] == '0')) return ValueShape::spelt_other;
  if (at == text.size()) return ValueShape::spelt_integer;
  if (text[at] == '.' && (++at, digits() == 0)) return ValueShape::spelt_other;
  if (at < text.size() && ascii_lower(text[at]) == 'e') {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return ValueShape::spelt_other;
  }
  return at == text.size() ? ValueShape::spelt_real : ValueShape::spelt_other;
}

}  // namespace

ValueShape* ValueShape::member(std::string_view name) {
  for (Member& known : members_)
    if (known.name == name) return &known.shape;
  if (members_.size() == kMaxMembers) {
    parts_ |= cut;
    return nullptr;
  }
  return &members_.emplace_back(Member{std::string(name), {}}).shape;
}

void ValueShape::add(const simdjson::dom::element& value, int depth) {
  switch (value.type()) {
    case element_type::NULL_VALUE: parts_ |= null; return;
    case element_type::BOOL: parts_ |= boolean; return;
    case element_type::INT64:
    case element_type::UINT64: parts_ |= integer; return;
    case element_type::DOUBLE: parts_ |= real; return;
    case element_type::STRING:
      parts_ |= text;
      spelt_ |= spelling_of(std::string_view(value));
      return;
    default: break;
  }
  const bool is_object = value.type() == element_type::OBJECT;
  parts_ |= is_object ? object : array;
  if (depth == kMaxDepth) {
    parts_ |= cut;
    return;
  }
  if (is_object) {
    for (const auto field : simdjson::dom::object(value))
      if (ValueShape* const shape = member(field.key)) shape->add(field.value, depth + 1);
    return;
  }
  for (const auto item : simdjson::dom::array(value)) {
    if (!items_) items_ = std::make_shared<ValueShape>();
    items_->add(item, depth + 1);
  }
}

void ValueShape::add(const ValueShape& other) {
  parts_ |= other.parts_;
  spelt_ |= other.spelt_;
  for (const Member& from : other.members_)
    if (ValueShape* const shape = member(from.name)) shape->add(from.shape);
  if (!other.items_) return;
  if (!items_) items_ = std::make_shared<ValueShape>();
  items_->add(*other.items_);
}

ValueShape row_shape(const SplitAudit& split, int num_workers) {
  SplitBlocks blocks(split.path);
  std::vector<JsonLineReader> readers(static_cast<std::size_t>(num_workers));
  ValueShape all;
  run_ordered<SplitBlock, ValueShape>(
      num_workers, [&] { return blocks.next(); },
      [&](SplitBlock block, int thread) {
        ValueShape shape;
        for_each_line(
            std::move(block),
            [&](std::string_view line, std::size_t num_readable, std::uint64_t) {
              const JsonLine read = readers[static_cast<std::size_t>(thread)].read(line, num_readable);
              if (read.state == LineState::row && read.value.is_object()) shape.add(read.value);
            },
            [](std::uint64_t) {});
        return shape;
      },
      [&](ValueShape shape) { all.add(shape); });
  return all;
}

}  // namespace forgelm::audit
