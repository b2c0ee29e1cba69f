// safetensors: goldens of the reference library (tools/golden/safetensors), folders, writing, and hostile files.
#include "forgelm/formats/safetensors.hpp"

#include <algorithm>
#include <fstream>
#include <random>

#include "forgelm/core/error.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/core/text.hpp"
#include "formats/safetensors_header.hpp"
#include "fuzz/safetensors_invariants.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

using namespace forgelm;
using namespace forgelm::formats;
using Catch::Contains;

namespace {

namespace fs = std::filesystem;

const fs::path kGolden = fs::path(FORGELM_SOURCE_DIR) / "tests" / "golden" / "safetensors";

std::vector<fs::path> golden_files() {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(kGolden))
    if (entry.path().extension() == ".safetensors") out.push_back(entry.path());
  return out;
}

std::string file_of(std::string_view header, std::string_view data) {
  std::string out;
  for (std::uint64_t i = 0, rest = header.size(); i < 8; ++i, rest >>= 8) out += static_cast<char>(rest & 0xFF);
  return cat(out, header, data);
}

/// A file with these tensors of bytes, as a small stand-in for weights.
void write_bytes(const fs::path& path, const std::map<std::string, std::string>& tensors) {
  std::vector<TensorInfo> infos;
  for (const auto& [name, bytes] : tensors)
    infos.push_back({name, TensorType::uint8, {static_cast<std::int64_t>(bytes.size())}});
  SafetensorsWriter writer(path, infos);
  for (const TensorInfo& info : writer.order()) writer.write(tensors.at(info.name));
  writer.commit();
}

void write_index(const fs::path& folder, const std::string& weight_map) {
  write_file_durably(folder / "model.safetensors.index.json",
                     cat("{\"metadata\": {\"total_size\": 6}, \"weight_map\": ", weight_map, "}"));
}

}  // namespace

TEST_CASE("safetensors: what the reference wrote is read, and written again is the same file") {
  const test::TemporaryDirectory directory;
  const auto files = golden_files();
  CHECK(files.size() == 13);
  for (const fs::path& file : files) {
    INFO(file);
    const SafetensorsReader reader = SafetensorsReader::open(file);
    std::vector<TensorInfo> shuffled = reader.tensors();
    std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937(7));
    SafetensorsWriter writer(directory / "again", shuffled, reader.metadata());
    CHECK(writer.order() == reader.tensors());
    for (const TensorInfo& info : writer.order()) {
      const std::string_view bytes = reader.bytes(info.name);
      CHECK(bytes.size() == info.num_bytes());
      writer.write(bytes.substr(0, bytes.size() / 2));
      writer.write(bytes.substr(bytes.size() / 2));
      reader.release_pages(info.name);
    }
    writer.commit();
    CHECK(read_file(directory / "again") == read_file(file));
  }
}

TEST_CASE("safetensors: names, types, shapes and bytes are those that the reference was given") {
  const SafetensorsReader all = SafetensorsReader::open(kGolden / "all_types.safetensors");
  CHECK(all.tensors().size() == 30);
  CHECK(all.metadata() == std::map<std::string, std::string>{{"format", "pt"}});
  const TensorInfo* info = all.find("a.bfloat16");
  REQUIRE(info != nullptr);
  CHECK(info->type == TensorType::bfloat16);
  CHECK(info->shape == std::vector<std::int64_t>{2, 3});
  // The maker's rule: byte i of tensor number n is (37 n + 11 i) mod 251; bfloat16 is number 8.
  std::string expected;
  for (int i = 0; i < 12; ++i) expected += static_cast<char>((8 * 37 + i * 11) % 251);
  CHECK(all.bytes("a.bfloat16") == expected);
  CHECK(all.find("a") == nullptr);
  CHECK(all.find("") == nullptr);
  CHECK_THROWS_AS(all.bytes("a"), RunError);

  const SafetensorsReader shapes = SafetensorsReader::open(kGolden / "shapes.safetensors");
  CHECK(shapes.find("scalar")->shape.empty());
  CHECK(shapes.bytes("scalar").size() == 4);
  CHECK(shapes.bytes("none").empty());
  CHECK(shapes.find("deep")->shape.size() == 8);
  const SafetensorsReader names = SafetensorsReader::open(kGolden / "names.safetensors");
  CHECK(names.find(std::string("tab\tline\nnul\0del\x7f", 17)) != nullptr);
  CHECK(names.find("") != nullptr);
  CHECK(names.metadata().at("note") == "quote \" back \\ line \n \u00e9");
}

