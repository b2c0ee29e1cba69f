// The checked-in generated files are what the tables give now.
#include "forgelm/cli/generated.hpp"

#include <filesystem>
#include <set>

#include "forgelm/core/files.hpp"
#include "support/test.hpp"
#include "support/text_match.hpp"

namespace fs = std::filesystem;

TEST_CASE("generated files: those in the repository are up to date (tools/refresh writes them)") {
  const fs::path root = FORGELM_SOURCE_DIR;
  std::set<fs::path> expected;
  for (const auto& file : forgelm::cli::generated_files()) {
    INFO(file.path);
    expected.insert(root / file.path);
    const auto text = forgelm::read_file_if_exists(root / file.path);
    REQUIRE(text);
    CHECK(forgelm::test::lines_of(*text) == forgelm::test::lines_of(file.text));
  }
  for (const auto& entry : fs::recursive_directory_iterator(root / "docs" / "generated")) {
    INFO(entry.path() << " is not generated any more");
    if (entry.is_regular_file()) CHECK(expected.count(entry.path()) == 1);
  }
}
