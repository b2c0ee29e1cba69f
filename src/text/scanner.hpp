// Hand-written equals of the patterns that nearly every byte-level model splits with: GPT-2's, cl100k's (also Llama 3's
// and, with single digits, Qwen 2's) and o200k's. Each is tested equal to the pattern run by PCRE2.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "regex.hpp"

namespace forgelm::text {

/// Appends the matches, which for these patterns cover the whole text.
using Scanner = void (*)(std::string_view subject, std::vector<Match>& out);

/// The scanner for exactly this pattern, or nullptr.
Scanner scanner_for(std::string_view pattern);

/// The pattern of the ByteLevel pre-tokenizer.
extern const char* const kGpt2Pattern;
/// tiktoken's own form of cl100k, in the syntax of tokenizer.json: white space at the end of a text is one piece.
extern const char* const kTiktokenCl100kPattern;

/// The patterns that have a scanner, for tests.
const std::vector<std::string_view>& scanned_patterns();

}  // namespace forgelm::text
