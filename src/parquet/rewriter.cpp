// Writes a Parquet file anew without some of its rows: the same schema, row groups, codecs and key-value metadata, by
// copying levels and values of the leaf columns, so that no type of Arrow stands between and nothing is rounded or
// renamed. Values are encoded anew: pages, dictionaries and statistics hold nothing of the rows that are gone (copying
// Arrow's arrays would carry whole dictionaries over). Memory is a batch, a page and the dictionary of one column. The
// trap: a row of a repeated column may go on in the next batch; it begins where the repetition level is 0.
#include "rewriter.hpp"

#include <arrow/io/file.h>
#include <arrow/io/interfaces.h>
#include <arrow/util/io_util.h>
#include <parquet/column_reader.h>
#include <parquet/column_writer.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/file_writer.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "forgelm/core/error.hpp"
#include "forgelm/core/os_error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::parquet {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kBatchLevels = 4096;

/// Arrow's stream over a function of ours, whose exception waits here until Arrow's frames are gone.
class FunctionStream final : public arrow::io::OutputStream {
 public:
  explicit FunctionStream(const std::function<void(std::string_view)>& write) : write_(write) {}

  arrow::Status Write(const void* data, std::int64_t size) override {
    if (error_) return failed();
    try {
      write_({static_cast<const char*>(data), static_cast<std::size_t>(size)});
    } catch (...) {
      error_ = std::current_exception();
      return failed();
    }
    size_bytes_ += size;
    return arrow::Status::OK();
  }
  arrow::Result<std::int64_t> Tell() const override { return size_bytes_; }
  arrow::Status Close() override {
    is_closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return is_closed_; }
  const std::exception_ptr& error() const noexcept { return error_; }

 private:
  static arrow::Status failed() { return arrow::Status::IOError("the file cannot be written"); }

  const std::function<void(std::string_view)>& write_;
  std::exception_ptr error_;
  std::int64_t size_bytes_ = 0;
  bool is_closed_ = false;
};

/// The rows of one row group that go.
class LeftOut {
 public:
  /// `rows` in order; the group's are those from `first` on.
  LeftOut(const std::vector<std::uint64_t>& rows, std::uint64_t first, std::uint64_t count)
      : begin_(std::lower_bound(rows.begin(), rows.end(), first)),
        end_(std::lower_bound(begin_, rows.end(), first + count)),
        first_(first) {}
  std::uint64_t count() const { return static_cast<std::uint64_t>(end_ - begin_); }
  bool holds(std::uint64_t row_of_group) const { return std::binary_search(begin_, end_, first_ + row_of_group); }

 private:
  std::vector<std::uint64_t>::const_iterator begin_, end_;
  std::uint64_t first_;
};

template <class DType>
void copy_values(::parquet::ColumnReader& from, ::parquet::ColumnWriter& to, const LeftOut& left_out) {
  using Value = typename DType::c_type;
  auto& reader = static_cast<::parquet::TypedColumnReader<DType>&>(from);
  auto& writer = static_cast<::parquet::TypedColumnWriter<DType>&>(to);
  const std::int16_t max_definition = from.descr()->max_definition_level();
  const bool is_repeated = from.descr()->max_repetition_level() > 0;
  std::vector<std::int16_t> definitions(kBatchLevels), repetitions(kBatchLevels);
  const auto values = std::make_unique<Value[]>(kBatchLevels);
  std::uint64_t num_rows = 0;  // begun so far
  bool is_kept = false;        // the row under way
  while (reader.HasNext()) {
    std::int64_t num_values = 0;
    const std::int64_t num_levels =
        reader.ReadBatch(kBatchLevels, max_definition > 0 ? definitions.data() : nullptr,
                         is_repeated ? repetitions.data() : nullptr, values.get(), &num_values);
    if (num_levels == 0) throw ::parquet::ParquetException("a column ends before its rows do");
    std::int64_t run = 0, run_value = 0, value = 0;  // what is kept since `run`
    const auto write = [&](std::int64_t end) {
      if (!is_kept || end == run) return;
      writer.WriteBatch(end - run, max_definition > 0 ? definitions.data() + run : nullptr,
                        is_repeated ? repetitions.data() + run : nullptr, values.get() + run_value);
    };
    for (std::int64_t i = 0; i < num_levels; ++i) {
      if (!is_repeated || repetitions[static_cast<std::size_t>(i)] == 0) {
        const bool keeps = !left_out.holds(num_rows++);
        if (keeps != is_kept) {
          write(i);
          run = i;
          run_value = value;
          is_kept = keeps;
        }
      }
      if (max_definition == 0 || definitions[static_cast<std::size_t>(i)] == max_definition) ++value;
    }
    write(num_levels);
  }
}

