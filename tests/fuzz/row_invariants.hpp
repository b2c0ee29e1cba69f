// What must hold for any file of rows: checked by the fuzzers and, on their kept corpus, by every test run.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace forgelm::test {

/// "" when the readers of JSON keep their promises on these bytes, else the promise broken: blocks of any size give the
/// same rows; a line is a row exactly when parse_json takes it as an object within the limits, with the same value; a
/// problem has words and a place; the same for .json files. With `comparison`, only that one of the comparisons of
/// block sizes is made (its number modulo how many there are).
std::string broken_jsonl_promise(std::string_view bytes, std::optional<std::size_t> comparison);

inline std::string broken_jsonl_promise(std::string_view bytes) { return broken_jsonl_promise(bytes, std::nullopt); }

/// The same for CSV and text: the same rows from blocks of any size; every row has all columns, each text or null; what
/// is read, written as CSV again, reads the same. `comparison` as above.
std::string broken_csv_promise(std::string_view bytes, std::optional<std::size_t> comparison);

inline std::string broken_csv_promise(std::string_view bytes) { return broken_csv_promise(bytes, std::nullopt); }

}  // namespace forgelm::test
