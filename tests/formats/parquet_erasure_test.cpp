// Rows taken out of Parquet files: what is left reads as the same rows without them, in the same types and groups, and
// no byte of the file holds what is gone. The files are pyarrow's (tools/golden/parquet).
#include <cerrno>
#include <functional>

#include "forgelm/core/error.hpp"
#include "forgelm/core/failpoint.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/formats/row_erasure.hpp"
#include "formats/parquet_support.hpp"
#include "support/temporary_directory.hpp"

namespace {

using namespace forgelm;
using formats::RowEraser;
using test::parquet_golden;
using test::read_parquet;
namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

/// Means the rows of these places, which a Parquet file's rows are asked for in order.
formats::RowTest at_places(std::function<bool(std::size_t)> is_meant) {
  auto next = std::make_shared<std::size_t>(0);
  return {[](std::string_view) { return true; },
          [next, is_meant = std::move(is_meant)](const Json&) {
            return is_meant((*next)++) ? std::optional<std::string>("id") : std::nullopt;
          }};
}

/// The file without the rows of these places.
void erase(const fs::path& file, const std::function<bool(std::size_t)>& is_meant) {
  RowEraser eraser(file);
  eraser.search(at_places(is_meant), 3);
  CHECK(eraser.sha256() == sha256_file(file));
  eraser.erase();
  CHECK(eraser.sha256() == sha256_file(file));
}

constexpr const char* kFiles[] = {"scalars",    "nested",       "media",        "int96",        "groups",
                                  "batches",    "encodings",    "codec_none",   "codec_gzip",   "codec_lz4",
                                  "codec_zstd", "codec_brotli", "codec_snappy", "plain_schema", "nanoseconds"};

const std::pair<const char*, std::function<bool(std::size_t)>> kPlaces[] = {
    {"the first", [](std::size_t at) { return at == 0; }},
    {"every second", [](std::size_t at) { return at % 2 == 1; }},
    {"all but the first", [](std::size_t at) { return at > 0; }},
    {"runs", [](std::size_t at) { return at / 3 % 2 == 0; }},
};

}  // namespace

TEST_CASE("parquet erasure: the rows that stay are what they were, for every type, codec and layout") {
  FORGELM_NEEDS_PARQUET();
  for (const char* name : kFiles)
    for (const auto& [what, is_meant] : kPlaces) {
      INFO(name << ", without " << what);
      const test::TemporaryDirectory folder(test::memory_directory());
      fs::copy_file(parquet_golden(cat(name, ".parquet")), folder / "r.parquet");
      const auto before = read_parquet(folder / "r.parquet");
      REQUIRE(before.errors.empty());
      erase(folder / "r.parquet", is_meant);
      Lines wanted;
      for (std::size_t i = 0; i < before.rows.size(); ++i)
        if (!is_meant(i)) wanted.push_back(before.rows[i]);
      const auto after = read_parquet(folder / "r.parquet");
      CHECK(after.errors == Lines{});
      CHECK(after.rows == wanted);
    }
}

TEST_CASE("parquet erasure: all rows may go, and the file stays one of Parquet") {
  FORGELM_NEEDS_PARQUET();
  const test::TemporaryDirectory folder(test::memory_directory());
  fs::copy_file(parquet_golden("groups.parquet"), folder / "r.parquet");
  erase(folder / "r.parquet", [](std::size_t) { return true; });
  const auto after = read_parquet(folder / "r.parquet");
  CHECK(after.rows.empty());
  CHECK(after.errors.empty());
}

TEST_CASE("parquet erasure: dictionaries and statistics forget what is gone") {
  FORGELM_NEEDS_PARQUET();
  // A person stands in a dictionary, in texts and at the end of statistics.
  const test::TemporaryDirectory folder(test::memory_directory());
  fs::copy_file(parquet_golden("erasure.parquet"), folder / "r.parquet");
  REQUIRE(read_file(folder / "r.parquet").find("person-4711") != std::string::npos);
  RowEraser eraser(folder / "r.parquet");
  const formats::RowTest test{[](std::string_view) { return true; },
                              [](const Json& row) {
                                return row.at("id") == Json("person-4711") ? std::optional<std::string>("id")
                                                                           : std::nullopt;
                              }};
  const auto found = eraser.search(test, 1);
  REQUIRE(found.size() == 2);
  CHECK(found.front().line == 5);
  eraser.erase();  // the file may have grown: it is encoded anew
  CHECK(read_file(folder / "r.parquet").find("person-4711") == std::string::npos);
  CHECK(read_parquet(folder / "r.parquet").rows.size() == 8);
}

TEST_CASE("parquet erasure: a disk that fails at any step leaves the old file or the new one") {
  FORGELM_NEEDS_PARQUET();
  const std::string before = read_file(parquet_golden("groups.parquet"));
  const auto is_second = [](std::size_t at) { return at == 1; };
  for (const std::string_view point : failpoint::names("durable.")) {
    INFO(point);
    const test::TemporaryDirectory folder(test::memory_directory());
    fs::copy_file(parquet_golden("groups.parquet"), folder / "r.parquet");
    bool has_failed = false;
    {
      RowEraser eraser(folder / "r.parquet");
      eraser.search(at_places(is_second), 1);
      failpoint::arm(point, failpoint::Action::error, ENOSPC, 1, true);
      try {
        eraser.erase();
      } catch (const RunError& error) {
        has_failed = true;
        CHECK(error.kind() == RunErrorKind::out_of_disk);
      }
      failpoint::disarm_all();
    }
    const auto rows = read_parquet(folder / "r.parquet").rows.size();
    CHECK((read_file(folder / "r.parquet") == before || rows == 59));
    if (point == "durable.write") CHECK((has_failed && rows == 60));
    CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);
  }
}

TEST_CASE("parquet erasure: a file that another changes meanwhile is left to it") {
  FORGELM_NEEDS_PARQUET();
  const test::TemporaryDirectory folder(test::memory_directory());
  fs::copy_file(parquet_golden("groups.parquet"), folder / "r.parquet");
  RowEraser eraser(folder / "r.parquet");
  eraser.search(at_places([](std::size_t at) { return at == 1; }), 1);
  const std::string other = read_file(parquet_golden("media.parquet"));
  write_file_durably(folder / "r.parquet", other);
  CHECK_THROWS_AS(eraser.erase(), RunError);
  CHECK(read_file(folder / "r.parquet") == other);
}
