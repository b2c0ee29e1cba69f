// The decoders of tokenizer.json, as stages that tokens stream through. decode() and StreamDecoder run the same stages,
// so that what comes in pieces always equals what comes at once. Oracle: tokenizers 0.23.3.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "json_node.hpp"

namespace forgelm::text {

/// A running stage. A token arrives in one or more pieces of whole code points and is then ended.
class DecodeStage {
 public:
  virtual ~DecodeStage();
  virtual void write(std::string_view part) = 0;
  virtual void end_token() = 0;
  /// No more tokens.
  virtual void finish() = 0;
};

/// What a decoder is, without the state of a run. Immutable.
class Decoder {
 public:
  virtual ~Decoder();
  /// Starts a run whose output goes to `next`.
  virtual std::unique_ptr<DecodeStage> start(DecodeStage& next) const = 0;
};

/// The decoders of a file, first to last.
using Decoders = std::vector<std::unique_ptr<const Decoder>>;

/// "decoder" of a tokenizer.json with sequences unfolded; without one (nullptr) tokens are joined by spaces.
Decoders read_decoders(const JsonNode* node);

/// A run through all of `decoders`.
class DecodeRun {
 public:
  explicit DecodeRun(const Decoders& decoders);
  ~DecodeRun();
  DecodeRun(const DecodeRun&) = delete;
  DecodeRun& operator=(const DecodeRun&) = delete;

  void push(std::string_view token);
  void finish();
  /// What has come out so far; the caller may take it and leave it empty.
  std::string out;

 private:
  std::vector<std::unique_ptr<DecodeStage>> stages_;  // last first: stages_[0] writes to `out`
};

}  // namespace forgelm::text
