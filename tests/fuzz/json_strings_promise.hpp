// What has to hold for the walk over the strings of a JSON line, whatever bytes come. Its fuzzer checks it, and the
// tests do so on every input that fuzzing kept.
#pragma once

#include <string>
#include <string_view>

namespace forgelm::test {

/// The promise that `line` breaks; "" when none is. Of any bytes: the strings found lie in order within them, their
/// texts are UTF-8. Of a line that simdjson reads: they are those among its values, by path and text; other strings put
/// in their places give the same document but for these; and what is masked by a place in the text is masked there.
std::string broken_json_strings_promise(std::string_view line);

}  // namespace forgelm::test
