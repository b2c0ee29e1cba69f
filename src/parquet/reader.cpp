// The Parquet reader of libforgelm_parquet.so: row groups one after the other, each in batches of at most 1024 rows, so
// that memory is bounded by a batch and a page of each column, and by a cap on all that Arrow allocates. What a file
// says of itself (columns, depth, rows) is checked before it is believed; page checksums are verified where a file has
// them. The traps: libparquet throws, Arrow returns a Status, and both speak of a broken file as of an I/O error; a
// RecordBatchReader must die before its FileReader. Images and audio clips ({bytes, path}) are read without their
// bytes.
#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/util/io_util.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>

#include <algorithm>
#include <set>

#include "forgelm/core/log.hpp"
#include "forgelm/core/os_error.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/formats/parquet_entry.hpp"
#include "rewriter.hpp"
#include "values.hpp"

namespace forgelm::parquet {
namespace {

namespace fs = std::filesystem;
using formats::Row;
using formats::RowLimits;

constexpr Logger logger("forgelm.formats");
constexpr std::int64_t kMaxBatchRows = 1024;
constexpr std::int64_t kBatchBytes = std::int64_t{16} << 20;  // aimed at, by what the row group says of its size
constexpr std::int64_t kStreamBytes = std::int64_t{32}
                                      << 10;  // read ahead of each column, of which there may be thousands

// Of columns, whose number is known only when the footer has been read (a million of them take 800 MB), and of row
// groups.
constexpr std::int32_t kMaxListed = 200'000;

// A file may say the same text a billion times in a few bytes. Rows of more than this many times its size, and of more
// than so many bytes, are an attack and not data.
constexpr std::uint64_t kMaxExpansion = 10'000;
constexpr std::uint64_t kMinExpansionBytes = std::uint64_t{1} << 30;

/// What Arrow may hold at once: a batch of rows that are within their own limit, and a page of each column.
std::int64_t memory_cap(const RowLimits& limits) {
  return (std::int64_t{64} << 20) + static_cast<std::int64_t>(8 * limits.max_row_bytes);
}

bool is_bytes(const arrow::DataType& type) {
  return type.id() == arrow::Type::BINARY || type.id() == arrow::Type::LARGE_BINARY ||
         type.id() == arrow::Type::BINARY_VIEW;
}

/// The columns to read, which is all but the bytes of {bytes, path}, as `datasets` stores images, audio and video.
void add_leaves(const ::parquet::arrow::SchemaField& field, std::vector<int>& leaves) {
  if (field.is_leaf()) {
    leaves.push_back(field.column_index);
    return;
  }
  const auto& children = field.children;
  const bool is_media = field.field->type()->id() == arrow::Type::STRUCT && children.size() == 2 &&
                        children[0].field->name() == "bytes" && is_bytes(*children[0].field->type()) &&
                        children[1].field->name() == "path" && children[1].is_leaf();
  for (std::size_t i = is_media ? 1 : 0; i < children.size(); ++i) add_leaves(children[i], leaves);
}

class ParquetReader final : public formats::RowReader {
 public:
  ParquetReader(const fs::path& path, const RowLimits& limits)
      : path_(path),
        limits_(limits),
        proxy_(arrow::system_memory_pool()),
        pool_(&proxy_, memory_cap(limits)),
        values_(limits) {
    guarded([&] { open(); });
  }

  bool next(Row& row) override {
    if (is_over_) return false;
    while (batch_ == nullptr || row_in_batch_ == batch_->num_rows()) {
      bool has_more = false;
      guarded([&] { has_more = next_batch(); });
      if (!has_more) return false;
    }
    row.number = num_rows_read_++;
    row.line = 0;
    read_row(row_in_batch_++, row);
    return true;
  }

  std::uint64_t bytes_read() const noexcept override {
    if (num_rows_ == 0 || num_rows_read_ == num_rows_) return size_bytes_;
    const double share = static_cast<double>(num_rows_read_) / static_cast<double>(num_rows_);
    return static_cast<std::uint64_t>(share * static_cast<double>(size_bytes_));
  }
  std::uint64_t size_bytes() const noexcept override { return size_bytes_; }

 private:
  [[noreturn]] void fail(const std::string& what, std::string hint = {}) {
    is_over_ = true;
    throw ConfigError(cat(quote(path_.string()), ": ", what), std::move(hint));
  }

