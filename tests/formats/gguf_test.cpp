// The GGUF reader against what the package gguf wrote and reads (tests/golden/gguf), and against hostile files: every
// cut, every count that promises more than there is.
#include "forgelm/formats/gguf.hpp"

#include <cmath>
#include <cstring>

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/core/text.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

using namespace forgelm;
using namespace forgelm::formats;
using Catch::Contains;

namespace {

const std::filesystem::path kGolden = std::filesystem::path(FORGELM_SOURCE_DIR) / "tests/golden/gguf";

Json json_of(const GgufValue& value) {
  struct Visitor {
    Json operator()(std::uint64_t number) const { return static_cast<double>(number); }
    Json operator()(std::int64_t number) const { return static_cast<double>(number); }
    Json operator()(double number) const { return number; }
    Json operator()(bool truth) const { return truth; }
    Json operator()(std::string_view text) const { return text; }
    Json operator()(const GgufArray& array) const {
      Json items = Json::array();
      array.for_each([&](const GgufValue& item) {
        items.push(json_of(item));
        return true;
      });
      return items;
    }
  };
  return std::visit(Visitor{}, value);
}

/// Numbers as doubles, so that 1 and 1.0 are equal.
Json with_reals(const Json& value) {
  if (value.kind() == Json::Kind::integer) return value.real();
  if (value.kind() != Json::Kind::array) return value;
  Json items = Json::array();
  for (const Json& item : value.items()) items.push(with_reals(item));
  return items;
}

/// Writes files that no writer would.
class Bytes {
 public:
  Bytes& raw(std::string_view bytes) { return text_ += bytes, *this; }
  template <class T>
  Bytes& number(T value) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    return raw({bytes, sizeof value});
  }
  Bytes& u32(std::uint32_t value) { return number(value); }
  Bytes& u64(std::uint64_t value) { return number(value); }
  Bytes& text(std::string_view text) { return u64(text.size()).raw(text); }
  Bytes& head(std::uint64_t num_tensors, std::uint64_t num_pairs) {
    return raw("GGUF").u32(3).u64(num_tensors).u64(num_pairs);
  }
  Bytes& tensor(std::string_view name, const std::vector<std::uint64_t>& sizes, std::uint32_t type,
                std::uint64_t offset) {
    text(name).u32(static_cast<std::uint32_t>(sizes.size()));
    for (const std::uint64_t size : sizes) u64(size);
    return u32(type).u64(offset);
  }
  /// Zeros up to a multiple of `alignment`, then `num_bytes` more.
  std::string with_data(std::size_t num_bytes, std::size_t alignment = 32) const {
    return text_ + std::string((alignment - text_.size() % alignment) % alignment + num_bytes, '\0');
  }
  const std::string& str() const { return text_; }

 private:
  std::string text_;
};

std::string problem_of(const std::string& file, const GgufLimits& limits = {}) {
  const auto header = parse_gguf_header(file, limits);
  return header ? "accepted" : header.error().message;
}
std::string problem_of(const Bytes& bytes) { return problem_of(bytes.str()); }

}  // namespace

