// One walk over a text: its words as near-duplicate detection sees them, and
// what the quality flags need to know. Words are Python's (\w+, lower case), so
// that fingerprints equal the reference's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace forgelm::audit {

/// Hash of a lower-case word: XXH3, 64 bits, as the reference has it where the
/// package xxhash is installed.
std::uint64_t word_hash(std::string_view lower_case_word) noexcept;

/// Calls `take` (a string_view in lower case, valid during the call) for every
/// \w+ of valid UTF-8.
template <class Take>
void for_each_word(std::string_view text, Take take);

/// The 64-bit simhash of the words, each weighted by how often it occurs; 0 for
/// a text without words.
std::uint64_t simhash(std::string_view text);

namespace detail {
/// The end of the word that begins at `begin`, and whether it is all lower-case
/// ASCII already.
struct WordEnd {
  std::size_t end;
  bool is_ascii;
};
/// The next word from `at` on: its begin, or npos.
std::size_t find_word(std::string_view text, std::size_t at);
WordEnd find_word_end(std::string_view text, std::size_t begin);
/// `word` in lower case; `buffer` may hold the result.
std::string_view lower_word(std::string_view word, bool is_ascii, std::string& buffer);
}  // namespace detail

template <class Take>
void for_each_word(std::string_view text, Take take) {
  std::string buffer;
  for (std::size_t at = detail::find_word(text, 0); at < text.size();) {
    const detail::WordEnd word = detail::find_word_end(text, at);
    take(detail::lower_word(text.substr(at, word.end - at), word.is_ascii, buffer));
    at = detail::find_word(text, word.end);
  }
}

}  // namespace forgelm::audit
