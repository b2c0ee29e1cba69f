// verify-gguf against the reference's verdicts (tests/golden/gguf/verdicts.jsonl).
#include "forgelm/formats/verify_gguf.hpp"

#include <sys/stat.h>

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

}  // namespace

TEST_CASE("verify-gguf: checks and exit codes are the reference's") {
  std::size_t num_rows = 0;
  for (const std::string& line : split(trim(read_file(kGolden / "verdicts.jsonl")), '\n')) {
    const Json row = parse_json(line).value();
    CAPTURE(row.at("case").text());
    const test::TemporaryDirectory directory;
    write_file_durably(directory / "model.gguf", hex_decode(row.at("file").text()).value());
    if (!row.at("sidecar").is_null())
      write_file_durably(directory / "model.gguf.sha256", hex_decode(row.at("sidecar").text()).value());
    const auto exit = static_cast<ExitCode>(row.at("exit").integer());
    ++num_rows;
    const Json* const checks = row.at("document").find("checks");
    if (checks == nullptr) {
      CHECK(exit == ExitCode::config_error);
      CHECK_THROWS_AS(verify_gguf(directory / "model.gguf"), ConfigError);
      continue;
    }
    const GgufReport report = verify_gguf(directory / "model.gguf");
    CHECK(report.exit_code() == exit);
    CHECK(report.is_valid == row.at("document").at("valid").boolean());
    CHECK(report.has_magic == checks->at("magic_ok").boolean());
    CHECK(report.is_parsed == checks->at("metadata_parsed").boolean());
    CHECK(report.metadata_error.empty() == checks->at("metadata_error").is_null());
    CHECK(report.has_sidecar == checks->at("sidecar_present").boolean());
    const Json& match = checks->at("sidecar_match");
    CHECK(report.is_sidecar_right == (match.is_null() ? std::nullopt : std::optional(match.boolean())));
    const Json* const num_tensors = checks->find("tensor_count");
    REQUIRE(report.num_tensors.has_value() == (num_tensors != nullptr));
    if (num_tensors != nullptr) CHECK(static_cast<std::int64_t>(*report.num_tensors) == num_tensors->integer());
    if (report.has_sidecar) {
      CHECK(report.sha256_actual == checks->at("sha256_actual").text());
      CHECK(report.sha256_expected == checks->at("sha256_expected").text());
    }
  }
  CHECK(num_rows == 18);
}

TEST_CASE("verify-gguf: a digest in capitals is a digest, and a pipe is nothing to verify") {
  const test::TemporaryDirectory directory;
  const std::string file = read_file(kGolden / "tensors.gguf");
  write_file_durably(directory / "m.gguf", file);
  write_file_durably(directory / "m.gguf.sha256", ascii_upper(sha256_hex(file)));
  CHECK(verify_gguf(directory / "m.gguf").is_valid);
  CHECK_THROWS_WITH(verify_gguf(directory / "none.gguf"), Contains("not found or not a regular file"));
  CHECK_THROWS_WITH(verify_gguf(directory.path()), Contains("not found or not a regular file"));
  REQUIRE(::mkfifo((directory / "pipe").c_str(), 0600) == 0);
  CHECK_THROWS_WITH(verify_gguf(directory / "pipe"), Contains("not found or not a regular file"));
}

TEST_CASE("verify-gguf: with its sidecar every flipped bit of a file is found") {
  const test::TemporaryDirectory directory(test::memory_directory());
  std::string file = read_file(kGolden / "quantized.gguf");
  write_file_durably(directory / "m.gguf.sha256", sha256_hex(file));
  for (std::size_t bit = 0; bit < 8 * file.size(); ++bit) {
    file[bit / 8] = static_cast<char>(file[bit / 8] ^ (1 << bit % 8));
    write_file_durably(directory / "m.gguf", file);
    const GgufReport report = verify_gguf(directory / "m.gguf");
    file[bit / 8] = static_cast<char>(file[bit / 8] ^ (1 << bit % 8));
    if (report.exit_code() != (bit < 32 ? ExitCode::config_error : ExitCode::integrity_failure)) FAIL("bit " << bit);
  }
}
