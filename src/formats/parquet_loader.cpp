// Opens libforgelm_parquet.so, once, when the first Parquet file is asked for: libarrow and libparquet (60 MB) are
// mapped by nobody else. It is opened locally, so that Arrow's symbols meet nobody's, and never closed: Arrow keeps
// threads and allocators for the life of the process.
#include <dlfcn.h>

#include "forgelm/core/library_folder.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/result.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/core/version.hpp"
#include "forgelm/formats/parquet_entry.hpp"
#include "parquet.hpp"

namespace forgelm::formats {
namespace {

constexpr Logger logger("forgelm.formats");
constexpr std::string_view kConvert = "or convert the file to JSONL";

using Entry = const ParquetEntry*;

Result<Entry> load() {
  if (!build_info().has_parquet)
    return Failure{"this build of forgelm does not read Parquet",
                   cat("configure with -DFORGELM_PARQUET=ON and build again, ", kConvert)};
  const auto file = library_folder() / "libforgelm_parquet.so";
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored))
    return Failure{cat("the Parquet reader is missing: there is no ", file.native()),
                   cat("install libforgelm_parquet.so in the folder of libforgelm.so, ", kConvert)};
  void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = ::dlerror();
    return Failure{cat("the Parquet reader cannot be loaded: ", why == nullptr ? "unknown reason" : why),
                   "the libarrow and libparquet that it was built with stand beside it or where they stood then"};
  }
  const auto* entry = static_cast<Entry>(::dlsym(library, kParquetEntrySymbol));
  if (entry == nullptr || entry->version != version())
    return Failure{cat(file.native(), " is of forgelm ", entry == nullptr ? "another kind" : entry->version,
                       ", this is forgelm ", version()),
                   "install all files of one build together"};
  logger.debug("loaded ", file.native());
  return entry;
}

const Result<Entry>& reader() {
  static const Result<Entry> loaded = load();
  return loaded;
}

}  // namespace

std::string parquet_problem() {
  const auto& entry = reader();
  return entry ? "" : cat(entry.error().message, "; ", entry.error().hint);
}

std::unique_ptr<RowReader> open_parquet(const std::filesystem::path& path, const RowLimits& limits) {
  const auto& entry = reader();
  if (!entry) throw ConfigError(cat(quote(path.string()), ": ", entry.error().message), entry.error().hint);
  return (*entry)->open(path, limits);
}

}  // namespace forgelm::formats
