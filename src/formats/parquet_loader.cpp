// Opens libforgelm_parquet.so, once, when the first Parquet file is asked for: libarrow and libparquet (60 MB) are
// mapped by nobody else. It is never closed: Arrow keeps threads and allocators for the life of the process.
#include "forgelm/core/plugin.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/core/version.hpp"
#include "forgelm/formats/parquet_entry.hpp"
#include "parquet.hpp"

namespace forgelm::formats {
namespace {

constexpr std::string_view kConvert = "or convert the file to JSONL";

using Entry = const ParquetEntry*;

Result<Entry> load() {
  if (!build_info().has_parquet)
    return Failure{"this build of forgelm does not read Parquet",
                   cat("configure with -DFORGELM_PARQUET=ON and build again, ", kConvert)};
  const auto entry = open_plugin({"libforgelm_parquet.so", kParquetEntrySymbol, "the Parquet reader"});
  if (!entry) return Failure{entry.error().message, cat(entry.error().hint, ", ", kConvert)};
  return static_cast<Entry>(*entry);
}

const Result<Entry>& reader() {
  static const Result<Entry> loaded = load();
  return loaded;
}

const ParquetEntry& reader_for(const std::filesystem::path& path) {
  const auto& entry = reader();
  if (!entry) throw ConfigError(cat(quote(path.string()), ": ", entry.error().message), entry.error().hint);
  return **entry;
}

}  // namespace

std::string parquet_problem() {
  const auto& entry = reader();
  return entry ? "" : cat(entry.error().message, "; ", entry.error().hint);
}

std::unique_ptr<RowReader> open_parquet(const std::filesystem::path& path, const RowLimits& limits) {
  return reader_for(path).open(path, limits);
}

void rewrite_parquet(const std::filesystem::path& path, const std::vector<std::uint64_t>& rows,
                     const std::function<void(std::string_view)>& write) {
  reader_for(path).rewrite(path, rows, write);
}

}  // namespace forgelm::formats