  [[noreturn]] void fail_broken(std::string_view reason) {
    // What libparquet says of a list that is longer than kMaxListed.
    const bool is_long = reason.find("Exceeded size limit") != std::string_view::npos;
    fail(cat(num_rows_read_ == 0 ? "it cannot be read as Parquet: "
                                 : cat("the rows from ", num_rows_read_, " on cannot be read: "),
             quote(trim(reason), 300)),
         is_long ? cat("a file may have at most ", kMaxListed, " columns and as many row groups") : "");
  }

  [[noreturn]] void fail_memory() {
    is_over_ = true;
    throw RunError(RunErrorKind::out_of_memory, cat("out of memory while reading ", quote(path_.string())));
  }

  /// Runs `work` and turns what Arrow throws into errors of ours.
  template <class Work>
  void guarded(Work work) {
    try {
      work();
    } catch (const Error&) {
      throw;
    } catch (const ::parquet::ParquetStatusException& error) {
      check(error.status());
      fail_broken(error.what());
    } catch (const std::bad_alloc&) {
      fail_memory();
    } catch (const std::exception& error) {
      fail_broken(error.what());
    }
  }

  void check(const arrow::Status& status) {
    if (status.ok()) return;
    is_over_ = true;
    if (const int error_number = arrow::internal::ErrnoFromStatus(status); error_number != 0)
      throw os_error("read", path_.native(), error_number);
    if (status.IsOutOfMemory() && status.message().find("cap exceeded") == std::string::npos) fail_memory();
    if (status.IsOutOfMemory())
      fail(cat("reading the rows from ", num_rows_read_, " on needs more than ", memory_cap(limits_) >> 20,
               " MiB at once"),
           "write it with smaller pages and row groups, or as JSONL");
    fail_broken(status.message());
  }

  template <class T>
  T take(arrow::Result<T> result) {
    check(result.status());
    return std::move(result).ValueUnsafe();
  }

  void open() {
    auto file = take(arrow::io::ReadableFile::Open(path_.native(), &pool_));
    size_bytes_ = static_cast<std::uint64_t>(take(file->GetSize()));
    ::parquet::ReaderProperties properties(&pool_);
    properties.enable_buffered_stream();
    properties.set_buffer_size(kStreamBytes);
    properties.set_page_checksum_verification(true);
    properties.set_thrift_container_size_limit(kMaxListed);
    properties.set_schema_depth_limit(3 * limits_.max_depth);  // a list is three levels of Parquet's schema
    ::parquet::arrow::FileReaderBuilder builder;
    check(builder.Open(std::move(file), properties));
    check_size(*builder.raw_reader()->metadata());
    ::parquet::ArrowReaderProperties arrow_properties(false);  // no threads of Arrow's own
    arrow_properties.set_pre_buffer(false);                    // it would hold whole row groups
    builder.memory_pool(&pool_)->properties(arrow_properties);
    reader_ = take(builder.Build());
    check_columns();
  }

  void check_size(const ::parquet::FileMetaData& metadata) {
    const int num_columns = std::max(metadata.num_columns(), metadata.schema()->group_node()->field_count());
    if (num_columns < 1) fail("it has no columns");
    if (static_cast<std::size_t>(num_columns) > limits_.max_columns)
      fail(cat("it has ", num_columns, " columns, and at most ", limits_.max_columns, " are read"));
    if (metadata.num_rows() < 0) fail_broken(cat("it says that it has ", metadata.num_rows(), " rows"));
    num_rows_ = static_cast<std::uint64_t>(metadata.num_rows());
  }

  void check_columns() {
    std::set<std::string_view> names;
    for (const auto& column : reader_->manifest().schema_fields) {
      const std::string& name = column.field->name();
      if (!is_valid_utf8(name)) fail(cat("it has a column whose name is not UTF-8: ", quote(name)));
      if (!names.insert(name).second) fail(cat("it has two columns named ", quote(name)));
      const std::string problem = type_fault(*column.field->type(), name, 2, limits_);  // the row is the first level
      if (!problem.empty()) fail(cat("column ", quote(name), ": ", problem));
      add_leaves(column, leaves_);
    }
  }