TEST_CASE("safetensors: a header is taken when the reference takes it, save where ours says why not") {
  std::ifstream in(kGolden / "headers.jsonl");
  std::size_t num_rows = 0;
  for (std::string line; std::getline(in, line); ++num_rows) {
    const Json row = parse_json(line).value();
    INFO(row.at("name").text());
    const std::string data(static_cast<std::size_t>(row.at("num_data").integer()), '\0');
    const std::string file = file_of(row.at("header").text(), data);
    const bool is_expected = row.at("accepted").boolean() && row.find("stricter") == nullptr;
    const auto header = read_safetensors_header(file);
    CHECK(header.ok() == is_expected);
    CHECK(test::broken_safetensors_promise(file) == "");
  }
  CHECK(num_rows == 83);
}

TEST_CASE("safetensors: the messages name the place, the tensor and what is allowed") {
  const auto message = [](std::string_view header, std::string_view data) {
    return read_safetensors_header(file_of(header, data)).error().message;
  };
  CHECK_THAT(message(R"({"w":{"dtype":"F4","shape":[4],"data_offsets":[0,4]}})", "1234"),
             Contains("tensor \"w\": the dtype \"F4\" is not one that is read here (BOOL, U8"));
  CHECK_THAT(message(R"({"w":{"dtype":"F32","shape":[4194305,4194305,211106198978564],"data_offsets":[0,16]}})", ""),
             Contains("tensor \"w\": its shape [4194305, 4194305, 211106198978564] has more bytes than 64 bits count"));
  const std::string overlap = R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                              R"("b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})";
  CHECK_THAT(message(overlap, "123"),
             Contains("tensor \"b\": its data begin at byte 1 of the data, inside the tensor before, which ends at 2"));
  CHECK_THAT(message(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})", "123"),
             Contains("after a hole that begins at 0"));
  CHECK_THAT(message(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})", "123"),
             Contains("the tensors take 2 bytes, and the file holds 3 behind its header"));
  CHECK_THAT(message("{\"a\":[]}", ""), Contains("its header is broken at byte 5: expected \"{\""));
  const test::TemporaryDirectory directory;
  write_file_durably(directory / "x.safetensors", "short");
  CHECK_THROWS_WITH(SafetensorsReader::open(directory / "x.safetensors"),
                    Contains("x.safetensors: not a whole safetensors file: it has 5 bytes"));
  CHECK_THROWS_AS(SafetensorsReader::open(directory / "x.safetensors"), ConfigError);
  CHECK_THROWS_AS(SafetensorsReader::open(directory / "none"), RunError);
}

TEST_CASE("safetensors: numbers that no file can hold are refused before anything is made for them") {
  const auto message = [](std::uint64_t length, std::size_t size) {
    std::string file(size, ' ');
    for (std::size_t i = 0; i < 8; ++i) file[i] = static_cast<char>(length >> (8 * i) & 0xFF);
    return read_safetensors_header(file).error().message;
  };
  CHECK_THAT(message(100'000'001, 64), Contains("more than 100,000,000"));
  CHECK_THAT(message(~std::uint64_t{0}, 64), Contains("18446744073709551615 bytes, more than"));
  CHECK_THAT(message(57, 64), Contains("its header would have 57 bytes, and the file has 64"));
  CHECK_THAT(message(0, 8), Contains("expected \"{\""));
}

