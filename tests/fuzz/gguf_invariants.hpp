// What must hold for the GGUF reader on any bytes: checked by the fuzzer and by every test run on its kept corpus.
#pragma once

#include <string>
#include <string_view>

namespace forgelm::test {

/// "" when the reader keeps its promises, else the promise broken: refused with words, or counts within the limits,
/// keys and names unique and in UTF-8, every view within the bytes, arrays of as many elements as they say, tensors
/// aligned, within the file and apart.
std::string broken_gguf_promise(std::string_view bytes);

}  // namespace forgelm::test
