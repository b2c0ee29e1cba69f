// Verification of Annex IV files and pipelines against the reference's verdicts on the same bytes.
#include "forgelm/compliance/annex_iv.hpp"

#include <filesystem>

#include "compliance/manifest_stamp.hpp"
#include "compliance/reference_json.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/hash.hpp"
#include "golden_rows.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
namespace fs = std::filesystem;

/// The folder of a row of pipelines.jsonl: the clean one, with what differs.
void make_folder(const Json& clean, const Json& row, const fs::path& root) {
  const auto put = [&](const Json& files) {
    for (const auto& [name, content] : files.members()) {
      const fs::path path = root / name;
      fs::create_directories(path.parent_path());
      if (content.is_null()) fs::remove(path);
      else
        write_file_durably(
            path, content.kind() == Json::Kind::object ? *hex_decode(content.at("hex").text()) : content.text());
    }
  };
  if (row.at("is_change").boolean()) put(clean.at("files"));
  put(row.at("files"));
}

std::optional<std::string> secret_of(const Json& row) {
  return row.at("secret").is_null() ? std::nullopt : std::optional(row.at("secret").text());
}

}  // namespace

TEST_CASE("annex iv: the hash of a document is the reference's, of today and of older releases") {
  std::size_t num_stamps = 0;
  for (const Json& row : test::golden_rows("hashes.jsonl")) {
    INFO(row.at("text").text());
    const auto document = compliance::parse_reference_json(row.at("text").text());
    REQUIRE(document);
    if (const Json* stamp = row.find("stamp")) {
      const compliance::ManifestStamp found = compliance::check_stamp(*document);
      CHECK(found.expected == stamp->text());
      CHECK(found.actual == stamp->text());
      CHECK(found.is_legacy == row.at("legacy").boolean());
      ++num_stamps;
    } else {
      CHECK(compliance::annex_iv_hash(*document) == row.at("hash").text());
    }
  }
  CHECK(num_stamps > 20);
}

TEST_CASE("annex iv: a file is judged as the reference judges it") {
  const test::TemporaryDirectory folder;
  for (const Json& row : test::golden_rows("documents.jsonl")) {
    const std::string& text = row.at("text").text();
    INFO(text);
    write_file_durably(folder / "annex.json", text);
    const compliance::AnnexIvResult result = compliance::verify_annex_iv_file(folder / "annex.json");
    CHECK(result.is_valid == row.at("valid").boolean());
    CHECK(Json::array_of(result.missing_fields) == row.at("missing_fields"));
    CHECK(static_cast<int>(result.exit_code()) == row.at("exit_code").integer());
    const Json& expected = row.at("manifest_hash_expected");
    if (expected.kind() == Json::Kind::text) {
      CHECK(result.hash_expected == expected.text());
      CHECK(result.hash_actual == row.at("manifest_hash_actual").text());
    }
    CHECK(result.points.is_null());
  }
}

TEST_CASE("annex iv: a file that is no such document is a fault of the caller, one that differs in a bit is found") {
  const test::TemporaryDirectory folder;
  CHECK_THROWS_AS(compliance::verify_annex_iv_file(folder / "absent.json"), ConfigError);
  CHECK_THROWS_AS(compliance::verify_annex_iv_file(folder.path()), ConfigError);
  for (const std::string text : {"", "{", "{} x", "\xff", "{\"a\": 1, \"a\": 2}"}) {
    write_file_durably(folder / "bad.json", text);
    CHECK_THROWS_AS(compliance::verify_annex_iv_file(folder / "bad.json"), ConfigError);
  }
  const Json first = test::golden_rows("documents.jsonl").front();
  const std::string whole = first.at("text").text();
  std::size_t num_found = 0, num_unseen = 0;
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string changed = whole;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    const auto document = compliance::parse_reference_json(changed);
    if (!document) continue;  // no JSON any more
    (compliance::verify_annex_iv(*document).is_valid ? num_unseen : num_found) += 1;
  }
  CHECK(num_found > 1000);
  // A blank outside of texts is no content: " " ^ 0x08 is no blank of JSON, and a key of metadata may change its name
  // and leave the document without a stamp, which is said.
  INFO(num_unseen);
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string changed = whole;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    const auto document = compliance::parse_reference_json(changed);
    if (!document) continue;
    const auto result = compliance::verify_annex_iv(*document);
    if (result.is_valid) CHECK(result.hash_expected.empty());
  }
}

TEST_CASE("annex iv: pipelines are judged as the reference judges them") {
  const auto rows = test::golden_rows("pipelines.jsonl");
  for (const Json& row : rows) {
    const std::string& name = row.at("name").text();
    if (name == "relative to the start" || name == "no secret") continue;
    if (name == "an index of another kind") continue;  // Python takes true for 1
    INFO(name);
    const test::TemporaryDirectory folder;
    make_folder(rows.front(), row, folder.path());
    const compliance::PipelineReport report = compliance::verify_pipeline(folder.path(), secret_of(row));
    const Json& reference = row.at("reference");
    for (const auto& violation : report.violations) UNSCOPED_INFO(violation.text);
    CHECK(static_cast<int>(report.exit_code()) == reference.at("exit_code").integer());
    // How a finding is told, and whether twice, is each program's own matter.
    CHECK(report.violations.empty() == (reference.at("num_violations").integer() == 0));
    const Json& theirs = reference.at("facts");
    for (const char* key : {"stages_total", "stages_examined", "evidence_verified", "evidence_unverified", "hash_state",
                            "audit_corroboration"}) {
      INFO(key);
      CHECK(dump(report.facts.at(key)) == dump(theirs.at(key)));
    }
    // A status that is no text is shown by the kind's name, which is Python's there and JSON's here.
    if (name != "a status that is no text" && name != "no status" && name != "a stage that is no object") {
      CHECK(dump(report.facts.at("status_census")) == dump(theirs.at("status_census")));
      CHECK(dump(report.facts.at("stage_dispositions")) == dump(theirs.at("stage_dispositions")));
    }
  }
}

TEST_CASE("annex iv: a clean pipeline passes whatever directory it was started in, and a missing secret is named") {
  const auto rows = test::golden_rows("pipelines.jsonl");
  int num_seen = 0;
  for (const Json& row : rows) {
    const std::string& name = row.at("name").text();
    if (name != "relative to the start" && name != "no secret") continue;
    ++num_seen;
    INFO(name);
    const test::TemporaryDirectory folder;
    make_folder(rows.front(), row, folder.path());
    CHECK(row.at("reference").at("exit_code").integer() != 0);  // the slip that is mended
    const auto report = compliance::verify_pipeline(folder / row.at("folder").text(), secret_of(row));
    for (const auto& violation : report.violations) UNSCOPED_INFO(violation.text);
    CHECK(report.exit_code() == ExitCode::ok);
    CHECK(report.num_verified == 3);
    CHECK(report.facts.at("audit_corroboration").at("outcome").text() ==
          (name == "no secret" ? "unattested" : "corroborated"));
    CHECK((report.notes.size() == 1) == (name == "no secret"));
  }
  CHECK(num_seen == 2);
}
