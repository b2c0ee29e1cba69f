#include "row_content.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <map>
#include <set>

#include "forgelm/data/row_format.hpp"
#include "forgelm/text/characters.hpp"
#include "row_text.hpp"

namespace forgelm::audit {
namespace {

using simdjson::dom::element;

bool is_training_column(std::string_view name) {
  static const std::set<std::string_view, std::less<>> names = [] {
    std::set<std::string_view, std::less<>> all;
    for (const data::RowFormat* const format : data::all_row_format_specs())
      for (const data::ColumnSpec& column : format->columns) {
        all.insert(column.name);
        for (const std::string_view other : column.also)
          if (!other.empty()) all.insert(other);
      }
    return all;
  }();
  return names.contains(name);
}

/// By name, the last of a repeated one; all columns when training knows none of them.
std::map<std::string_view, element> columns_of(const element& row) {
  std::map<std::string_view, element> known, all;
  for (const auto field : simdjson::dom::object(row)) {
    all[field.key] = field.value;
    if (is_training_column(field.key)) known[field.key] = field.value;
  }
  return known.empty() ? all : known;
}

}  // namespace

ContentHash content_hash(const JsonLine& row, std::string_view line) {
  std::string bytes;
  if (row.is_repaired || !row.value.is_object()) {
    bytes = line;
  } else {
    for (const auto& [name, value] : columns_of(row.value)) {
      bytes += std::to_string(name.size());
      bytes += ':';
      bytes += name;
      bytes += simdjson::minify(value);
      bytes += '\n';
    }
  }
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.high64, hash.low64};
}

std::string_view content_text(const element& row, std::string& buffer) {
  buffer.clear();
  std::string path;
  for (const auto& [name, value] : columns_of(row)) {
    path = name;
    for_each_string(value, path, [&](const std::string& place, std::string_view part) {
      if (text::is_blank(part) || place.ends_with(".role") || place.ends_with(".from")) return;
      if (!buffer.empty()) buffer += '\n';
      buffer.append(part);
    });
  }
  return buffer;
}

}  // namespace forgelm::audit
