// Runs what the documents show: in every fenced `console` block of README.md and docs, a line "$ command" is run and
// must print what stands below it ("..." and "<*>" as in tests/cases). One block after the other, all of a document in
// one copy of the files that the documents speak of.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "forgelm/core/text.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"
#include "support/text_match.hpp"

namespace {

namespace fs = std::filesystem;

struct Step {
  int line = 0;
  std::string command;
  std::vector<std::string> output;
};

std::vector<Step> console_steps(const fs::path& document) {
  std::vector<Step> steps;
  std::ifstream in(document);
  bool is_inside = false;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (!is_inside) {
      is_inside = line == "```console";
    } else if (line == "```") {
      is_inside = false;
    } else if (line.starts_with("$ ")) {
      steps.push_back({number, line.substr(2), {}});
    } else {
      INFO(document << ":" << number << ": output before any command");
      REQUIRE_FALSE(steps.empty());
      steps.back().output.push_back(line);
    }
  }
  return steps;
}

std::vector<fs::path> documents() {
  const fs::path root = FORGELM_SOURCE_DIR;
  std::vector<fs::path> found = {root / "README.md"};
  for (const auto& entry : fs::recursive_directory_iterator(root / "docs"))
    if (entry.path().extension() == ".md") found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

void copy_project_files(const fs::path& to) {
  const fs::path root = FORGELM_SOURCE_DIR;
  for (const char* name : {"configs", "templates", "docs", "config_template.yaml"})
    if (fs::exists(root / name)) fs::copy(root / name, to / name, fs::copy_options::recursive);
}

}  // namespace

TEST_CASE("documents: every console block runs and prints what it shows") {
  std::size_t num_steps = 0;
  for (const auto& document : documents()) {
    const auto steps = console_steps(document);
    if (steps.empty()) continue;
    const forgelm::test::TemporaryDirectory folder;
    copy_project_files(folder.path());
    for (const auto& step : steps) {
      // Both streams as a terminal shows them.
      const auto result = forgelm::test::run_script("exec 2>&1\n" + step.command, folder.path().native());
      INFO(document << ":" << step.line << ": $ " << step.command << "\n" << result.out);
      CHECK(forgelm::test::matches(step.output, forgelm::test::lines_of(result.out)));
      ++num_steps;
    }
  }
  CHECK(num_steps >= 5);
}

TEST_CASE("documents: every link to a file of the repository leads somewhere") {
  for (const auto& document : documents()) {
    std::ifstream in(document);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    for (std::size_t at = text.find("]("); at != std::string::npos; at = text.find("](", at + 1)) {
      const std::string target = text.substr(at + 2, text.find(')', at) - at - 2);
      if (target.find("://") != std::string::npos || target.starts_with("#")) continue;
      INFO(document << ": " << target);
      CHECK(fs::exists(document.parent_path() / target.substr(0, target.find('#'))));
    }
  }
}
