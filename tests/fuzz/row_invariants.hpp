// What must hold for any file of rows: checked by the fuzzers and, on their kept corpus, by every test run.
#pragma once

#include <string>
#include <string_view>

namespace forgelm::test {

/// "" when the readers of JSON keep their promises on these bytes, else the promise broken: blocks of any size give the
/// same rows; a line is a row exactly when parse_json takes it as an object within the limits, with the same value; a
/// problem has words and a place; the same for .json files.
std::string broken_jsonl_promise(std::string_view bytes);

/// The same for CSV and text: the same rows from blocks of any size; every row has all columns, each text or null; what
/// is read, written as CSV again, reads the same.
std::string broken_csv_promise(std::string_view bytes);

}  // namespace forgelm::test