TEST_CASE("safetensors: more than a million tensors are too many") {
  std::string header = "{";
  for (std::size_t i = 0; i <= kMaxSafetensors; ++i)
    header += cat(i == 0 ? "\"" : ",\"", i, R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})");
  const std::string all = file_of(header + "}", "");
  CHECK_THAT(read_safetensors_header(all).error().message, Contains("more than 1,000,000 tensors"));
  const std::size_t last = header.rfind(",\"1000000\"");
  CHECK(read_safetensors_header(file_of(header.substr(0, last) + "}", "")).value().tensors.size() == kMaxSafetensors);
}

TEST_CASE("safetensors: a file cut at any byte is refused, one with any byte changed breaks no promise") {
  const std::string whole = read_file(kGolden / "all_types.safetensors");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    INFO(size);
    CHECK_FALSE(read_safetensors_header(whole.substr(0, size)).ok());
  }
  const auto files = golden_files();
  std::mt19937 random(12345);
  std::size_t num_accepted = 0;
  for (int i = 0; i < 10000; ++i) {
    std::string bytes = read_file(files[random() % files.size()]);
    // Mostly in the header, which is what is understood.
    const std::size_t reach = std::min<std::size_t>(bytes.size(), random() % 2 == 0 ? 200 : bytes.size());
    for (auto num_changes = 1 + random() % 3; num_changes > 0; --num_changes) {
      const std::size_t at = random() % reach;
      switch (random() % 4) {
        case 0: bytes[at] = static_cast<char>(random()); break;
        case 1: bytes.erase(at, 1 + random() % 3); break;
        case 2: bytes.insert(at, 1, "0123456789[]{},:\" \\"[random() % 19]); break;
        default: bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
      }
      if (bytes.size() < reach) bytes.resize(reach);
    }
    const std::string broken = test::broken_safetensors_promise(bytes);
    if (!broken.empty()) FAIL_CHECK(i << ": " << broken);
    num_accepted += read_safetensors_header(bytes).ok() ? 1u : 0u;
  }
  CHECK(num_accepted > 100);  // changed data, padding, names
}

TEST_CASE("safetensors: a folder's weights are one file, or the files of its index") {
  const test::TemporaryDirectory directory;
  write_bytes(directory / "model-1.safetensors", {{"a", "12"}, {"c", "3"}});
  write_bytes(directory / "model-2.safetensors", {{"b", "456"}});
  fs::create_directory(directory / "elsewhere");
  fs::rename(directory / "model-2.safetensors", directory / "elsewhere/blob");  // as the Hub's cache keeps them
  fs::create_symlink("elsewhere/blob", directory / "model-2.safetensors");
  write_index(directory.path(),
              R"({"a": "model-1.safetensors", "b": "model-2.safetensors", "c": "model-1.safetensors"})");
  const SafetensorsReader reader = SafetensorsReader::open_folder(directory.path());
  CHECK(reader.tensors().size() == 3);
  CHECK(reader.bytes("a") == "12");
  CHECK(reader.bytes("b") == "456");
  CHECK(reader.bytes("c") == "3");
  CHECK(reader.find("d") == nullptr);
  CHECK(reader.metadata().at("format") == "pt");
  write_bytes(directory / "model.safetensors", {{"d", "7"}});
  CHECK(SafetensorsReader::open_folder(directory.path()).bytes("d") == "7");
  write_bytes(directory / "adapter_model.safetensors", {{"e", "8"}});
  CHECK(SafetensorsReader::open_folder(directory.path(), "adapter_model").bytes("e") == "8");
}

