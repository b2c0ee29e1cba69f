// Tokenizer: text to token ids and back, for every kind of tokenizer file that models ship with: tokenizer.json,
// SentencePiece .model, tiktoken files, vocab.json + merges.txt. Oracles: tokenizers 0.23.3, sentencepiece 0.2.3,
// tiktoken 0.14.0 (goldens in shared data, tools/golden/tokenizers).
// Invariants: a loaded tokenizer never changes and may be used by any number of threads; loading is bounded in time and
// memory, whatever the file holds. Trap: spans are bytes of the text as given, before any normalisation.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "forgelm/text/tokenizer_config.hpp"

namespace forgelm::text {

using TokenId = std::int32_t;

/// Bytes [begin, end) of the text that was given.
struct ByteSpan {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool operator==(const ByteSpan&) const = default;
};

struct EncodeOptions {
  bool add_special_tokens = true;  ///< what the file's post-processor (or add_bos_token, add_eos_token) adds
  /// Special tokens written out in the text become those tokens, as chat templates need. False: the text is data, and
  /// "<|im_end|>" in it is encoded as plain text.
  bool parse_special_tokens = true;
  bool with_spans = false;  ///< fill Encoding::spans
  /// Bytes of the text (which is valid UTF-8), in order, in which special tokens are plain text although
  /// parse_special_tokens is set: what people wrote into a conversation.
  std::span<const ByteSpan> literal = {};
  /// Cut to the length that the file's "truncation" section states, as the reference does. Off, since training data has
  /// its own rules for length (data.length_policy). The file's "padding" is never applied: batches have none.
  bool truncate = false;
};

struct Encoding {
  std::vector<TokenId> ids;
  std::vector<ByteSpan> spans;  ///< one per id when asked for; added special tokens have an empty span
};

struct DecodeOptions {
  bool skip_special_tokens = false;
};

/// A decoding under way: ids go in, text comes out as soon as no later id can change it. Not thread-safe.
class DecodeState {
 public:
  virtual ~DecodeState();
  virtual std::string push(TokenId id) = 0;
  /// What is still held back; call once, last.
  virtual std::string finish() = 0;
};

/// What kind of file a tokenizer was read from.
enum class TokenizerKind { tokenizer_json, sentencepiece, tiktoken, vocab_and_merges };
const char* to_string(TokenizerKind kind) noexcept;

class Tokenizer {
 public:
  /// `path`: a tokenizer file, or a model folder; in a folder tokenizer.json is preferred, then *.model, then
  /// vocab.json + merges.txt, then *.tiktoken; tokenizer_config.json and its like are read beside it. ConfigError names
  /// the file, the place in it and what is wrong; RunError(io) when it cannot be read.
  static std::shared_ptr<const Tokenizer> load(const std::filesystem::path& path);
  virtual ~Tokenizer();

  /// `text` must be at most 2 GiB; bytes that are not UTF-8 are taken as U+FFFD. Thread-safe.
  virtual void encode(std::string_view text, const EncodeOptions& options, Encoding& out) const = 0;
  Encoding encode(std::string_view text, const EncodeOptions& options = {}) const {
    Encoding out;
    encode(text, options, out);
    return out;
  }
  /// Ids outside the vocabulary are skipped, as the reference does. The result is valid UTF-8.
  virtual std::string decode(std::span<const TokenId> ids, const DecodeOptions& options = {}) const = 0;

  /// A decoding in steps, whose pieces together equal decode(). The tokenizer must outlive it.
  virtual std::unique_ptr<DecodeState> start_decoding(const DecodeOptions& options) const;

  /// Ids are below this; what a model's embedding must at least hold. Holes are possible.
  virtual std::size_t vocab_size() const noexcept = 0;
  virtual std::optional<TokenId> id_of(std::string_view token) const = 0;
  /// The token as the file writes it ("Ġthe", "▁the", "<0x0A>"); empty for an id that is not used.
  virtual std::string token_of(TokenId id) const = 0;
  /// True for added tokens marked special.
  virtual bool is_special(TokenId id) const = 0;
  virtual TokenizerKind kind() const noexcept = 0;

  /// Names and ids of bos, eos, pad, unk; chat templates. Ids are resolved against this tokenizer.
  const TokenizerConfig& config() const noexcept { return config_; }
  /// SHA-256 (hex) over the files that decide what encode() gives: key of the token cache, and evidence.
  const std::string& digest() const noexcept { return digest_; }
  /// For loaders, before anybody else sees the tokenizer.
  void set_identity(TokenizerConfig config, std::string digest) {
    config_ = std::move(config);
    digest_ = std::move(digest);
  }

 protected:
  TokenizerConfig config_;
  std::string digest_;
};

/// Decodes one id at a time without ever giving half a character: text appears as soon as no later id can change it.
/// The pieces put together equal decode() of all ids. Not thread-safe; the tokenizer must outlive it.
class StreamDecoder {
 public:
  explicit StreamDecoder(const Tokenizer& tokenizer, DecodeOptions options = {});
  ~StreamDecoder();
  StreamDecoder(StreamDecoder&&) noexcept;
  StreamDecoder& operator=(StreamDecoder&&) noexcept;
  std::string push(TokenId id);
  /// What is still held back; call once, last.
  std::string finish();

 private:
  std::unique_ptr<DecodeState> state_;
};

}  // namespace forgelm::text
