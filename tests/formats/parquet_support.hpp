// What the tests of reading Parquet share.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "formats/parquet.hpp"
#include "support/test.hpp"

/// tools/test builds with Parquet, so that none of these is skipped there.
#define FORGELM_NEEDS_PARQUET() \
  if (!FORGELM_TEST_WITH_PARQUET) FORGELM_SKIP("this build does not read Parquet")

namespace forgelm::test {

inline std::filesystem::path parquet_golden(const std::string& name) {
  return std::filesystem::path(FORGELM_SOURCE_DIR) / "tests/golden/parquet" / name;
}

struct ParquetRows {
  std::vector<std::string> rows;    ///< as dump() writes them
  std::vector<std::string> errors;  ///< ConfigErrors, with the hint behind " | "
};

/// Reads the file to its end, going on after errors.
inline ParquetRows read_parquet(const std::filesystem::path& path, const formats::RowLimits& limits = {}) {
  ParquetRows found;
  const auto tell = [&](const ConfigError& error) {
    found.errors.push_back(error.what() + (error.hint().empty() ? "" : " | " + error.hint()));
  };
  std::unique_ptr<formats::RowReader> reader;
  try {
    reader = formats::open_parquet(path, limits);
  } catch (const ConfigError& error) {
    tell(error);
    return found;
  }
  for (formats::Row row;;) {
    try {
      if (!reader->next(row)) return found;
      found.rows.push_back(dump(row.value));
    } catch (const ConfigError& error) {
      tell(error);
    }
  }
}

}  // namespace forgelm::test