TEST_CASE("safetensors: an index and its files must agree, and lead nowhere else") {
  const test::TemporaryDirectory directory;
  write_bytes(directory / "one.safetensors", {{"a", "12"}, {"c", "3"}});
  write_bytes(directory / "two.safetensors", {{"b", "456"}});
  const auto expect = [&directory](const std::string& weight_map, const std::string& message) {
    write_index(directory.path(), weight_map);
    INFO(weight_map);
    CHECK_THROWS_WITH(SafetensorsReader::open_folder(directory.path()), Contains(message));
    CHECK_THROWS_AS(SafetensorsReader::open_folder(directory.path()), ConfigError);
  };
  expect(R"({"a": "one.safetensors", "b": "two.safetensors"})", "it holds \"c\", which");
  expect(R"({"a": "one.safetensors", "c": "one.safetensors", "b": "one.safetensors"})", "has no such tensor");
  expect(R"({"a": "one.safetensors", "c": "two.safetensors", "b": "two.safetensors"})", "lists in two.safetensors");
  expect(R"({"a": "one.safetensors", "c": "one.safetensors", "x": "one.safetensors"})",
         "it lists \"x\" in one.safetensors");
  expect(R"({"a": "three.safetensors"})", "it names three.safetensors, which is not there");
  for (const char* name : {"../one.safetensors", "/etc/passwd", "./one.safetensors", "..", ".", "", ".safetensors",
                           "one.bin", "one.safetensors\\u0000", "x\\\\one.safetensors"})
    expect(cat(R"({"a": ")", name, "\"}"), "is not the name of a .safetensors file in this folder");
  expect("{}", "weight_map is empty");
  expect("[]", "no object \"weight_map\"");
  expect(R"({"a": 1})", "expected a file name, found integer");
  expect(R"({"a": "one.safetensors", "a": "one.safetensors"})", "appears twice");
}

TEST_CASE("safetensors: a folder with pickled weights alone is told apart from one without weights") {
  const test::TemporaryDirectory directory;
  CHECK_THROWS_WITH(SafetensorsReader::open_folder(directory.path()),
                    Contains("neither model.safetensors nor model.safetensors.index.json"));
  for (const char* name : {"training_args.bin", "optimizer.pt", "rng_state_0.pth"})
    write_file_durably(directory / name, "");
  CHECK_THROWS_WITH(SafetensorsReader::open_folder(directory.path()), !Contains("pickled"));
  for (const char* name : {"pytorch_model.bin", "consolidated.00.pth", "weights.pt"}) {
    write_file_durably(directory / name, "");
    CHECK_THROWS_WITH(SafetensorsReader::open_folder(directory.path()), Contains(name) && Contains("pickled"));
  }
  CHECK_THROWS_WITH(SafetensorsReader::open_folder(directory / "none"), Contains("there is no folder"));
}

TEST_CASE("safetensors: the writer refuses what would not be read, and shows nothing before it is whole") {
  const test::TemporaryDirectory directory;
  const fs::path path = directory / "out.safetensors";
  const TensorInfo info{"a", TensorType::float32, {2}};
  CHECK_THROWS_AS(SafetensorsWriter(path, {info, {"a", TensorType::uint8, {1}}}), RunError);
  CHECK_THROWS_AS(SafetensorsWriter(path, {{"a", TensorType::float32, {-1}}}), RunError);
  CHECK_THROWS_AS(SafetensorsWriter(path, {{"a", TensorType::float32, {1ll << 40, 1ll << 40}}}), RunError);
  {
    SafetensorsWriter writer(path, {info});
    writer.write("1234");
    CHECK_THROWS_WITH(writer.commit(), Contains("4 bytes of the 8"));
    CHECK_THROWS_AS(writer.write("56789"), RunError);
    CHECK_FALSE(fs::exists(path));
  }
  CHECK(fs::is_empty(directory.path()));
}

TEST_CASE("safetensors: a file can be replaced while it is open, and its old bytes stay") {
  const test::TemporaryDirectory directory;
  const fs::path path = directory / "model.safetensors";
  write_bytes(path, {{"a", std::string(100000, 'x')}});
  const SafetensorsReader reader = SafetensorsReader::open(path);
  write_bytes(path, {{"b", "y"}});
  CHECK(reader.bytes("a") == std::string(100000, 'x'));
  CHECK(SafetensorsReader::open(path).bytes("b") == "y");
}

TEST_CASE("safetensors: the bundled model is read") {
  const SafetensorsReader reader =
      SafetensorsReader::open_folder(fs::path(FORGELM_SOURCE_DIR) / "templates/quickstart/model");
  const TensorInfo* embedding = reader.find("model.embed_tokens.weight");
  REQUIRE(embedding != nullptr);
  CHECK(embedding->type == TensorType::float32);
  CHECK(embedding->shape == std::vector<std::int64_t>{512, 64});
}
