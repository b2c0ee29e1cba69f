// Rows from files: JSONL, JSON, CSV, plain text, Parquet, as one stream of JSON objects with their places. Bounded
// memory: a reader holds one row (Parquet: one row group's batch) and a block of the file. Oracle: datasets 5.2.0's
// builders. Invariants: rows come in file order; the same bytes give the same rows. Trap: a byte order mark and CRLF
// are not data.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "forgelm/core/error.hpp"
#include "forgelm/core/json.hpp"

namespace forgelm::formats {

enum class RowFileKind { jsonl, json, csv, text, parquet };
const char* to_string(RowFileKind kind) noexcept;

struct RowLimits {
  std::size_t max_row_bytes = std::size_t{64} << 20;
  int max_depth = 64;
  std::size_t max_columns = 4096;
};

/// One row and where it stands.
struct Row {
  Json value;                ///< an object
  std::uint64_t number = 0;  ///< from 0, within the file
  std::uint64_t line = 0;    ///< from 1; 0 where lines mean nothing (Parquet)
};

class RowReader {
 public:
  virtual ~RowReader();
  /// False at the end. A row that cannot be read is a ConfigError (file:line:column, what is wrong); the file that
  /// cannot be read a RunError(io). Reading may go on after a ConfigError: the next call gives the next row.
  virtual bool next(Row& row) = 0;
  /// Bytes of the file consumed so far and its size, for progress.
  virtual std::uint64_t bytes_read() const noexcept = 0;
  virtual std::uint64_t size_bytes() const noexcept = 0;
};

/// By the file's name (.jsonl, .ndjson, .json, .csv, .tsv, .txt, .parquet). A .json file may hold one array of objects,
/// an object with one array of objects in it, or JSON lines. ConfigError for another ending, which names those known.
RowFileKind row_file_kind(const std::filesystem::path& path);
std::unique_ptr<RowReader> open_rows(const std::filesystem::path& path, const RowLimits& limits = {});

/// Whether this build (and machine) reads Parquet; empty when it does, else why not and what to do.
std::string parquet_problem();

}  // namespace forgelm::formats
