// The readers against datasets' builders and Python's json and csv modules (tests/golden/rows).
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "formats/rows_support.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;

/// The values of a file's rows as text, "null" for one that is refused; "refused" for the whole file.
std::vector<std::string> values_of(const std::filesystem::path& path, const formats::RowOptions& options) {
  std::vector<std::string> values;
  try {
    formats::RowBlocks blocks(path, options);
    for (formats::RowBlock block; blocks.next(block); block = {})
      for (const auto& row : formats::parse_block(std::move(block)))
        values.push_back(row.ok() ? dump(row.row.value) : "null");
  } catch (const ConfigError&) {
    return {"refused"};
  }
  return values;
}

/// Every row of datasets has the same columns, in one order; a chat's members too.
std::string sorted(const Json& row) { return dump(row, {.sort_keys = true}); }

}  // namespace

TEST_CASE("Rows are those that datasets and Python read") {
  const test::TemporaryDirectory folder;
  const std::string golden = read_file(FORGELM_SOURCE_DIR "/tests/golden/rows/cases.jsonl");
  int num_cases = 0;
  for (const auto& line : split(golden, '\n')) {
    if (line.empty()) continue;
    const Json expected = parse_json(line).value();
    INFO("case: " << line.substr(0, 400));
    const auto path =
        test::write_rows(folder, expected.at("name").text(), hex_decode(expected.at("hex").text()).value());
    formats::RowOptions options;
    if (const auto& sample_by = expected.at("sample_by"); !sample_by.is_null()) {
      if (sample_by.text() == "paragraph") options.text_rows = formats::TextRows::paragraph;
      if (sample_by.text() == "document") options.text_rows = formats::TextRows::document;
    }
    std::vector<std::string> values;
    if (expected.at("rows").is_null()) values = {"refused"};
    else
      for (const auto& row : expected.at("rows").items()) values.push_back(dump(row));
    auto ours = values_of(path, options);
    if (expected.at("by").text() == "datasets") {
      for (auto& value : values) value = sorted(parse_json(value).value());
      for (auto& value : ours) value = sorted(parse_json(value).value());
    }
    CHECK(ours == values);
    options.block_bytes = 16;
    CHECK(values_of(path, options).size() == values.size());
    ++num_cases;
  }
  CHECK(num_cases == 138);
}
