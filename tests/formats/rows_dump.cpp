// Test-only: reads the files named on stdin, a path a line, and writes what the readers make of them, for
// tools/golden/rows/differential.py. For each file a line a row, "row NUMBER LINE JSON" or "bad MESSAGE", then "end".
//   --blocks   by way of RowBlocks   --paragraph | --document   text files   --block-bytes N
//   --count    "FILE rows ROWS bad BAD bytes BYTES seconds CPU_SECONDS" and nothing else
#include <cstdlib>
#include <ctime>
#include <functional>
#include <iostream>
#include <string>

#include "forgelm/core/text.hpp"
#include "forgelm/formats/row_blocks.hpp"

namespace {

using namespace forgelm;
using formats::ParsedRow;

std::uint64_t read_rows(const std::string& path, const formats::RowOptions& options,
                        const std::function<void(const ParsedRow&)>& give) {
  const auto reader = formats::open_rows(path, options);
  for (ParsedRow row;; row = {}) {
    try {
      if (!reader->next(row.row)) return reader->bytes_read();
    } catch (const ConfigError& error) {
      row.problem = error.what();
    }
    give(row);
  }
}

std::uint64_t read_blocks(const std::string& path, const formats::RowOptions& options,
                          const std::function<void(const ParsedRow&)>& give) {
  formats::RowBlocks blocks(path, options);
  for (formats::RowBlock block; blocks.next(block); block = {})
    for (const auto& row : formats::parse_block(std::move(block))) give(row);
  return blocks.bytes_read();
}

std::string one_line(std::string text) {
  for (char& c : text)
    if (c == '\n' || c == '\r') c = ' ';
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  formats::RowOptions options;
  auto read = &read_rows;
  bool counts = false;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--blocks") read = &read_blocks;
    if (argument == "--count") counts = true;
    if (argument == "--paragraph") options.text_rows = formats::TextRows::paragraph;
    if (argument == "--document") options.text_rows = formats::TextRows::document;
    if (argument == "--block-bytes" && i + 1 < argc) options.block_bytes = std::stoul(argv[++i]);
  }
  std::ios::sync_with_stdio(false);
  for (std::string path; std::getline(std::cin, path);) {
    std::uint64_t num_rows = 0, num_bad = 0, bytes = 0;
    const std::clock_t start = std::clock();
    try {
      bytes = read(path, options, [&](const ParsedRow& row) {
        ++num_rows;
        num_bad += row.ok() ? 0 : 1;
        if (counts) return;
        if (row.ok())
          std::cout << "row " << row.row.number << ' ' << row.row.line << ' ' << dump(row.row.value) << '\n';
        else std::cout << "bad " << one_line(row.problem) << '\n';
      });
    } catch (const Error& error) {
      std::cout << "bad " << one_line(error.what()) << '\n';
    }
    const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    if (counts)
      std::cout << path << " rows " << num_rows << " bad " << num_bad << " bytes " << bytes << " seconds " << seconds
                << std::endl;
    else std::cout << "end" << std::endl;
  }
}
