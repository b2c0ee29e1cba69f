// On every job file that uses only the reference's keys and values, verdict and resolved values equal the reference's
// (tests/golden/config, made by the Python original). What differs on purpose stands in exceptions.txt, which is exact.
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "forgelm/config/load.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/core/text.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
namespace fs = std::filesystem;

const fs::path kGolden = fs::path(FORGELM_SOURCE_DIR) / "tests" / "golden" / "config";

/// "-" when refused, else the digest of the resolved configuration.
std::string outcome(const config::LoadedJob& loaded) {
  if (!loaded.ok()) return "-";
  return sha256_hex(dump(config::dump(loaded), {.sort_keys = true, .ensure_ascii = false}));
}

std::vector<std::string> lines_of_file(const fs::path& file) {
  std::vector<std::string> lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// Lines "kind<TAB>name" without comments and reasons (indented).
std::set<std::string> exceptions(std::string_view kind) {
  std::set<std::string> found;
  for (const auto& line : lines_of_file(kGolden / "exceptions.txt"))
    if (line.starts_with(cat(kind, '\t'))) found.insert(line.substr(kind.size() + 1));
  return found;
}

std::string problems(const config::LoadedJob& loaded) {
  std::string out;
  for (const auto& diagnostic : loaded.diagnostics) out += cat("  ", diagnostic.path, ": ", diagnostic.message, "\n");
  return out;
}

/// Compares what differs with the list, both ways. "*: value" stands for every field.
void check_exact(const std::map<std::string, std::string>& different, const std::set<std::string>& allowed) {
  std::set<std::string> used;
  for (const auto& [name, how] : different) {
    INFO(name << ": " << how);
    const std::string any = cat("*", name.substr(std::min(name.find(": "), name.size())));
    const std::string& entry = allowed.count(name) == 1 ? name : any;
    CHECK(allowed.count(entry) == 1);
    used.insert(entry);
  }
  for (const auto& name : allowed) {
    INFO(name << " is listed in exceptions.txt but does not differ");
    CHECK(used.count(name) == 1);
  }
}

/// The smallest job with `raw` (YAML) at `path`, as make.py writes it.
std::string job_with(const std::string& path, const std::string& raw) {
  std::map<std::string, std::string> sections = {
      {"model", "name_or_path: m"}, {"lora", ""}, {"training", ""}, {"data", "dataset_name_or_path: d"}};
  const auto parts = split(path, '.');
  std::string text;
  if (parts.size() == 1) {
    sections[path] = "\x01" + raw;
  } else {
    std::string inner = cat(parts.back(), ": ", raw);
    if (path == "merge.models[].path") inner += ", weight: 1.0";
    if (path == "merge.models[].weight") inner += ", path: a";
    for (std::size_t i = parts.size() - 1; i-- > 1;) {
      std::string name = parts[i];
      if (!name.ends_with("[]")) inner = cat(name, ": {", inner, "}");
      else if (name == "stages[]") inner = cat("stages: [{", parts[i + 1] == "name" ? "" : "name: one, ", inner, "}]");
      else inner = cat(name.substr(0, name.size() - 2), ": [{", inner, "}]");
    }
    auto& section = sections[parts[0]];
    // A value for the section's own required key replaces it.
    const bool is_replaced = section.starts_with(cat(parts.back(), ":")) && parts.size() == 2;
    section = section.empty() || is_replaced ? inner : cat(section, ", ", inner);
  }
  for (const char* name : {"model", "lora", "training", "data"}) {
    const std::string body = sections[name];
    text += body.starts_with('\x01') ? cat(text.empty() ? "" : ", ", name, ": ", body.substr(1))
                                     : cat(text.empty() ? "" : ", ", name, ": {", body, "}");
    sections.erase(name);
  }
  for (const auto& [name, body] : sections)
    text += body.starts_with('\x01') ? cat(", ", name, ": ", body.substr(1)) : cat(", ", name, ": {", body, "}");
  return cat("{", text, "}\n");
}

/// Rules look at the file system: every job is loaded in an empty folder, as the goldens were made.
class InEmptyFolder {
 public:
  InEmptyFolder() : before_(fs::current_path()) { fs::current_path(folder_.path()); }
  ~InEmptyFolder() { fs::current_path(before_); }

 private:
  fs::path before_;
  test::TemporaryDirectory folder_;
};

}  // namespace

TEST_CASE("config: every field takes, refuses and resolves values as the reference does") {
  const auto battery = lines_of_file(kGolden / "battery.txt");
  REQUIRE(battery.size() > 250);
  const InEmptyFolder folder;
  std::map<std::string, std::string> different;
  std::size_t num_fields = 0, num_accepted = 0, num_refused = 0;
  for (const auto& line : lines_of_file(kGolden / "scalars.tsv")) {
    const std::size_t tab = line.find('\t');
    const std::string path = line.substr(0, tab);
    std::vector<std::string> expected;
    for (const auto& run : split(line.substr(tab + 1), ' ')) {
      const std::size_t star = run.find('*');
      expected.insert(expected.end(), star == std::string::npos ? 1 : std::stoul(run.substr(star + 1)),
                      run.substr(0, star));
    }
    REQUIRE(expected.size() == battery.size());
    ++num_fields;
    for (std::size_t i = 0; i < battery.size(); ++i) {
      const auto loaded = config::read_job(job_with(path, battery[i]), "job.yaml");
      const std::string own = outcome(loaded).substr(0, 10);
      (expected[i] == "-" ? num_refused : num_accepted) += 1;
      if (own != expected[i])
        different[cat(path, ": ", battery[i])] =
            cat("reference ", expected[i], ", forgelm ", own, "\n", problems(loaded));
    }
  }
  CHECK(num_fields == 206);
  CHECK(num_accepted > 5000);
  CHECK(num_refused > 20000);
  check_exact(different, exceptions("scalar"));
}

TEST_CASE("config: whole job files are taken, refused and resolved as the reference does") {
  const InEmptyFolder folder;
  std::map<std::string, std::string> different;
  std::size_t num_documents = 0;
  for (const auto& line : lines_of_file(kGolden / "documents.jsonl")) {
    const Json golden = parse_json(line).value();
    const auto loaded = config::read_job(golden.at("text").text(), "job.yaml");
    const std::string expected = golden.at("digest").is_null() ? "-" : golden.at("digest").text();
    const std::string own = outcome(loaded);
    ++num_documents;
    if (own != expected)
      different[golden.at("name").text()] =
          cat("reference ", expected.substr(0, 10), ", forgelm ", own.substr(0, 10), "\n", problems(loaded));
    if (loaded.ok() && !loaded.job.pipeline && own == expected) {
      INFO(golden.at("name").text());
      CHECK(config::config_hash(loaded) == "sha256:" + expected);
    }
  }
  CHECK(num_documents > 900);
  check_exact(different, exceptions("document"));
}
