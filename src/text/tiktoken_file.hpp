// A tiktoken file: one token a line, base64 of its bytes, a space, its rank, which is its id. There are no merges: two
// neighbouring parts may be joined when their bytes together are a token, the lowest rank first.
// Trap: the file does not say how text is split into words before, nor which special tokens there are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bpe_model.hpp"
#include "forgelm/text/tokenizer.hpp"

namespace forgelm::text {

/// Real ones have at most 128 bytes; bounds the time to find what a token can be made of.
inline constexpr std::size_t kMaxTiktokenTokenBytes = 512;
inline constexpr std::size_t kMaxTiktokenFileBytes = std::size_t{64} << 20;

/// True when the first line looks like one of a tiktoken file.
bool is_tiktoken_file(std::string_view bytes) noexcept;

/// The model of a file's bytes: tokens in the byte-level alphabet, one merge for each way to cut a token into two.
/// ConfigError names `file` and the line.
BpeParts read_tiktoken_file(std::string_view bytes, const std::string& file);

/// How to split text, and the special tokens, of a known encoding.
struct TiktokenEncoding {
  const char* name;
  std::string pattern;
  std::vector<AddedToken> special_tokens;
  bool adds_bos = false;  ///< the first special token stands at the beginning of a text
};

/// By the number of tokens, else by what the file's name contains. ConfigError with a hint when neither is known.
TiktokenEncoding choose_tiktoken_encoding(std::size_t num_tokens, const std::string& file_name,
                                          const std::string& file);

}  // namespace forgelm::text
