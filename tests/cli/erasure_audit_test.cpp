// `forgelm purge` and `forgelm reverse-pii` as processes: with --config their entries stand under the key and the
// anchor of the job's log, and a job that cannot be read is refused before anything is done.
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"
#include "support/text_match.hpp"

namespace {

using namespace forgelm;
namespace fs = std::filesystem;

constexpr const char* kRows = "{\"id\": \"a\"}\n{\"id\": \"b\"}\n";

class Desk {
 public:
  Desk() {
    const fs::path keys = FORGELM_SOURCE_DIR "/tests/golden/signatures";
    fs::copy_file(keys / "ed25519.pem", folder_ / "key.pem");
    fs::permissions(folder_ / "key.pem", fs::perms::owner_read | fs::perms::owner_write);
    fs::copy_file(keys / "ed25519.pub.pem", folder_ / "key.pub");
    write_file_durably(folder_ / "rows.jsonl", kRows);
    write_file_durably(folder_ / "job.yaml",
                       "model: {name_or_path: m}\nlora: {}\ntraining: {output_dir: out}\ndata: {dataset_name_or_path: "
                       "rows.jsonl}\ncompliance: {anchor_path: anchor, audit_key: key.pem}\n");
    fs::create_directory(folder_ / "out");
    write_file_durably(folder_ / "out/forgelm_run.json", "{\"id\": \"fg-0123456789ab\"}");
  }
  int run(const std::string& command) {
    const auto result = test::run_script(cat("FORGELM_OPERATOR=desk XDG_CACHE_HOME=$PWD/cache forgelm ", command),
                                         folder_.path().native());
    UNSCOPED_INFO(command << "\n" << result.out << result.err);
    return result.exit_code;
  }
  std::string file(const std::string& name) const { return read_file(folder_ / name); }
  bool has(const std::string& name) const { return fs::exists(folder_ / name); }

 private:
  test::TemporaryDirectory folder_;
};

}  // namespace

TEST_CASE("erasure: with --config the key and the anchor of the job's log cover every entry") {
  const std::string verify = "verify-audit out/audit_log.jsonl --public-key key.pub --anchor anchor";
  for (const char* command : {"purge --row-id a --corpus rows.jsonl --output-dir out",
                              "purge --run-id fg-0123456789ab --kind artefacts --output-dir out",
                              "reverse-pii --query anybody rows.jsonl --output-dir out"}) {
    INFO(command);
    Desk desk;
    REQUIRE(desk.run(cat(command, " --config job.yaml")) == 0);
    CHECK(desk.file("anchor") == desk.file("out/audit_log.jsonl.checkpoint"));
    CHECK(desk.run(verify) == 0);
    // An entry that the key and the anchor do not cover is found.
    REQUIRE(desk.run("reverse-pii --query somebody rows.jsonl --output-dir out") == 0);
    CHECK(desk.file("anchor") != desk.file("out/audit_log.jsonl.checkpoint"));
    CHECK(desk.run(verify) == 6);
  }
}

TEST_CASE("erasure: a job that cannot be read is refused before anything is done") {
  Desk desk;
  CHECK(desk.run("purge --row-id a --corpus rows.jsonl --output-dir out --config missing.yaml") == 1);
  CHECK(desk.run("purge --run-id fg-0123456789ab --kind artefacts --output-dir out --config missing.yaml") == 1);
  CHECK(desk.run("reverse-pii --query a rows.jsonl --output-dir out --config missing.yaml") == 1);
  CHECK(desk.file("rows.jsonl") == kRows);
  CHECK(desk.has("out/forgelm_run.json"));
  CHECK_FALSE(desk.has("out/audit_log.jsonl"));
}
