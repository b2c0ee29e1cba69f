// Key functions of the tokenizer's interfaces.
#include "model.hpp"

namespace forgelm::text {

ModelScratch::~ModelScratch() = default;
Model::~Model() = default;
Tokenizer::~Tokenizer() = default;

const char* to_string(TokenizerKind kind) noexcept {
  static constexpr const char* kNames[] = {"tokenizer.json", "sentencepiece", "tiktoken", "vocab.json + merges.txt"};
  return kNames[static_cast<std::size_t>(kind)];
}

}  // namespace forgelm::text
