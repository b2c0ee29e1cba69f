// The JSON of a dry run begins with the Python original's keys and values (tests/golden/cli, made by it).
#include <fstream>

#include "forgelm/core/json.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"
#include "support/text_match.hpp"

using forgelm::Json;

TEST_CASE("dry run: the JSON has the reference's keys, in its order, with its values") {
  std::ifstream in(std::string(FORGELM_SOURCE_DIR) + "/tests/golden/cli/dry_run.jsonl");
  std::size_t num_jobs = 0;
  for (std::string line; std::getline(in, line); ++num_jobs) {
    const Json golden = forgelm::parse_json(line).value();
    const forgelm::test::TemporaryDirectory folder;
    std::ofstream(folder / "job.yaml") << golden.at("text").text();
    const auto result = forgelm::test::run_script("forgelm --config job.yaml --dry-run --output-format json",
                                                  folder.path().native());
    INFO(golden.at("text").text() << result.out << result.err);
    CHECK(result.exit_code == 0);
    const auto document = forgelm::parse_json(result.out);
    REQUIRE(document.ok());
    const Json& expected = golden.at("result");
    REQUIRE(expected.members().size() == 26);
    REQUIRE(document->members().size() > 26);
    for (std::size_t i = 0; i < expected.members().size(); ++i) {
      const auto& [key, value] = expected.members()[i];
      CHECK(document->members()[i].first == key);
      CHECK(dump(document->members()[i].second) == dump(value));
    }
  }
  CHECK(num_jobs > 60);
}
