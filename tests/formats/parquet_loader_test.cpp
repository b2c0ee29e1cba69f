// The Parquet reader as a library that is opened on first use. Each step runs in a process of its own.
#include "forgelm/core/files.hpp"
#include "forgelm/core/library_folder.hpp"
#include "forgelm/core/text.hpp"
#include "formats/parquet_support.hpp"
#include "support/temporary_directory.hpp"
#include "support/text_match.hpp"

using namespace forgelm;
using test::parquet_golden;

namespace {

std::string probe(const std::string& arguments, const std::string& variables = "") {
  const test::TemporaryDirectory folder;
  const auto result = test::run_script(variables + " parquet_probe " + arguments, folder.path().native());
  CHECK(result.exit_code == 0);
  CHECK(result.err == "");
  return result.out;
}

std::string golden_argument() { return "'" + parquet_golden("groups.parquet").native() + "'"; }

}  // namespace

TEST_CASE("A process that links forgelm maps nothing of Arrow until a Parquet file is read") {
  CHECK(probe("") == "mapped:\nthreads:\n");
}

#if FORGELM_TEST_WITH_PARQUET

TEST_CASE("The first Parquet file maps the reader and Arrow, and starts no thread of Arrow's pools") {
  std::string told = probe(golden_argument());
  // Arrow's allocator has a thread of its own, which goes by its parent's name until it first runs.
  const std::string of_allocator = " jemalloc_bg_thd";
  if (const auto at = told.find(of_allocator); at != std::string::npos) told.erase(at, of_allocator.size());
  CHECK(told == "rows: 60\nproblem: \nmapped: libforgelm_parquet libarrow libparquet\nthreads:\n");
}

TEST_CASE("A Parquet reader that is missing or broken is named with its place, and what to do") {
  const test::TemporaryDirectory folder;
  std::filesystem::copy(library_folder() / "libforgelm.so", folder / "libforgelm.so");
  const std::string variables = "LD_LIBRARY_PATH='" + folder.path().native() + "'";
  const auto plugin = folder / "libforgelm_parquet.so";

  const std::string missing = cat("the Parquet reader is missing: there is no ", plugin.native());
  const std::string remedy =
      "install libforgelm_parquet.so in the folder of libforgelm.so, or convert the file to JSONL";
  CHECK(probe(golden_argument(), variables) == cat("config: ", quote(parquet_golden("groups.parquet").native()), ": ",
                                                   missing, "\nhint: ", remedy, "\nproblem: ", missing, "; ", remedy,
                                                   "\nmapped:\nthreads:\n"));

  write_file_durably(plugin, "not a library");
  CHECK(probe(golden_argument(), variables).find(cat("the Parquet reader cannot be loaded: ", plugin.native(), ": ")) !=
        std::string::npos);

  // Any library opens; only the reader of this version has the entry.
  std::filesystem::remove(plugin);
  std::filesystem::copy(library_folder() / "libforgelm.so", plugin);
  CHECK(
      probe(golden_argument(), variables).find(cat(plugin.native(), " is of forgelm another kind, this is forgelm ")) !=
      std::string::npos);
}

#else

TEST_CASE("A build without Parquet says so, and how to get one") {
  const std::string why = "this build of forgelm does not read Parquet";
  const std::string remedy = "configure with -DFORGELM_PARQUET=ON and build again, or convert the file to JSONL";
  CHECK(probe(golden_argument()) == cat("config: ", quote(parquet_golden("groups.parquet").native()), ": ", why,
                                        "\nhint: ", remedy, "\nproblem: ", why, "; ", remedy, "\nmapped:\nthreads:\n"));
}

#endif
