// The one symbol by which libforgelm_parquet.so is entered. src/formats opens it on first use; src/parquet is what it
// holds, the only code that sees Arrow. Exceptions cross by type: both sides link libforgelm.so, which holds them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "forgelm/formats/rows.hpp"

namespace forgelm::formats {

inline constexpr const char* kParquetEntrySymbol = "forgelm_parquet_entry";

struct ParquetEntry {
  const char* version;  ///< of the forgelm that the reader was built from
  std::unique_ptr<RowReader> (*open)(const std::filesystem::path& path, const RowLimits& limits);
  void (*rewrite)(const std::filesystem::path& path, const std::vector<std::uint64_t>& rows,
                  const std::function<void(std::string_view)>& write);  ///< src/parquet/rewriter.hpp
};

}  // namespace forgelm::formats
