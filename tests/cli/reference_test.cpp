// A dry run in JSON mode has the reference's keys, in its order and with its values (tests/golden/cli, made by the
// Python original), and ours behind them; a job that it refuses is refused with its exit code.
#include <fstream>

#include "forgelm/core/json.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"
#include "support/text_match.hpp"

namespace {

using namespace forgelm;

std::vector<std::string> keys_of(const Json& object, std::size_t num_keys) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.members())
    if (keys.size() < num_keys) keys.push_back(key);
  return keys;
}

void check_like_reference(const Json& expected, const Json& document) {
  const std::size_t num_keys = expected.members().size();
  CHECK(keys_of(document, num_keys) == keys_of(expected, num_keys));
  for (const auto& [key, value] : expected.members()) {
    if (key == "error") continue;  // the messages are ours
    INFO(key);
    REQUIRE(document.find(key) != nullptr);
    CHECK(dump(*document.find(key)) == dump(value));  // as text: 2 and 2.0 are not the same here
  }
}

}  // namespace

TEST_CASE("dry run: the JSON document is the reference's, with more behind") {
  std::ifstream in(std::string(FORGELM_SOURCE_DIR) + "/tests/golden/cli/dry_run.jsonl");
  std::size_t num_jobs = 0;
  for (std::string line; std::getline(in, line); ++num_jobs) {
    const Json golden = parse_json(line).value();
    INFO(golden.at("name").text());
    const test::TemporaryDirectory folder;
    std::ofstream(folder / "job.yaml", std::ios::binary) << golden.at("job").text();
    std::string command = "forgelm --config job.yaml --dry-run --output-format json";
    for (const auto& argument : golden.at("arguments").items()) command += " " + argument.text();
    const auto result = test::run_script(command, folder.path().native());
    CHECK(result.exit_code == golden.at("exit").integer());
    CHECK(result.err.empty());
    const auto document = parse_json(result.out);
    REQUIRE(document.ok());
    check_like_reference(golden.at("document"), document.value());
    const bool is_valid = golden.at("exit").integer() == 0;
    for (const char* key : {"plan", "warnings", "config_hash"}) CHECK((document->find(key) != nullptr) == is_valid);
    CHECK((document->find("error") != nullptr) == !is_valid);
  }
  CHECK(num_jobs >= 60);
}
