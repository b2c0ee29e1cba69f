// What must hold for the bytes of any SentencePiece model: checked by the fuzzer and, on its kept corpus, by the tests.
#pragma once

#include <string>
#include <string_view>

namespace forgelm::test {

/// "" when the bytes are refused with a ConfigError, or give a model that keeps its promises on a few texts (one of
/// them made of the model's own pieces); else the promise broken.
std::string broken_sentencepiece_promise(std::string_view bytes);

}  // namespace forgelm::test
