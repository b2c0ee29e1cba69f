// Values of Arrow arrays as Json: numbers, booleans and text as such; dates, times, durations and decimals as the text
// that Python writes; lists as arrays, structs and maps with text keys as objects, other maps as arrays of pairs;
// dictionaries and extension types as what they stand for. Bytes that are not UTF-8 have no Json and are left out.
// The oracle is pyarrow's to_pylist (tests/golden/parquet). The trap: nothing here trusts offsets or indices of a file.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <string>

#include "forgelm/core/json.hpp"
#include "forgelm/formats/rows.hpp"

namespace forgelm::parquet {

/// Why a value has no Json, and where it stands: "messages[2].content".
struct ValueFault {
  std::string path;
  std::string what;
};

/// What is wrong with the type for rows, or nothing: a kind that Json has no form for, nesting deeper than the limit,
/// two fields of one name, a name that is not UTF-8. `path` is where the type stands.
std::string type_fault(const arrow::DataType& type, const std::string& path, int depth,
                       const formats::RowLimits& limits);

/// Converts the values of one row, within the limits on its values and its bytes: those of its texts and 40 a value.
class ValueReader {
 public:
  explicit ValueReader(const formats::RowLimits& limits) : limits_(limits) {}

  void start_row() noexcept { used_bytes_ = num_values_ = 0; }
  std::size_t row_bytes() const noexcept { return used_bytes_; }  ///< of the row so far
  /// False, and `out` unchanged, when the value is bytes that are not UTF-8. A ValueFault when it is broken or the row
  /// has become too large. `at` < array.length(); the type has passed type_fault().
  bool read(const arrow::Array& array, std::int64_t at, Json& out);

 private:
  void require(std::size_t bytes) const;  ///< that so many bytes are left
  void spend(std::size_t bytes);
  bool convert(const arrow::Array& array, std::int64_t at, Json& out);  ///< read() of a value that is counted
  bool read_text(std::string_view bytes, bool is_declared_text, Json& out);
  void read_items(const arrow::Array& values, std::int64_t begin, std::int64_t count, Json& out);
  void read_struct(const arrow::Array& array, std::int64_t at, Json& out);
  void read_map(const arrow::Array& array, std::int64_t at, Json& out);

  const formats::RowLimits limits_;
  std::size_t used_bytes_ = 0;
  std::size_t num_values_ = 0;
};

}  // namespace forgelm::parquet
