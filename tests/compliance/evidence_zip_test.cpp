// The auditor's archive, read back by a reader of the format's own description (and by unzip where there is one).
#include "forgelm/compliance/evidence_zip.hpp"

#include <zlib.h>

#include <cerrno>
#include <cstdlib>
#include <map>

#include "compliance/zip_writer.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/failpoint.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/text.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
namespace fs = std::filesystem;

std::uint32_t number(const std::string& bytes, std::size_t at, int size) {
  std::uint32_t value = 0;
  for (int i = 0; i < size; ++i)
    value |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes.at(at + static_cast<std::size_t>(i))))
             << (8 * i);
  return value;
}

std::string inflated(const std::string& packed, std::size_t size) {
  std::string out(size, '\0');
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, -MAX_WBITS) == Z_OK);
  std::string in = packed;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(inflate(&stream, Z_FINISH) == Z_STREAM_END);
  inflateEnd(&stream);
  return out;
}

/// Entries by the central directory, each checked against its local header.
std::vector<std::pair<std::string, std::string>> unpack(const std::string& zip) {
  const std::size_t end = zip.size() - 22;
  REQUIRE(number(zip, end, 4) == 0x06054b50);
  std::vector<std::pair<std::string, std::string>> out;
  std::size_t at = number(zip, end + 16, 4);
  for (std::uint32_t i = 0; i < number(zip, end + 10, 2); ++i) {
    REQUIRE(number(zip, at, 4) == 0x02014b50);
    const std::uint32_t method = number(zip, at + 10, 2), crc = number(zip, at + 16, 4),
                        packed = number(zip, at + 20, 4), size = number(zip, at + 24, 4),
                        name_size = number(zip, at + 28, 2), local = number(zip, at + 42, 4);
    CHECK(number(zip, at + 12, 4) == 0x00210000);  // 1980-01-01 00:00
    const std::string name = zip.substr(at + 46, name_size);
    REQUIRE(number(zip, local, 4) == 0x04034b50);
    CHECK(zip.substr(local + 30, name_size) == name);
    CHECK(number(zip, local + 14, 4) == crc);
    const std::string data = zip.substr(local + 30 + name_size, packed);
    std::string bytes = method == 0 ? data : inflated(data, size);
    CHECK(bytes.size() == size);
    CHECK(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()) == crc);
    out.emplace_back(name, std::move(bytes));
    at += 46 + name_size;
  }
  CHECK(at == end);
  return out;
}

void put(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  write_file_durably(path, text);
}

void make_run(const fs::path& run) {
  put(run / "forgelm_run.json", "{}");
  put(run / "audit_log.jsonl", "{}\n");
  put(run / "audit_log.jsonl.manifest.json", "{}");
  put(run / "audit_log.jsonl.checkpoint", "note");
  put(run / "loss.jsonl", std::string(5000, 'x'));
  put(run / "samples.jsonl", "what a person wrote");
  put(run / "compliance/compliance_report.json", "{}");
  put(run / "compliance/README.md", "# Compliance");
  put(run / "export/final_model/model_integrity.json", "{}");
  put(run / "export/final_model/README.md", "# Card");
  put(run / "export/final_model/adapter_model.safetensors", "weights");
  put(run / "checkpoint-4/model_integrity.json", "{}");
  fs::create_symlink("/etc/passwd", run / "compliance/link.json");
}

}  // namespace

TEST_CASE("evidence: the archive holds what is evidence, with an index of digests, and neither weights nor data") {
  const test::TemporaryDirectory folder;
  make_run(folder / "run");
  const auto packed = compliance::pack_evidence(folder / "run", folder / "evidence.zip");
  const auto entries = unpack(read_file(folder / "evidence.zip"));
  std::vector<std::string> names;
  for (const auto& entry : entries) names.push_back(entry.first);
  CHECK(names == std::vector<std::string>{"index.json", "audit_log.jsonl", "audit_log.jsonl.checkpoint",
                                          "audit_log.jsonl.manifest.json", "compliance/README.md",
                                          "compliance/compliance_report.json", "export/final_model/README.md",
                                          "export/final_model/model_integrity.json", "forgelm_run.json", "loss.jsonl"});
  const Json index = parse_json(entries.front().second).value();
  for (std::size_t i = 1; i < entries.size(); ++i) {
    const Json& file = index.at("files").items()[i - 1];
    CHECK(file.at("path").text() == entries[i].first);
    CHECK(file.at("sha256").text() == sha256_hex(entries[i].second));
    CHECK(entries[i].second == read_file(folder / "run" / entries[i].first));
  }
  CHECK(packed.absent.empty());
  CHECK(packed.sha256 == sha256_file(folder / "evidence.zip"));
}

TEST_CASE("evidence: the same folder gives the same bytes, at another time and place") {
  const test::TemporaryDirectory one, two;
  make_run(one / "run");
  make_run(two / "other");
  const auto first = compliance::pack_evidence(one / "run", one / "a.zip");
  fs::last_write_time(two / "other/loss.jsonl", fs::file_time_type::clock::now() - std::chrono::hours(1000));
  CHECK(compliance::pack_evidence(two / "other", two / "b.zip").sha256 == first.sha256);
}

TEST_CASE("evidence: what is absent is named; a folder without evidence and an archive among it are refused") {
  const test::TemporaryDirectory folder;
  put(folder / "run/forgelm_run.json", "{}");
  const auto packed = compliance::pack_evidence(folder / "run", folder / "e.zip");
  CHECK(packed.absent == std::vector<std::string>{"audit_log.jsonl", "compliance/"});
  fs::create_directory(folder / "empty");
  CHECK_THROWS_AS(compliance::pack_evidence(folder / "empty", folder / "e.zip"), ConfigError);
  CHECK_THROWS_AS(compliance::pack_evidence(folder / "absent", folder / "e.zip"), ConfigError);
  fs::create_directory(folder / "run/compliance");
  CHECK_THROWS_AS(compliance::pack_evidence(folder / "run", folder / "run/compliance/e.zip"), ConfigError);
}

TEST_CASE("evidence: a disk that fails leaves the archive before") {
  const test::TemporaryDirectory folder;
  make_run(folder / "run");
  write_file_durably(folder / "e.zip", "before");
  for (const char* point : {"durable.create", "durable.write", "durable.sync", "durable.rename"}) {
    failpoint::arm(point, failpoint::Action::error, ENOSPC);
    CHECK_THROWS_AS(compliance::pack_evidence(folder / "run", folder / "e.zip"), RunError);
    failpoint::disarm_all();
    CHECK(read_file(folder / "e.zip") == "before");
  }
}

TEST_CASE("zip: entries of every kind come back") {
  const test::TemporaryDirectory folder;
  std::string noise;
  std::uint32_t state = 1;
  for (int i = 0; i < 100000; ++i) noise += static_cast<char>((state = state * 1664525u + 1013904223u) >> 24);
  const std::vector<std::pair<std::string, std::string>> files = {{"empty", ""},
                                                                  {"one", "x"},
                                                                  {"folder/Gr\xC3\xBC\xC3\x9F"
                                                                   "e.txt",
                                                                   std::string(1 << 20, 'a')},
                                                                  {"noise", noise}};
  compliance::ZipWriter writer(folder / "a.zip");
  for (const auto& [name, bytes] : files) writer.add(name, bytes);
  CHECK_FALSE(fs::exists(folder / "a.zip"));
  writer.commit();
  const std::string zip = read_file(folder / "a.zip");
  CHECK(unpack(zip) == files);
  CHECK(zip.size() < noise.size() + 5000);  // a megabyte of one letter is packed, noise is stored
}
