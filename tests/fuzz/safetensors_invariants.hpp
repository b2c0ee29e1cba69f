// What must hold for any safetensors file and index: checked by the fuzzer, by every test run on its kept corpus and on
// mutations of whole files.
#pragma once

#include <string>
#include <string_view>

namespace forgelm::test {

/// "" when the reader keeps its promises on these bytes (an index when they begin with '{', else a file), else the
/// promise broken: refused with words, or every tensor within the file and its limits, the data covered without gap or
/// overlap, names unique and found in order, and header and data written again read the same.
std::string broken_safetensors_promise(std::string_view bytes);

}  // namespace forgelm::test
