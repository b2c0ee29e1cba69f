// A SentencePiece .model file, read and checked by us before the sentencepiece library sees any of it. The library
// trusts its files: before 0.2.1 a crafted one reads and writes outside its memory (CVE-2026-1260, OSV-2026-646). What
// we found that does it, all refused here: a precompiled_charsmap whose double array leads outside itself, to strings
// outside the blob or without an end, or that matches more than 32 prefixes of one text; pieces with a NUL, which the
// library's trie takes for their end; more than 64 user-defined pieces that are prefixes of one another.
// Invariant: the library is given canonical_bytes(), written anew from what was understood, so that both read the same
// and fields that nobody needs (self tests, unknown ones) never reach it. Format: sentencepiece_model.proto.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/text/tokenizer.hpp"

namespace forgelm::text {

enum class SentencePieceType : std::uint8_t { normal = 1, unknown, control, user_defined, unused, byte };

struct SentencePieceEntry {
  std::string_view piece;
  float score = 0.0f;
  SentencePieceType type = SentencePieceType::normal;
};

struct SentencePieceNormalizer {
  std::string_view charsmap;  ///< precompiled_charsmap
  bool add_dummy_prefix = true;
  bool remove_extra_whitespaces = true;
  bool escape_whitespaces = true;
};

/// Views are into the bytes that were read.
struct SentencePieceFile {
  enum class ModelType : std::uint8_t { unigram = 1, bpe, word, character };

  std::vector<SentencePieceEntry> pieces;  ///< by id
  ModelType model_type = ModelType::unigram;
  bool treat_whitespace_as_suffix = false;
  bool allow_whitespace_only_pieces = false;
  bool byte_fallback = false;
  std::optional<std::string_view> unk_surface;
  std::string_view unk_piece = "<unk>";
  std::string_view bos_piece = "<s>";
  std::string_view eos_piece = "</s>";
  std::string_view pad_piece = "<pad>";
  SentencePieceNormalizer normalizer;
  std::optional<SentencePieceNormalizer> denormalizer;

  /// Id of the control piece of this name.
  std::optional<TokenId> control_id(std::string_view piece) const;
  /// The model for the library: only what it needs to encode and decode.
  std::string canonical_bytes() const;
};

inline constexpr std::size_t kMaxSentencePieceFileBytes = std::size_t{64} << 20;

/// Reads and checks a file's bytes, which must outlive the result. ConfigError names `file`, the byte or the piece, and
/// what is wrong.
SentencePieceFile read_sentencepiece_file(std::string_view bytes, const std::string& file);

}  // namespace forgelm::text
