// By the rules of the HTML standard for text: the longest name counts, old names do without a semicolon, and numbers
// that mean nothing become U+FFFD.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <vector>

#include "forgelm/core/text.hpp"
#include "html_entities.hpp"

namespace forgelm::ingest {
namespace {

constexpr std::size_t kMaxNameSize = 31;

struct Entity {
  std::string_view name;
  std::string_view value;  ///< as the table has it
  bool needs_semicolon = true;
};

const std::vector<Entity>& entities() {
  static const std::vector<Entity> sorted = [] {
    std::vector<Entity> all;
    const std::string_view list = html_entity_list();
    for (std::size_t at = 0; at < list.size();) {
      const std::size_t end = std::min(list.find(' ', at), list.size());
      std::string_view word = list.substr(at, end - at);
      at = end + 1;
      const bool is_old = word.ends_with('!');
      if (is_old) word.remove_suffix(1);
      const std::size_t equals = word.find('=');
      all.push_back({word.substr(0, equals), word.substr(equals + 1), !is_old});
    }
    std::sort(all.begin(), all.end(), [](const Entity& a, const Entity& b) { return a.name < b.name; });
    return all;
  }();
  return sorted;
}

const Entity* find_entity(std::string_view name) {
  const auto& all = entities();
  const auto place = std::lower_bound(
      all.begin(), all.end(), name, [](const Entity& entity, std::string_view wanted) { return entity.name < wanted; });
  return place != all.end() && place->name == name ? &*place : nullptr;
}

void append_value(std::string_view value, std::string& out) {
  while (!value.empty()) {
    const std::size_t end = std::min(value.find('+'), value.size());
    std::uint32_t code_point = 0;
    std::from_chars(value.data(), value.data() + end, code_point, 16);
    append_utf8(out, code_point);
    value.remove_prefix(std::min(end + 1, value.size()));
  }
}

/// What Windows-1252 has where Unicode has control characters: pages mean that.
char32_t of_number(std::uint32_t number) {
  constexpr std::array<char16_t, 32> kWindows = {0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                                 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,   0x017D, 0x8F,
                                                 0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                                 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};
  if (number >= 0x80 && number < 0xA0) return kWindows[number - 0x80];
  return number == 0 ? kReplacementCharacter : char32_t{number};
}

std::size_t read_number(std::string_view text, std::string& out) {
  const bool is_hex = text.size() > 2 && ascii_lower(text[2]) == 'x';
  const std::size_t begin = is_hex ? 3 : 2;
  std::uint32_t number = 0;
  const auto [end, error] =
      std::from_chars(text.data() + std::min(begin, text.size()), text.data() + text.size(), number, is_hex ? 16 : 10);
  const auto size = static_cast<std::size_t>(end - text.data());
  if (size <= begin) return 0;
  append_utf8(out, error == std::errc() ? of_number(number) : kReplacementCharacter);
  return size < text.size() && text[size] == ';' ? size + 1 : size;
}

}  // namespace

std::size_t read_character_reference(std::string_view text, std::string& out) {
  if (text.size() < 2) return 0;
  if (text[1] == '#') return read_number(text, out);
  std::size_t end = 1;
  while (end < text.size() && end <= kMaxNameSize &&
         (is_ascii_digit(text[end]) || (ascii_lower(text[end]) >= 'a' && ascii_lower(text[end]) <= 'z')))
    ++end;
  if (end < text.size() && text[end] == ';')
    if (const Entity* entity = find_entity(text.substr(1, end - 1))) {
      append_value(entity->value, out);
      return end + 1;
    }
  for (; end > 2; --end) {
    const Entity* entity = find_entity(text.substr(1, end - 1));
    if (entity == nullptr || entity->needs_semicolon) continue;
    append_value(entity->value, out);
    return end;
  }
  return 0;
}

}  // namespace forgelm::ingest
