// Tokenizer files other than tokenizer.json. Each loader checks its file, describes it as the parts of a pipeline
// (pipeline.hpp) and gives the tokenizer with configuration and digest filled in.
// All throw ConfigError naming the file, the place in it and what is wrong, and RunError(io) when it cannot be read.
#pragma once

#include <filesystem>
#include <memory>

#include "forgelm/text/tokenizer.hpp"

namespace forgelm::text {

/// A SentencePiece model (*.model). The sentencepiece library encodes and decodes; control pieces and the
/// configuration's added tokens are found in the text first. A beginning-of-text token is added unless the
/// configuration says no or the file has none; an end-of-text token where the configuration says so, or where it does
/// not say and the file has no beginning-of-text piece (T5 and its like). After a special token the text starts anew,
/// with a dummy prefix where the file has one, as Llama 2's own tokenizer.json does it.
std::shared_ptr<Tokenizer> load_sentencepiece(const std::filesystem::path& path, TokenizerConfig config);

/// A tiktoken file (lines of base64 token and rank). The file holds no pattern; it is chosen by the number of ranks and
/// the file's name: cl100k_base, o200k_base, and Llama 3 by its 128,000 ranks. Else a ConfigError says how to name it.
std::shared_ptr<Tokenizer> load_tiktoken(const std::filesystem::path& path, TokenizerConfig config);

/// GPT-2's pair of files. The pattern comes from tokenizer_class: GPT2Tokenizer and unknown ones split as GPT-2 does,
/// Qwen2Tokenizer normalises (NFC) and splits as Qwen 2 does, RobertaTokenizer and its like add <s> and </s>;
/// a vocabulary of SmolLM's kind splits digits one by one.
std::shared_ptr<Tokenizer> load_vocab_and_merges(const std::filesystem::path& vocab_path,
                                                 const std::filesystem::path& merges_path, TokenizerConfig config);

}  // namespace forgelm::text
