// Helpers of the tests of row readers: a file with given bytes, and all that a reader gives for it as lines of text.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "forgelm/core/hash.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/formats/row_blocks.hpp"
#include "forgelm/formats/rows.hpp"
#include "support/temporary_directory.hpp"

namespace forgelm::test {

inline std::filesystem::path write_rows(const TemporaryDirectory& folder, const std::string& name,
                                        const std::string& bytes) {
  const auto path = folder / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

/// One line a row: "number@line value", or "! problem" with the folder's path left out.
inline std::vector<std::string> described(const std::vector<formats::ParsedRow>& rows, const std::string& folder) {
  std::vector<std::string> out;
  for (const auto& row : rows) {
    std::string text = row.ok()
                           ? cat(row.row.number, "@", row.row.line, " ", dump(row.row.value, {.ensure_ascii = false}))
                           : cat("! ", row.problem);
    for (std::size_t at; (at = text.find(folder + "/")) != std::string::npos;) text.erase(at, folder.size() + 1);
    out.push_back(std::move(text));
  }
  return out;
}

/// What open_rows() gives, unreadable rows at their places.
inline std::vector<std::string> read_all(const std::filesystem::path& path, const formats::RowOptions& options = {}) {
  std::vector<formats::ParsedRow> rows;
  const auto reader = formats::open_rows(path, options);
  for (;;) {
    formats::ParsedRow row;
    try {
      if (!reader->next(row.row)) break;
    } catch (const ConfigError& error) {
      row.problem = error.what();
      row.hint = error.hint();
    }
    rows.push_back(std::move(row));
  }
  return described(rows, path.parent_path().string());
}

/// The same by way of RowBlocks.
inline std::vector<std::string> read_all_blocks(const std::filesystem::path& path,
                                                const formats::RowOptions& options = {}) {
  std::vector<formats::ParsedRow> rows;
  formats::RowBlocks blocks(path, options);
  for (formats::RowBlock block; blocks.next(block);) {
    const auto num_rows = block.num_rows;
    auto parsed = formats::parse_block(std::move(block));
    if (parsed.size() != num_rows) rows.push_back({{}, cat("promised ", num_rows, " rows, gave ", parsed.size()), ""});
    for (auto& row : parsed) rows.push_back(std::move(row));
    block = {};
  }
  return described(rows, path.parent_path().string());
}

}  // namespace forgelm::test
