// Every document of the golden corpus is read as PyYAML reads it: the same tree, or refused by both. What differs is
// listed in known_differences.txt, and that list is exact.
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "config/yaml_dump.hpp"
#include "support/test.hpp"

namespace {

using forgelm::config::read_yaml;
using forgelm::config::test::dump;

const std::filesystem::path kGolden = std::filesystem::path(FORGELM_SOURCE_DIR) / "tests" / "golden" / "yaml";

struct Case {
  std::string name;
  std::string document;
  std::string outcome;  ///< "ok <tree>", "error <why>" or "no tree <why>"
};

std::string unescape(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
    } else if (text[i + 1] == 'x') {
      out += static_cast<char>(static_cast<unsigned char>(std::stoi(text.substr(i + 2, 2), nullptr, 16)));
      i += 3;
    } else {
      out += text[i + 1] == 'n' ? '\n' : '\\';
      ++i;
    }
  }
  return out;
}

std::vector<Case> read_cases() {
  std::vector<Case> cases;
  for (const auto& file : std::filesystem::directory_iterator(kGolden / "corpus")) {
    std::ifstream in(file.path());
    Case next;
    std::string document;
    std::string blank;
    while (std::getline(in, next.name) && std::getline(in, document) && std::getline(in, next.outcome)) {
      next.document = unescape(document);
      cases.push_back(next);
      std::getline(in, blank);
    }
  }
  return cases;
}

/// The first words of the lines that are not indented and not comments.
std::set<std::string> read_known_differences() {
  std::set<std::string> names;
  std::ifstream in(kGolden / "known_differences.txt");
  for (std::string line; std::getline(in, line);)
    if (!line.empty() && line.front() != ' ' && line.front() != '#') names.insert(line);
  return names;
}

/// What read_yaml makes of a document, in the words of the corpus.
std::string own_outcome(const std::string& bytes) {
  const auto document = read_yaml(bytes, "document.yaml");
  if (!forgelm::has_errors(document.diagnostics)) return "ok " + dump(document.root);
  return "error " + document.diagnostics.front().code + ": " + document.diagnostics.front().message;
}

bool agrees(const std::string& reference, const std::string& own) {
  return reference.substr(0, 6) == "error " ? own.substr(0, 6) == "error " : own == reference;
}

}  // namespace

TEST_CASE("yaml: the golden corpus is read as the reference reads it, but for the known differences") {
  const std::vector<Case> cases = read_cases();
  REQUIRE(cases.size() > 2500);
  const std::set<std::string> known = read_known_differences();
  std::set<std::string> different;
  for (const Case& next : cases) {
    const std::string own = own_outcome(next.document);
    if (agrees(next.outcome, own)) continue;
    different.insert(next.name);
    INFO(next.name << "\n  document:  " << next.document << "\n  reference: " << next.outcome
                   << "\n  forgelm:   " << own);
    CHECK(known.count(next.name) == 1);
  }
  for (const std::string& name : known) {
    INFO(name << " is listed as a difference, but there is none");
    CHECK(different.count(name) == 1);
  }
}

TEST_CASE("yaml: every refusal in the golden corpus has a place in the document, a code and words") {
  static const std::set<std::string> kCodes = {"yaml_encoding", "yaml_character", "yaml_syntax",
                                               "yaml_limit",    "yaml_tag",       "yaml_alias",
                                               "yaml_scalar",   "yaml_documents", "yaml_key"};
  for (const Case& next : read_cases()) {
    const auto document = read_yaml(next.document, "document.yaml");
    if (!forgelm::has_errors(document.diagnostics)) continue;
    INFO(next.name << ": " << next.document);
    const forgelm::Diagnostic& error = document.diagnostics.front();
    CHECK(kCodes.count(error.code) == 1);
    CHECK(error.spot.file == "document.yaml");
    CHECK_FALSE(error.message.empty());
    REQUIRE(error.spot.line >= 1);
    REQUIRE(error.spot.line <= static_cast<int>(document.lines.size()));
    // One past the end is where something is missing.
    const std::string& line = document.lines[static_cast<std::size_t>(error.spot.line) - 1];
    CHECK(error.source_line == forgelm::line_to_show(line));
    CHECK(error.spot.column >= 1);
    CHECK(error.spot.column <= static_cast<int>(line.size()) + 1);
    CHECK(document.root.kind == forgelm::config::Node::Kind::null);
  }
}
