// ZIP archives: honest ones are read, those that lie are refused with words that name the lie or the limit.
#include "forgelm/formats/zip.hpp"

#include "support/test.hpp"
#include "support/zip_maker.hpp"

using namespace forgelm;
using formats::ZipReader;
using test::ZipMaker;

namespace {

std::string problem(const std::string& bytes, const formats::ZipLimits& limits = {}) {
  const auto zip = ZipReader::open(bytes, limits);
  if (!zip) return zip.error().message;
  for (const auto& entry : zip->entries())
    if (const auto read = zip->read(entry); !read) return read.error().message;
  return "";
}

bool mentions(const std::string& message, std::string_view words) { return message.find(words) != std::string::npos; }

std::string patched(std::string bytes, std::size_t at, std::string_view with) {
  return bytes.replace(at, with.size(), with);
}

}  // namespace

TEST_CASE("entries of an archive are read, packed or not") {
  const std::string long_text(100'000, 'x');
  const std::string bytes =
      ZipMaker().add("b", "stored", false).add("a/c", "deflated text").add("", "").add("l", long_text).bytes();
  const auto zip = ZipReader::open(bytes);
  REQUIRE(zip);
  CHECK(zip->entries().size() == 4);
  REQUIRE(zip->find("a/c") != nullptr);
  CHECK(*zip->read(*zip->find("a/c")) == "deflated text");
  CHECK(*zip->read(*zip->find("b")) == "stored");
  CHECK(*zip->read(*zip->find("l")) == long_text);
  CHECK(zip->find("c") == nullptr);
  CHECK(ZipReader::open("before it: " + std::string()).ok() == false);
  CHECK(problem(ZipMaker().bytes()).empty());  // an empty archive is one
  // The end record may have a comment, also one that looks like an end record.
  const std::string comment = "PK\5\6 no end record";
  CHECK(problem(patched(bytes + comment, bytes.size() - 2, ZipMaker::number(comment.size(), 2))).empty());
}

TEST_CASE("archives that lie are refused") {
  const std::string one = ZipMaker().add("name", "some bytes").bytes();
  const std::size_t end = one.size() - 22;
  const std::size_t directory = end - 50;
  CHECK(mentions(problem(""), "not a ZIP archive"));
  CHECK(mentions(problem("PK\3\4 but nothing else that is long enough"), "not a ZIP archive"));
  CHECK(mentions(problem(ZipMaker().add("a", "x").add("a", "y").bytes()), "two entries named \"a\""));
  CHECK(mentions(problem(ZipMaker().add("a", "x").point_again("a").bytes()), "overlap"));
  CHECK(mentions(problem(patched(one, end + 10, ZipMaker::number(2, 2))), "several parts"));
  CHECK(mentions(problem(patched(patched(one, end + 10, ZipMaker::number(2, 2)), end + 8, ZipMaker::number(2, 2))),
                 "damaged"));
  CHECK(mentions(problem(patched(one, end + 16, ZipMaker::number(one.size(), 4))), "does not lie within"));
  CHECK(mentions(problem(patched(one, end + 16, ZipMaker::number(0xFFFFFFFF, 4))), "ZIP64"));
  CHECK(mentions(problem(patched(one, directory + 42, ZipMaker::number(directory, 4))), "does not lie within"));
  CHECK(mentions(problem(patched(one, directory + 42, ZipMaker::number(0x7FFFFFFF, 4))), "does not lie within"));
  CHECK(mentions(problem(patched(one, directory + 20, ZipMaker::number(1000, 4))), "does not lie within"));
  CHECK(mentions(problem(patched(one, directory + 24, ZipMaker::number(0xFFFFFFFF, 4))), "ZIP64"));
  CHECK(mentions(problem(patched(one, directory + 24, ZipMaker::number(11, 4))), "damaged"));
  CHECK(mentions(problem(patched(one, directory + 24, ZipMaker::number(9, 4))), "damaged"));
  CHECK(mentions(problem(patched(one, directory + 16, ZipMaker::number(1, 4))), "damaged"));
  CHECK(mentions(problem(patched(one, directory + 10, ZipMaker::number(12, 2))), "method 12"));
  CHECK(mentions(problem(patched(one, directory + 8, ZipMaker::number(1, 2))), "encrypted"));
  CHECK(mentions(problem(patched(one, 30, "nome")), "another name"));
  CHECK(mentions(problem(patched(one, 34, "\xFF\xFF")), "damaged"));
}

TEST_CASE("bombs end at a limit before anything is unpacked") {
  const std::string bomb = ZipMaker().add("bomb", std::string(std::size_t{40} << 20, '\0')).bytes();
  CHECK(bomb.size() < 100'000);
  CHECK(mentions(problem(bomb), "times its size; at most 200"));
  const std::string big = ZipMaker().add("big", std::string(3000, 'x'), false).bytes();
  formats::ZipLimits limits;
  limits.max_entry_bytes = 2999;
  CHECK(mentions(problem(big, limits), "at most 2.9 KiB are read"));
  limits.max_entry_bytes = 3000;
  CHECK(problem(big, limits).empty());
  limits.max_total_bytes = 2999;
  CHECK(mentions(problem(big, limits), "the archive unpacks to"));
  limits.max_entries = 0;
  CHECK(mentions(problem(big, limits), "1 entries; at most 0"));
}

TEST_CASE("whatever byte of an archive is changed, it is read as it was or refused") {
  const std::string bytes = ZipMaker().add("one", "first text").add("two", "second", false).bytes();
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const std::string changed = patched(bytes, at, std::string(1, static_cast<char>(bytes[at] ^ 0x55)));
    const auto zip = ZipReader::open(changed);
    if (!zip) continue;
    for (const auto& entry : zip->entries())
      if (const auto text = zip->read(entry)) CHECK((*text == "first text" || *text == "second"));
  }
}