TEST_CASE("gguf: files of the package gguf read as it reads them") {
  std::size_t num_files = 0;
  for (const std::string& line : split(trim(read_file(kGolden / "files.jsonl")), '\n')) {
    const Json row = parse_json(line).value();
    CAPTURE(row.at("file").text());
    const GgufReader reader = GgufReader::open(kGolden / row.at("file").text());
    const GgufHeader& header = reader.header();
    ++num_files;
    CHECK(header.version == row.at("version").integer());
    CHECK(header.alignment == row.at("alignment").integer());
    CHECK(static_cast<std::int64_t>(header.data_offset) == row.at("data_offset").integer());
    CHECK(header.is_big_endian == row.at("big_endian").boolean());
    const auto& fields = row.at("metadata").items();
    REQUIRE(header.metadata.size() == fields.size());
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const GgufMetadata& pair = header.metadata[i];
      CAPTURE(std::string(pair.key));
      CHECK(pair.key == fields[i].at("key").text());
      const std::string type = ascii_lower(fields[i].at("types").items()[0].text());
      CHECK(to_string(pair.type) == (type == "bool" ? "boolean" : type == "string" ? "text" : type));
      const Json expected =
          pair.key == "array.nested" ? parse_json("[[1.0, 2.0], [3.0]]").value() : with_reals(fields[i].at("value"));
      CHECK(dump(json_of(pair.value)) == dump(expected));
      CHECK(header.find(pair.key) == &pair);
    }
    const auto& tensors = row.at("tensors").items();
    REQUIRE(header.tensors.size() == tensors.size());
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      const GgufTensor& tensor = header.tensors[i];
      CAPTURE(std::string(tensor.name));
      CHECK(tensor.name == tensors[i].at("name").text());
      CHECK(tensor.type->name == tensors[i].at("type").text());
      CHECK(static_cast<std::int64_t>(tensor.offset) == tensors[i].at("offset").integer());
      CHECK(static_cast<std::int64_t>(tensor.size_bytes) == tensors[i].at("size_bytes").integer());
      CHECK(sha256_hex(reader.bytes(tensor)) == tensors[i].at("sha256").text());
      const auto& shape = tensors[i].at("shape").items();
      REQUIRE(tensor.num_dimensions == shape.size());
      for (std::size_t k = 0; k < shape.size(); ++k)
        CHECK(static_cast<std::int64_t>(tensor.sizes[k]) == shape[k].integer());
      CHECK(header.find_tensor(tensor.name) == &tensor);
    }
  }
  CHECK(num_files == 6);
}

TEST_CASE("gguf: the layouts of ggml's types are the package's") {
  const Json types = parse_json(read_file(kGolden / "types.json")).value();
  std::uint32_t num_known = 0;
  for (std::uint32_t id = 0; id < 1000; ++id) num_known += find_ggml_type(id) != nullptr ? 1 : 0;
  CHECK(num_known == types.items().size());
  for (const Json& row : types.items()) {
    const GgmlType* const type = find_ggml_type(static_cast<std::uint32_t>(row.at("id").integer()));
    REQUIRE(type != nullptr);
    CHECK(type->name == row.at("name").text());
    CHECK(type->block_size == row.at("block").integer());
    CHECK(type->block_bytes == row.at("bytes").integer());
  }
}

TEST_CASE("gguf: a file cut anywhere before its last tensor's end is refused") {
  for (const char* name :
       {"all-types.gguf", "tensors.gguf", "blocks.gguf", "quantized.gguf", "aligned.gguf", "big-endian.gguf"}) {
    CAPTURE(name);
    const std::string file = read_file(kGolden / name);
    const auto whole = parse_gguf_header(file);
    REQUIRE(whole.ok());
    std::uint64_t end = whole->data_offset;
    for (const GgufTensor& tensor : whole->tensors) end = std::max(end, tensor.offset + tensor.size_bytes);
    // Without tensors the padding after the header holds nothing that could be missing.
    const std::uint64_t first_whole = whole->tensors.empty() ? end - 31 : end;
    for (std::size_t size = 0; size < file.size(); ++size) {
      // A buffer of its own, so that AddressSanitizer sees a read beyond the cut.
      const std::string cut = file.substr(0, size);
      const auto header = parse_gguf_header(std::string(cut));
      if (size < first_whole && header.ok()) FAIL("cut to " << size << " bytes it passes");
      if (size >= end && !header.ok()) FAIL("cut to " << size << " bytes it is refused: " << header.error().message);
    }
  }
}

