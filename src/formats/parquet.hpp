// The Parquet reader's hook. src/formats/parquet_*.cpp implements both functions, with Arrow when this build has it;
// open_rows() calls them for files that end in .parquet.
#pragma once

#include <filesystem>
#include <memory>

#include "forgelm/formats/rows.hpp"

namespace forgelm::formats {

/// Rows of a Parquet file in file order, one row group's batch in memory at a time. ConfigError when this build or
/// machine does not read Parquet (parquet_problem() says why) or the file is not Parquet; RunError(io) when it cannot
/// be read. Digests and bytes_read() are the reader's business, as for every RowReader.
std::unique_ptr<RowReader> open_parquet(const std::filesystem::path& path, const RowLimits& limits);

}  // namespace forgelm::formats