void copy_column(::parquet::ColumnReader& from, ::parquet::ColumnWriter& to, const LeftOut& left_out) {
  using ::parquet::Type;
  switch (from.type()) {
    case Type::BOOLEAN: return copy_values<::parquet::BooleanType>(from, to, left_out);
    case Type::INT32: return copy_values<::parquet::Int32Type>(from, to, left_out);
    case Type::INT64: return copy_values<::parquet::Int64Type>(from, to, left_out);
    case Type::INT96: return copy_values<::parquet::Int96Type>(from, to, left_out);
    case Type::FLOAT: return copy_values<::parquet::FloatType>(from, to, left_out);
    case Type::DOUBLE: return copy_values<::parquet::DoubleType>(from, to, left_out);
    case Type::BYTE_ARRAY: return copy_values<::parquet::ByteArrayType>(from, to, left_out);
    case Type::FIXED_LEN_BYTE_ARRAY: return copy_values<::parquet::FLBAType>(from, to, left_out);
    case Type::UNDEFINED: break;
  }
  throw ::parquet::ParquetException("a column of a type that is not known");
}

/// The codecs of the first row group; what follows from the values is made anew.
std::shared_ptr<::parquet::WriterProperties> properties_like(const ::parquet::FileMetaData& metadata) {
  ::parquet::WriterProperties::Builder builder;
  builder.enable_page_checksum();
  if (metadata.num_row_groups() > 0) {
    const auto group = metadata.RowGroup(0);
    for (int i = 0; i < group->num_columns(); ++i)
      builder.compression(metadata.schema()->Column(i)->path(), group->ColumnChunk(i)->compression());
  }
  return builder.build();
}

void copy_rows(::parquet::ParquetFileReader& from, ::parquet::ParquetFileWriter& to,
               const std::vector<std::uint64_t>& rows) {
  std::uint64_t first = 0;
  for (int g = 0; g < from.metadata()->num_row_groups(); ++g) {
    const auto group = from.RowGroup(g);
    const auto count = static_cast<std::uint64_t>(group->metadata()->num_rows());
    const LeftOut left_out(rows, first, count);
    first += count;
    if (left_out.count() == count) continue;
    ::parquet::RowGroupWriter* out = to.AppendRowGroup();
    for (int i = 0; i < group->metadata()->num_columns(); ++i) {
      ::parquet::ColumnWriter* column = out->NextColumn();
      copy_column(*group->Column(i), *column, left_out);
      column->Close();
    }
    out->Close();
  }
}

[[noreturn]] void fail(const fs::path& path, const arrow::Status& status) {
  if (const int error_number = arrow::internal::ErrnoFromStatus(status); error_number != 0)
    throw os_error("read", path.native(), error_number);
  throw ConfigError(
      cat(quote(path.native()), " cannot be written anew as Parquet: ", quote(trim(status.message()), 300)));
}

}  // namespace

void rewrite(const fs::path& path, const std::vector<std::uint64_t>& rows,
             const std::function<void(std::string_view)>& write) {
  const auto sink = std::make_shared<FunctionStream>(write);
  try {
    auto file = arrow::io::ReadableFile::Open(path.native());
    if (!file.ok()) fail(path, file.status());
    ::parquet::ReaderProperties reading;
    reading.enable_buffered_stream();
    reading.set_page_checksum_verification(true);
    const auto reader = ::parquet::ParquetFileReader::Open(*std::move(file), reading);
    const auto metadata = reader->metadata();
    const auto writer = ::parquet::ParquetFileWriter::Open(
        sink, std::static_pointer_cast<::parquet::schema::GroupNode>(metadata->schema()->schema_root()),
        properties_like(*metadata), metadata->key_value_metadata());
    copy_rows(*reader, *writer, rows);
    writer->Close();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw RunError(RunErrorKind::out_of_memory, cat("out of memory while writing ", quote(path.native()), " anew"));
  } catch (const std::exception& error) {
    if (sink->error()) std::rethrow_exception(sink->error());
    if (const auto* status = dynamic_cast<const ::parquet::ParquetStatusException*>(&error))
      fail(path, status->status());
    fail(path, arrow::Status::Invalid(error.what()));
  }
}

}  // namespace forgelm::parquet
