// Rows from files: JSONL, JSON, CSV, plain text, Parquet, as one stream of JSON objects with their places. Bounded
// memory: a reader holds one row and a block of the file (Parquet: one row group's batch). Oracle: datasets 5.2.0's
// builders; where we differ, docs/rows.md says so. Invariants: rows come in file order; the same bytes give the same
// rows. Trap: a byte order mark and CRLF are not data.
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

/// What a single row may cost; a row beyond a limit is a ConfigError that names it.
struct RowLimits {
  std::size_t max_row_bytes = std::size_t{64} << 20;
  int max_depth = 64;                             ///< open arrays and objects at once
  std::size_t max_columns = 4096;                 ///< members of the row itself
  std::size_t max_values = std::size_t{1} << 20;  ///< values of a row at all depths: 40 to 80 bytes of memory each
};

/// What one row of a text file is.
enum class TextRows {
  line,       ///< a line that is not blank
  paragraph,  ///< what stands between blank lines
  document,   ///< the whole file
};

struct RowOptions {
  RowLimits limits = {};
  TextRows text_rows = TextRows::line;
  char delimiter = 0;                              ///< of CSV; 0: a tab in files that end in .tsv, otherwise a comma
  std::size_t block_bytes = std::size_t{1} << 20;  ///< how much of a file is read at a time
  bool with_digest = false;                        ///< hash the bytes on the way, for digest_hex()
};

/// One row and where it stands.
struct Row {
  Json value;                ///< an object
  std::uint64_t number = 0;  ///< from 0, within the file; a row that cannot be read has a number too
  std::uint64_t line = 0;    ///< from 1; 0 where lines mean nothing (Parquet)
};

class RowReader {
 public:
  virtual ~RowReader();
  /// False at the end. A row that cannot be read is a ConfigError (file:line:column, what is wrong); the file that
  /// cannot be read a RunError(io). Reading may go on after a ConfigError: the next call gives the next row, or false
  /// where the rest of the file has no rows to be told apart.
  virtual bool next(Row& row) = 0;
  /// Bytes of the file up to the end of the row last given, and its size, for progress.
  virtual std::uint64_t bytes_read() const noexcept = 0;
  virtual std::uint64_t size_bytes() const noexcept = 0;
  /// Lower-case hex of the SHA-256 of the file, once next() has returned false; "" before that, without
  /// RowOptions::with_digest, and from readers that
  /// do not see all bytes in order (Parquet): sha256_file() then.
  virtual std::string digest_hex();
};

/// By the file's name (.jsonl, .ndjson, .json, .csv, .tsv, .txt, .parquet). Files of JSON are told apart by what they
/// hold: JSON lines, one array of objects (or of texts, which become {"text": ...}), objects one after the other, and,
/// in a .json file, an object with one array of objects in it. ConfigError for another ending, which names those known,
/// and for a file that is no text in UTF-8 at its start (UTF-16, compressed).
RowFileKind row_file_kind(const std::filesystem::path& path);
/// The endings that row_file_kind() knows, for messages: ".jsonl, .ndjson, ...".
std::string known_row_endings();
std::unique_ptr<RowReader> open_rows(const std::filesystem::path& path, const RowOptions& options = {});

/// Whether this build (and machine) reads Parquet; empty when it does, else why not and what to do.
std::string parquet_problem();

}  // namespace forgelm::formats