TEST_CASE("gguf: counts that promise more than there is are refused before anything is allocated") {
  constexpr std::uint64_t kHuge = ~std::uint64_t{0};
  for (const std::uint64_t count :
       {kHuge, kHuge / 13, std::uint64_t{1} << 32, std::uint64_t{65'537}, std::uint64_t{1}}) {
    CAPTURE(count);
    CHECK_THAT(problem_of(Bytes().head(count, 0)), Contains("tensors (at most 65536)"));
    CHECK_THAT(problem_of(Bytes().head(0, count)), Contains("pairs of metadata (at most 65536)"));
    const auto pair = [] { return Bytes().head(0, 1).text("k"); };
    CHECK_THAT(problem_of(Bytes().head(0, 1).u64(count).raw("0123456789abc").raw(count == 1 ? "" : "x")),
               Contains(count == 1 ? "no type of values" : "a key"));
    for (const std::uint32_t type : {0u, 2u, 4u, 6u, 10u, 12u})
      CHECK_THAT(problem_of(pair().u32(9).u32(type).u64(count)), Contains("an array of "));
    CHECK_THAT(problem_of(pair().u32(9).u32(8).u64(count)), Contains("a text needs 8 bytes and 0 are left"));
    CHECK_THAT(problem_of(pair().u32(9).u32(9).u64(count)), Contains("an array's type needs 4 bytes"));
    CHECK_THAT(problem_of(pair().u32(8).u64(count)), Contains("a text"));
  }
  // n_dims and sizes whose product wraps.
  CHECK_THAT(problem_of(Bytes().head(1, 0).text("t").u32(5).raw(std::string(60, '\1'))), Contains("has 5 dimensions"));
  CHECK_THAT(problem_of(Bytes().head(1, 0).text("t").u32(0xFFFFFFFF).raw(std::string(60, '\1'))),
             Contains("dimensions"));
  CHECK_THAT(problem_of(Bytes().head(1, 0).tensor("t", {4194305, 4194305, 211106198978564}, 0, 0).with_data(64)),
             Contains("do not fit F32 blocks of 1, or 64 bits"));
  CHECK_THAT(problem_of(Bytes().head(1, 0).tensor("t", {kHuge}, 24, 0).with_data(64)),
             Contains("takes 18446744073709551615 bytes"));
  CHECK_THAT(problem_of(Bytes().head(1, 0).tensor("t", {16}, 24, kHuge - 31).with_data(64)),
             Contains("and the data has 64"));
}

TEST_CASE("gguf: tensors lie in the file, apart, and where the alignment has them") {
  const auto two = [](std::uint64_t first, std::uint64_t second) {
    return Bytes().head(2, 0).tensor("a", {8}, 0, first).tensor("b", {8}, 0, second).with_data(96);
  };
  CHECK(problem_of(two(0, 32)) == "accepted");
  CHECK(problem_of(two(64, 0)) == "accepted");
  CHECK_THAT(problem_of(two(0, 0)), Contains("tensors overlap"));
  CHECK_THAT(problem_of(two(0, 96)), Contains("\"b\" takes 32 bytes from 96 on, and the data has 96"));
  CHECK_THAT(problem_of(two(0, 33)), Contains("\"b\" begins at 33, no multiple of the alignment 32"));
  CHECK_THAT(problem_of(Bytes().head(2, 0).tensor("a", {8}, 0, 0).tensor("a", {8}, 0, 32).with_data(96)),
             Contains("\"a\" stands twice"));
  CHECK_THAT(problem_of(Bytes().head(1, 0).tensor("a", {33}, 2, 0).with_data(96)),
             Contains("do not fit Q4_0 blocks of 32"));
  for (const std::uint32_t type : {4u, 5u, 31u, 38u, 42u, 0xFFFFFFFFu})
    CHECK_THAT(problem_of(Bytes().head(1, 0).tensor("a", {32}, type, 0).with_data(96)), Contains("which is none"));
  CHECK(problem_of(Bytes().head(1, 0).tensor("a", {}, 0, 0).with_data(4)) == "accepted");
  CHECK(problem_of(Bytes().head(2, 0).tensor("a", {0, 7}, 0, 0).tensor("b", {8}, 0, 0).with_data(32)) == "accepted");
  CHECK_THAT(problem_of(Bytes().head(1, 0).tensor("\xff", {8}, 0, 0).with_data(32)), Contains("is not UTF-8"));
  CHECK_THAT(problem_of(Bytes().head(1, 0).tensor(std::string(1025, 'n'), {8}, 0, 0).with_data(32)),
             Contains("more than 1024"));
}

TEST_CASE("gguf: metadata keep to their types and limits") {
  const auto pair = [](std::string_view key) { return Bytes().head(0, 1).text(key); };
  CHECK_THAT(problem_of(pair("k").u32(13).u64(0)), Contains("a value's type is 13, which is no type"));
  CHECK_THAT(problem_of(pair("k").u32(9).u32(13).u64(0)), Contains("an array's type is 13"));
  CHECK_THAT(problem_of(pair("k").u32(7).raw("\x02")), Contains("a boolean is 2, neither 0 nor 1"));
  CHECK_THAT(problem_of(pair("k").u32(9).u32(7).u64(2).raw(std::string("\0\x80", 2))), Contains("holds a boolean"));
  CHECK_THAT(problem_of(pair("\xc3").u32(0).raw("x")), Contains("is not UTF-8"));
  CHECK_THAT(problem_of(pair(std::string(65536, 'k')).u32(0).raw("x")),
             Contains("a key is 65536 bytes long, more than 65535"));
  CHECK(problem_of(pair(std::string(65535, 'k')).u32(0).raw("x")) == "accepted");
  CHECK_THAT(problem_of(Bytes().head(0, 2).text("k").u32(0).raw("x").text("k").u32(0).raw("y")),
             Contains("the key \"k\" stands twice"));
  const std::string text((16u << 20) + 1, 't');
  CHECK_THAT(problem_of(pair("k").u32(8).text(text)), Contains("a text is 16777217 bytes long, more than 16777216"));
  Bytes nested = pair("k").u32(9);
  for (int depth = 0; depth < 3; ++depth) nested.u32(9).u64(1);
  CHECK(problem_of(Bytes(nested).u32(0).u64(1).raw("x")) == "accepted");
  CHECK_THAT(problem_of(Bytes(nested).u32(9).u64(1).u32(0).u64(1).raw("x")), Contains("more than 4 deep"));
  for (const std::uint32_t alignment : {0u, 3u, 24u, 0x200000u, 0x80000000u})
    CHECK_THAT(problem_of(pair("general.alignment").u32(4).u32(alignment)), Contains("power of two up to 1048576"));
  for (const std::uint32_t alignment : {1u, 8u, 64u, 0x100000u})
    CHECK(problem_of(pair("general.alignment").u32(4).u32(alignment)) == "accepted");
  CHECK_THAT(problem_of(pair("general.alignment").u32(10).u64(64)), Contains("not a uint32"));
}

TEST_CASE("gguf: what is no GGUF file of a version that is read is told") {
  CHECK_THAT(problem_of(std::string("PK\x03\x04 and more")), Contains("and not with \"GGUF\""));
  CHECK_THAT(problem_of(std::string("GGU")), Contains("begins with \"GGU\""));
  CHECK_THAT(problem_of(std::string("GGUF")), Contains("the version needs 4 bytes and 0 are left"));
  for (const std::uint32_t version : {0u, 1u, 4u, 0x01000000u, 0x04000000u, 0x00030000u})
    CHECK_THAT(problem_of(Bytes().raw("GGUF").u32(version).u64(0).u64(0)), Contains("; 2 and 3 are read"));
  CHECK(problem_of(Bytes().raw("GGUF").u32(2).u64(0).u64(0)) == "accepted");
  const test::TemporaryDirectory directory;
  write_file_durably(directory / "x.gguf", "GGUFxxxx");
  CHECK_THROWS_WITH(GgufReader::open(directory / "x.gguf"),
                    Contains("x.gguf is not a GGUF file that can be read: at byte 8"));
}
