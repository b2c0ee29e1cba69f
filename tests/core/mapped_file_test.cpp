#include "forgelm/core/mapped_file.hpp"

#include <fstream>
#include <string>

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

using namespace forgelm;

TEST_CASE("mapped file: its bytes are those of the file, also after it moved, was released and was removed") {
  const test::TemporaryDirectory directory;
  std::string bytes(100000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 / 3);
  write_file_durably(directory / "file", bytes);
  write_file_durably(directory / "other", "short");
  MappedFile file = MappedFile::open(directory / "file");
  CHECK(file.bytes() == bytes);
  file.release_pages();
  CHECK(file.bytes() == bytes);
  file.release_pages(file.bytes().substr(5000, 1));
  file.release_pages(file.bytes().substr(99999));
  CHECK(file.bytes() == bytes);
  MappedFile moved = std::move(file);
  std::filesystem::remove(directory / "file");
  CHECK(moved.bytes() == bytes);
  MappedFile other = MappedFile::open(directory / "other");
  other = std::move(moved);
  CHECK(other.bytes() == bytes);
}

TEST_CASE("mapped file: an empty file has no bytes, a missing one is nothing, others are errors") {
  const test::TemporaryDirectory directory;
  write_file_durably(directory / "empty", "");
  const MappedFile empty = MappedFile::open(directory / "empty");
  CHECK(empty.bytes().empty());
  empty.release_pages();
  CHECK_FALSE(MappedFile::open_if_exists(directory / "none").has_value());
  CHECK_THROWS_WITH(MappedFile::open(directory / "none"), Catch::Contains("(ENOENT)"));
  CHECK_THROWS_WITH(MappedFile::open(directory.path()), Catch::Contains("(EISDIR)"));
  CHECK_THROWS_AS(MappedFile::open("/dev/null"), RunError);
  CHECK_THROWS_AS(MappedFile::open_if_exists(directory / "empty/below"), RunError);
}
