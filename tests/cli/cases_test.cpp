// Runs tests/cases/**/*.case; the README there tells the format.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "forgelm/core/json.hpp"
#include "forgelm/core/text.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"
#include "support/text_match.hpp"

namespace {

using namespace forgelm;
namespace fs = std::filesystem;

struct Part {
  std::string name, argument;
  std::vector<std::string> lines;

  std::string text() const { return lines.empty() ? "" : join(lines, "\n") + "\n"; }
};

struct Case {
  std::string file, title;
  std::vector<Part> parts;

  const Part* find(std::string_view name) const {
    const auto found = std::find_if(parts.begin(), parts.end(), [&](const Part& part) { return part.name == name; });
    return found == parts.end() ? nullptr : &*found;
  }
};

std::vector<Case> read_cases(const fs::path& file) {
  static const std::set<std::string> kNames = {"file", "run", "exit", "stdout", "stderr", "json", "wrote", "absent"};
  std::vector<Case> cases;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("=== ")) {
      cases.push_back({file.filename().native(), line.substr(4), {}});
    } else if (line.starts_with("--- ")) {
      REQUIRE_FALSE(cases.empty());
      const std::size_t blank = std::min(line.find(' ', 4), line.size());
      cases.back().parts.push_back({line.substr(4, blank - 4), line.substr(std::min(blank + 1, line.size())), {}});
      INFO(file << ": " << line);
      REQUIRE(kNames.count(cases.back().parts.back().name) == 1);
    } else if (!cases.empty() && !cases.back().parts.empty()) {
      cases.back().parts.back().lines.push_back(line);
    }
  }
  // Empty lines before the next case belong to nobody.
  for (Case& next : cases)
    if (!next.parts.empty())
      for (auto& lines = next.parts.back().lines; !lines.empty() && lines.back().empty();) lines.pop_back();
  return cases;
}

const Json* at_pointer(const Json& document, const std::string& pointer) {
  const Json* value = &document;
  for (const auto& key : split(std::string_view(pointer).substr(1), '/')) {
    if (value->kind() == Json::Kind::array) {
      const auto index = static_cast<std::size_t>(std::stoul(key));
      value = index < value->items().size() ? &value->items()[index] : nullptr;
    } else {
      value = value->find(key);
    }
    if (value == nullptr) return nullptr;
  }
  return value;
}

void check_json(const Case& next, const std::string& out) {
  if (next.find("json") == nullptr) return;
  const Result<Json> document = parse_json(out);
  CHECK(document.ok());
  if (!document.ok()) return;
  for (const Part& part : next.parts) {
    if (part.name != "json") continue;
    const std::string expected(trim(part.text()));
    const Json* value = at_pointer(document.value(), part.argument);
    INFO("at " << part.argument << ": " << (value == nullptr ? "nothing" : dump(*value)));
    if (expected == "<absent>") {
      CHECK(value == nullptr);
      continue;
    }
    CHECK(value != nullptr);
    if (value == nullptr) continue;
    if (expected == "<text>") {
      CHECK((value->kind() == Json::Kind::text && !value->text().empty()));
    } else {
      const Result<Json> wanted = parse_json(expected);
      REQUIRE(wanted.ok());
      CHECK(*value == wanted.value());
    }
  }
}

void check_stream(const Case& next, const char* name, const std::string& text) {
  const Part* part = next.find(name);
  if (part != nullptr && part->argument == "any") return;
  if (part == nullptr && std::string_view(name) == "stdout" && next.find("json") != nullptr) return;
  INFO(name << ":\n" << text);
  CHECK(test::matches(part == nullptr ? std::vector<std::string>() : part->lines, test::lines_of(text)));
}

void run(const Case& next) {
  INFO(next.file << ": " << next.title);
  const test::TemporaryDirectory folder;
  for (const Part& part : next.parts) {
    if (part.name != "file") continue;
    const fs::path path = folder / part.argument;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << part.text();
  }
  const Part* script = next.find("run");
  REQUIRE(script != nullptr);
  // One thread each: those of a parallel loop wait for each other, for minutes where a host is busy with other tests.
  const test::ProcessResult result =
      test::run_script("export OMP_NUM_THREADS=1\n" + script->text(), folder.path().native());
  const Part* exit = next.find("exit");
  {
    INFO("stderr:\n" << result.err);
    CHECK(result.exit_code == (exit == nullptr ? 0 : std::stoi(exit->argument)));
  }
  check_json(next, result.out);
  check_stream(next, "stdout", result.out);
  check_stream(next, "stderr", result.err);
  for (const Part& part : next.parts) {
    const fs::path path = folder / part.argument;
    INFO(part.name << " " << part.argument);
    if (part.name == "absent") CHECK_FALSE(fs::exists(path));
    if (part.name == "wrote") {
      REQUIRE(fs::exists(path));
      std::ifstream in(path, std::ios::binary);
      const std::string text{std::istreambuf_iterator<char>(in), {}};
      INFO(text);
      CHECK(test::matches(part.lines, test::lines_of(text)));
    }
  }
}

std::size_t run_folder(const char* name) {
  std::size_t num_cases = 0;
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(FORGELM_SOURCE_DIR) / "tests" / "cases" / name))
    if (entry.path().extension() == ".case") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const auto& file : files)
    for (const Case& next : read_cases(file)) {
      run(next);
      ++num_cases;
    }
  return num_cases;
}

}  // namespace

TEST_CASE("cases: the command line does and says what tests/cases/cli holds") { CHECK(run_folder("cli") >= 40); }

TEST_CASE("cases: runs end as tests/cases/run holds") {
  if (!FORGELM_TEST_WITH_ENGINE) FORGELM_SKIP("built without the engine");
  CHECK(run_folder("run") >= 8);
}

TEST_CASE("cases: mistakes in job files are told as tests/cases/config holds") { CHECK(run_folder("config") >= 60); }

TEST_CASE("cases: the matcher tells texts apart") {
  const auto fits = [](const char* expected, const char* actual) {
    return test::matches(test::lines_of(expected), test::lines_of(actual));
  };
  CHECK(fits("a\n...\nd\n", "a\nb\nc\nd\n"));
  CHECK(fits("a\n...\n", "a\n"));
  CHECK_FALSE(fits("a\n...\nd\n", "a\nb\nc\n"));
  CHECK(fits("x <*> z\n", "x yy z\n"));
  CHECK_FALSE(fits("x <*> z\n", "x yy\n"));
  CHECK_FALSE(fits("", "a\n"));
  CHECK_FALSE(fits("a\n", ""));
}
