// See tiktoken_file.hpp. Patterns and special tokens: openai/tiktoken (openai_public.py), Meta's Llama 3 and Qwen's own
// tokenizers.
#include "tiktoken_file.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "forgelm/core/base64.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "normalizer.hpp"
#include "split_merges.hpp"

namespace forgelm::text {

namespace {

struct Line {
  std::string token;
  TokenId rank;
};

std::optional<Line> read_line(std::string_view line) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || space == 0) return std::nullopt;
  auto token = base64_decode(line.substr(0, space), SpareBits::ignored);
  const std::string_view number = line.substr(space + 1);
  TokenId rank = -1;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), rank);
  if (!token || error != std::errc() || end != number.data() + number.size() || rank < 0) return std::nullopt;
  return Line{std::move(*token), rank};
}

/// The next line without its end; false at the end of the file.
bool next_line(std::string_view& bytes, std::string_view& line) {
  if (bytes.empty()) return false;
  const std::size_t end = bytes.find('\n');
  line = bytes.substr(0, end);
  bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return true;
}

AddedToken special(std::string content, TokenId id) {
  AddedToken token;
  token.id = id;
  token.content = std::move(content);
  token.is_special = true;
  return token;
}

constexpr const char* kGpt2Pattern = R"('(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr const char* kCl100kPattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kQwenPattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kO200kPattern =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
    R"(\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

std::vector<AddedToken> llama3_special_tokens() {
  std::vector<AddedToken> tokens;
  TokenId id = 128'000;
  int num_reserved = 0;
  for (const char* name : {"<|begin_of_text|>", "<|end_of_text|>", "", "", "", "", "<|start_header_id|>",
                           "<|end_header_id|>", "", "<|eot_id|>"}) {
    tokens.push_back(special(*name ? name : cat("<|reserved_special_token_", num_reserved++, "|>"), id++));
  }
  while (id < 128'256) tokens.push_back(special(cat("<|reserved_special_token_", num_reserved++, "|>"), id++));
  return tokens;
}

enum class Known { r50k, p50k, cl100k, o200k, llama3, qwen };

TiktokenEncoding describe(Known known) {
  switch (known) {
    case Known::r50k: return {"r50k_base", kGpt2Pattern, {special("<|endoftext|>", 50'256)}};
    case Known::p50k: return {"p50k_base", kGpt2Pattern, {special("<|endoftext|>", 50'256)}};
    case Known::cl100k:
      return {
          "cl100k_base",
          kCl100kPattern,
          {special("<|endoftext|>", 100'257), special("<|fim_prefix|>", 100'258), special("<|fim_middle|>", 100'259),
           special("<|fim_suffix|>", 100'260), special("<|endofprompt|>", 100'276)}};
    case Known::o200k:
      return {"o200k_base", kO200kPattern, {special("<|endoftext|>", 199'999), special("<|endofprompt|>", 200'018)}};
    case Known::llama3: return {"llama3", kCl100kPattern, llama3_special_tokens(), true};
    case Known::qwen: break;
  }
  return {"qwen",
          kQwenPattern,
          {special("<|endoftext|>", 151'643), special("<|im_start|>", 151'644), special("<|im_end|>", 151'645)}};
}

struct Recognition {
  std::size_t num_tokens;
  std::string_view name;  ///< in lower case, without '-' and '_'
  Known known;
};
constexpr std::array<Recognition, 6> kRecognitions = {{{50'256, "r50k", Known::r50k},
                                                       {50'280, "p50k", Known::p50k},
                                                       {100'256, "cl100k", Known::cl100k},
                                                       {199'998, "o200k", Known::o200k},
                                                       {128'000, "llama3", Known::llama3},
                                                       {151'643, "qwen", Known::qwen}}};

}  // namespace

bool is_tiktoken_file(std::string_view bytes) noexcept {
  std::string_view line;
  const std::string_view head = bytes.substr(0, 4096);
  std::string_view rest = head;
  return next_line(rest, line) && line.size() < head.size() && read_line(line).has_value();
}

BpeParts read_tiktoken_file(std::string_view bytes, const std::string& file) {
  Vocabulary tokens;  // by their bytes
  BpeParts parts;
  parts.ignore_merges = true;  // a word that is a token is that token
  std::string_view rest = bytes;
  std::string_view line;
  std::string spelled;
  for (std::size_t number = 1; next_line(rest, line); ++number) {
    if (line.empty()) continue;
    const auto fail = [&](const std::string& problem) { throw ConfigError(cat(file, ":", number, ": ", problem)); };
    const auto read = read_line(line);
    if (!read) fail(cat(quote(line, 60), " is not base64 of a token, a space and its rank"));
    if (read->rank > kMaxTokenId) fail(cat("rank ", read->rank, "; at most ", kMaxTokenId, " is read"));
    if (read->token.size() > kMaxTiktokenTokenBytes) {
      fail(cat("a token of ", read->token.size(), " bytes; at most ", kMaxTiktokenTokenBytes, " are read"));
    }
    if (tokens.size() == kMaxTokens) fail(cat("more than ", kMaxTokens, " tokens"));
    if (tokens.find(read->token)) fail(cat("the token ", quote(read->token, 40), " stands twice"));
    if (!tokens.token_of(read->rank).empty()) fail(cat("the rank ", read->rank, " stands twice"));
    tokens.add(read->token, read->rank);
    spelled.clear();
    append_byte_level(read->token, spelled);
    parts.vocabulary.add(spelled, read->rank);
  }
  for (int byte = 0; byte < 256; ++byte) {
    if (tokens.find(std::string(1, static_cast<char>(byte)))) continue;
    throw ConfigError(cat(file, ": no token for byte ", byte), "the file is incomplete: some texts would be lost");
  }
  try {
    parts.merges = find_split_merges(tokens, [](TokenId id) { return static_cast<std::uint32_t>(id); });
  } catch (const std::length_error& error) {
    throw ConfigError(cat(file, ": ", error.what()));
  }
  return parts;
}

TiktokenEncoding choose_tiktoken_encoding(std::size_t num_tokens, const std::string& file_name,
                                          const std::string& file) {
  for (const Recognition& recognition : kRecognitions) {
    if (recognition.num_tokens == num_tokens) return describe(recognition.known);
  }
  std::string name = ascii_lower(file_name);
  std::erase_if(name, [](char c) { return c == '-' || c == '_'; });
  for (const Recognition& recognition : kRecognitions) {
    if (name.find(recognition.name) == std::string::npos) continue;
    TiktokenEncoding encoding = describe(recognition.known);
    encoding.special_tokens.clear();  // their ids belong to the full vocabulary
    encoding.adds_bos = false;
    return encoding;
  }
  throw ConfigError(cat(file, ": a tiktoken file of ", num_tokens, " tokens does not say how text is split into words"),
                    "name the pattern in the file's name (r50k, p50k, cl100k, o200k, llama3 or qwen, as in "
                    "\"mine.cl100k.tiktoken\"), or put the model's tokenizer.json beside it");
}

}  // namespace forgelm::text
