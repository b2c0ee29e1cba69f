// Parquet files without some of their rows, for erasure.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>
#include <vector>

namespace forgelm::parquet {

/// Gives the bytes of the file at `path` without the rows of these numbers (from 0, in order) to `write`, one piece
/// after another. Errors of `write` come through as they are. ConfigError when the file is broken, RunError(io) when it
/// cannot be read.
void rewrite(const std::filesystem::path& path, const std::vector<std::uint64_t>& rows,
             const std::function<void(std::string_view)>& write);

}  // namespace forgelm::parquet