  /// The next batch, if need be of the next row group. False at the end of the file.
  bool next_batch() {
    while (true) {
      batch_.reset();
      row_in_batch_ = 0;
      if (batches_ != nullptr) {
        check(batches_->ReadNext(&batch_));
        if (batch_ != nullptr) {
          check(batch_->Validate());
          num_rows_in_group_ += batch_->num_rows();
          if (batch_->num_rows() > 0) return true;
          continue;
        }
        end_group();
      }
      if (group_ == reader_->num_row_groups()) {
        if (num_rows_read_ != num_rows_)
          fail_broken(cat("it says that it has ", num_rows_, " rows, and its row groups hold ", num_rows_read_));
        is_over_ = true;
        return false;
      }
      start_group();
    }
  }

  void start_group() {
    const auto group = reader_->parquet_reader()->metadata()->RowGroup(group_);
    num_rows_of_group_ = group->num_rows();
    if (num_rows_of_group_ < 0)
      fail_broken(cat("row group ", group_, " says that it has ", num_rows_of_group_, " rows"));
    num_rows_in_group_ = 0;
    const std::int64_t bytes_a_row =
        std::max<std::int64_t>(group->total_byte_size(), 1) / std::max<std::int64_t>(num_rows_of_group_, 1);
    reader_->set_batch_size(
        std::clamp<std::int64_t>(kBatchBytes / std::max<std::int64_t>(bytes_a_row, 1), 1, kMaxBatchRows));
    batches_ = take(reader_->GetRecordBatchReader({group_}, leaves_));
  }

  void end_group() {
    batches_.reset();
    if (num_rows_in_group_ != num_rows_of_group_)
      fail_broken(
          cat("row group ", group_, " says that it has ", num_rows_of_group_, " rows, and holds ", num_rows_in_group_));
    ++group_;
  }

  void read_row(std::int64_t at, Row& row) {
    num_bytes_given_ += values_.row_bytes();  // of the row before, whatever became of it
    if (num_bytes_given_ > std::max(kMinExpansionBytes, kMaxExpansion * size_bytes_))
      fail(cat("the rows before row ", row.number, " take ", num_bytes_given_ >> 20, " MiB, more than ", kMaxExpansion,
               " times the file's size"),
           "a file of real data does not repeat itself so much; write it as JSONL if it is meant");
    Json::Object members;
    members.reserve(static_cast<std::size_t>(batch_->num_columns()));
    values_.start_row();
    for (int i = 0; i < batch_->num_columns(); ++i) {
      const std::string& name = batch_->schema()->field(i)->name();
      Json value;
      try {
        if (values_.read(*batch_->column(i), at, value)) members.emplace_back(name, std::move(value));
        else tell_left_out(name, row.number);
      } catch (const ValueFault& fault) {
        throw ConfigError(cat(quote(path_.string()), ": row ", row.number, " (the first is 0): column ",
                              quote(name + fault.path), ": ", fault.what));
      }
    }
    row.value = Json(std::move(members));
  }

  void tell_left_out(const std::string& column, std::uint64_t number) {
    if (!told_.insert(column).second) return;
    logger.warning(quote(path_.string()), ": column ", quote(column),
                   " holds bytes that are not text: left out of row ", number, " and of others like it");
  }

  const fs::path path_;
  const RowLimits limits_;
  arrow::ProxyMemoryPool proxy_;  // counts what this reader holds
  arrow::CappedMemoryPool pool_;
  ValueReader values_;
  std::unique_ptr<::parquet::arrow::FileReader> reader_;
  std::unique_ptr<arrow::RecordBatchReader> batches_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  std::vector<int> leaves_;
  std::set<std::string> told_;
  std::uint64_t size_bytes_ = 0;
  std::uint64_t num_rows_ = 0;
  std::uint64_t num_rows_read_ = 0;
  std::uint64_t num_bytes_given_ = 0;
  std::int64_t row_in_batch_ = 0;
  std::int64_t num_rows_of_group_ = 0;  // as it says
  std::int64_t num_rows_in_group_ = 0;  // as found
  int group_ = 0;
  bool is_over_ = false;
};

std::unique_ptr<formats::RowReader> open(const fs::path& path, const RowLimits& limits) {
  return std::make_unique<ParquetReader>(path, limits);
}

}  // namespace
}  // namespace forgelm::parquet

extern "C" __attribute__((visibility("default"))) const forgelm::formats::ParquetEntry forgelm_parquet_entry = {
    FORGELM_VERSION, &forgelm::parquet::open, &forgelm::parquet::rewrite};
