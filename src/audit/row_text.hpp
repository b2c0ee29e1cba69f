// What is read of a row: the one text that statistics are of, and every string
// with its place.
#pragma once

#include <string>
#include <string_view>

#include "json_line.hpp"

namespace forgelm::audit {

/// The row's text as the reference picks it; of a row without any of the reference's columns (preference pairs, say)
/// all strings but roles, a line each. Empty for a row without any text. The view is of the row or of `buffer`. `row`
/// must be an object.
std::string_view row_text(const simdjson::dom::element& row, std::string& buffer);

/// Calls `take(path, text)` for every string in `value`, at all depths, in
/// order; `path` as "messages[1].content".
template <class Take>
void for_each_string(const simdjson::dom::element& value, std::string& path, const Take& take);

namespace detail {
void append_key(std::string& path, std::string_view key);
void append_index(std::string& path, std::size_t index);
}  // namespace detail

template <class Take>
void for_each_string(const simdjson::dom::element& value, std::string& path, const Take& take) {
  const std::size_t length = path.size();
  switch (value.type()) {
    case simdjson::dom::element_type::STRING: {
      std::string_view text;
      if (get_text(value, text)) take(path, text);
      return;
    }
    case simdjson::dom::element_type::OBJECT:
      for (const auto field : simdjson::dom::object(value)) {
        detail::append_key(path, field.key);
        for_each_string(field.value, path, take);
        path.resize(length);
      }
      return;
    case simdjson::dom::element_type::ARRAY: {
      std::size_t index = 0;
      for (const simdjson::dom::element item : simdjson::dom::array(value)) {
        detail::append_index(path, index++);
        for_each_string(item, path, take);
        path.resize(length);
      }
      return;
    }
    default: return;
  }
}

}  // namespace forgelm::audit
