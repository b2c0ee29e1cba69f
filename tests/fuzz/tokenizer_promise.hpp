// What must hold for the bytes of any tokenizer.json: checked by the fuzzer and, on its kept corpus, by the tests.
#pragma once

#include <string>
#include <string_view>

namespace forgelm::test {

/// "" when the bytes are refused with a ConfigError, or give a tokenizer that keeps its promises on three texts (a text
/// may be refused with a RunError); else the promise broken.
std::string broken_tokenizer_promise(std::string_view bytes);

}  // namespace forgelm::test
