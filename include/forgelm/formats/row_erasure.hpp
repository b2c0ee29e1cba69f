// Takes rows out of a file of rows. Of JSON lines, JSON and CSV every byte that is not theirs stays; a Parquet file is
// encoded anew, with its schema, row groups, codecs and metadata. The file is replaced in one step, and memory is a few
// blocks whatever its size. Text files are refused: their rows have no members to be found by. Trap: two erasers of one
// file at once would each bring back what the other took out; hence the lock, on the file itself, from the search to
// the end of the erasure.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/error.hpp"
#include "forgelm/core/json.hpp"

namespace forgelm::formats {

/// Which rows are meant.
struct RowTest {
  /// False only when no row within these bytes can be meant; looked at before they are read as rows.
  std::function<bool(std::string_view bytes)> may_hold;
  /// The member by which a row is meant ("id", "metadata.id"), or nothing. Called from several threads.
  std::function<std::optional<std::string>(const Json& row)> field_of;
};

struct FoundRow {
  std::uint64_t line = 0;  ///< from 1, of its first byte; of Parquet its place among the rows
  std::string field;
  std::uint64_t begin = 0, end = 0;  ///< bytes that go with it, line end included; not of Parquet
};

class RowEraser {
 public:
  /// Follows symbolic links: the file behind them is what is searched and replaced. ConfigError for a file that is not
  /// there or of a kind that is refused, and for Parquet where this build or machine does not read it; RunError(io)
  /// when it cannot be opened, and when another process holds it for longer than a minute.
  explicit RowEraser(const std::filesystem::path& path);
  RowEraser(const RowEraser&) = delete;
  RowEraser& operator=(const RowEraser&) = delete;
  ~RowEraser();

  /// Finds the rows, in file order. Rows that cannot be read are not looked into (num_unreadable()). RunError(io).
  const std::vector<FoundRow>& search(const RowTest& test, int num_threads);
  /// Takes the rows found out of the file, durably, and gives the bytes freed (0 when a Parquet file, encoded anew, is
  /// no smaller). RunError(data) when the file is no
  /// longer the one that was searched; it is then as it was.
  std::uint64_t erase();

  /// The file itself, without links.
  const std::filesystem::path& path() const noexcept { return path_; }
  /// Of the file as searched; and after erase() of what is there then.
  const std::string& sha256() const noexcept { return sha256_; }
  std::uint64_t num_unreadable() const noexcept { return num_unreadable_; }
  /// The file has further names (hard links), which keep the old content.
  bool has_other_names() const noexcept { return has_other_names_; }

 private:
  void search_blocks(const RowTest& test, int num_threads);
  void search_elements(const RowTest& test);
  void search_parquet(const RowTest& test);
  std::uint64_t erase_parquet();
  RunError changed() const;
  void lock();

  std::filesystem::path path_;
  int fd_ = -1;
  bool is_elements_ = false;  ///< JSON that is not lines
  bool is_parquet_ = false;
  std::uint64_t rows_begin_ = 0;  ///< elements: where the first may stand
  std::vector<FoundRow> found_;
  std::string sha256_;
  std::uint64_t num_unreadable_ = 0;
  bool has_other_names_ = false;
};

}  // namespace forgelm::formats
