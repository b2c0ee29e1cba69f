// The Parquet reader's hook. src/formats/parquet_loader.cpp implements the functions, with Arrow when this build has
// it; open_rows() calls them for files that end in .parquet.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "forgelm/formats/rows.hpp"

namespace forgelm::formats {

/// Rows of a Parquet file in file order, one row group's batch in memory at a time. ConfigError when this build or
/// machine does not read Parquet (parquet_problem() says why) or the file is not Parquet; RunError(io) when it cannot
/// be read. Digests and bytes_read() are the reader's business, as for every RowReader.
std::unique_ptr<RowReader> open_parquet(const std::filesystem::path& path, const RowLimits& limits);

/// Gives the bytes of a Parquet file without the rows of these numbers (from 0, in order) to `write`, whose errors come
/// through. The same errors as open_parquet().
void rewrite_parquet(const std::filesystem::path& path, const std::vector<std::uint64_t>& rows,
                     const std::function<void(std::string_view)>& write);

}  // namespace forgelm::formats
