#include "url_rule.hpp"

#include "forgelm/core/text.hpp"
#include "forgelm/text/characters.hpp"

namespace forgelm::ingest {
namespace {

bool is_url_character(char c) {
  return is_ascii_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
         std::string_view("._~:/?#[]@!$&'()*+,;=%-").find(c) != std::string_view::npos;
}

/// Where the scheme before the "://" at `at` begins; npos when there is none, or a word runs into it.
std::size_t begin_of_scheme(std::string_view text, std::size_t at, std::size_t from) {
  for (const std::string_view scheme : {"https", "http", "ftp"}) {
    if (at < from + scheme.size() ||
        !equals_ignoring_ascii_case(text.substr(at - scheme.size(), scheme.size()), scheme))
      continue;
    const std::size_t begin = at - scheme.size();
    if (begin == 0) return begin;
    std::size_t before = begin - 1;
    while (before > 0 && !begins_character(text[before])) --before;
    if (!text::is_word(decode_utf8(text, before).value)) return begin;
  }
  return std::string_view::npos;
}

}  // namespace

std::size_t replace_urls(Document& document, std::string_view replacement) {
  constexpr std::string_view kMark = "://";
  const std::string_view text = document.text;
  std::vector<Edit> edits;
  std::size_t from = 0;
  for (std::size_t at = text.find(kMark); at != std::string_view::npos; at = text.find(kMark, std::max(at + 1, from))) {
    const std::size_t begin = begin_of_scheme(text, at, from);
    if (begin == std::string_view::npos) continue;
    std::size_t end = at + kMark.size();
    while (end < text.size() && is_url_character(text[end])) ++end;
    if (end == at + kMark.size()) continue;
    edits.push_back({begin, end, replacement});
    from = end;
  }
  apply_edits(document, edits);
  return edits.size();
}

}  // namespace forgelm::ingest
