// The shape of the source tree: who may include whom, where third-party headers may stand, how long a file may be.
#include "repository/source_tree.hpp"

#include "support/test.hpp"

namespace forgelm::test {
namespace {

std::vector<std::string> faults_of(std::string_view path, std::string_view text) {
  return include_faults(parse_source(path, text));
}

std::string joined(const std::vector<std::string>& lines) {
  std::string all;
  for (const std::string& line : lines) all += line + '\n';
  return all;
}

TEST_CASE("every module includes only what stands below it") {
  const std::vector<SourceFile> files = read_source_tree(FORGELM_SOURCE_DIR);
  REQUIRE(files.size() > 100);
  std::string all;
  for (const SourceFile& file : files) all += joined(include_faults(file));
  CHECK(all == "");
}

TEST_CASE("no header and no source is longer than its limit") {
  std::string all;
  for (const SourceFile& file : read_source_tree(FORGELM_SOURCE_DIR))
    if (const std::string fault = size_fault(file); !fault.empty()) all += fault + '\n';
  CHECK(all == "");
}

TEST_CASE("the include check finds an include against the direction") {
  CHECK(joined(faults_of("src/core/x.cpp",
                         "#include \"forgelm/core/y.hpp\"\n\n#  include \"forgelm/config/job.hpp\"\n")) ==
        "src/core/x.cpp:3: forgelm/config/job.hpp: core may not include config\n");
  CHECK(joined(faults_of("include/forgelm/config/x.hpp", "#include <forgelm/cli/app.hpp>\n")) ==
        "include/forgelm/config/x.hpp:1: forgelm/cli/app.hpp: config may not include cli\n");
  CHECK(faults_of("src/cli/commands/x.cpp", "#include \"../help.hpp\"\n#include \"forgelm/pipeline/plan.hpp\"\n")
            .empty());
  CHECK(faults_of("src/main.cpp", "#include <string>\n").empty());
}

TEST_CASE("the include check keeps private headers private") {
  CHECK(joined(faults_of("src/cli/x.cpp", "#include \"config/bind.hpp\"\n")) ==
        "src/cli/x.cpp:1: config/bind.hpp: the headers of src/config are private to it\n");
  CHECK(faults_of("src/config/x.cpp", "#include \"config/bind.hpp\"\n#include \"bind.hpp\"\n").empty());
  CHECK(faults_of("include/forgelm/config/x.hpp", "#include \"config/bind.hpp\"\n").size() == 1);
  CHECK(faults_of("include/forgelm/config/x.hpp", "#include \"bind.hpp\"\n").size() == 1);
}

TEST_CASE("the include check keeps third-party headers in their place") {
  CHECK(faults_of("include/forgelm/core/x.hpp", "#include <nlohmann/json.hpp>\n").size() == 1);
  CHECK(faults_of("src/core/x.cpp", "#include <nlohmann/json.hpp>\n#include <sys/stat.h>\n#include <spdlog/spdlog.h>\n")
            .empty());
  CHECK(faults_of("src/data/x.cpp", "#include <ATen/ATen.h>\n").size() == 1);
  CHECK(faults_of("src/engine/x.cpp", "#include <ATen/ATen.h>\n").empty());
  CHECK(faults_of("src/formats/x.cpp", "#include <arrow/api.h>\n").size() == 1);
  CHECK(faults_of("src/sentencepiece/x.cpp", "#include <sentencepiece_processor.h>\n").empty());
  CHECK_FALSE(faults_of("src/text/x.cpp", "#include <sentencepiece_processor.h>\n").empty());
  CHECK(faults_of("src/parquet/x.cpp", "#include <parquet/arrow/reader.h>\n#include <arrow/api.h>\n").empty());
  CHECK(faults_of("include/forgelm/engine/x.hpp", "#include <c10/util/Exception.h>\n").size() == 1);
  CHECK(faults_of("src/config/x.cpp", "#include <CLI/CLI.hpp>\n").size() == 1);
  CHECK(faults_of("src/cli/x.cpp", "#include <CLI/CLI.hpp>\n").empty());
  CHECK(faults_of("src/config/x.cpp", "#include <fmt/format.h>\n").size() == 1);
  CHECK(faults_of("src/engine/x.cpp", "#include <torch/types.h>\n#include <fmt/format.h>\n").size() == 2);
}

TEST_CASE("the size check counts lines with and without a line break at the end") {
  const std::string header_at_limit = std::string(249, '\n') + "int x;";
  CHECK(size_fault(parse_source("include/forgelm/core/x.hpp", header_at_limit)).empty());
  CHECK(size_fault(parse_source("include/forgelm/core/x.hpp", header_at_limit + "\nint y;")) ==
        "include/forgelm/core/x.hpp: 251 lines, at most 250");
  CHECK(size_fault(parse_source("src/core/x.cpp", std::string(700, '\n'))).empty());
  CHECK(size_fault(parse_source("src/core/x.cpp", std::string(701, '\n'))) == "src/core/x.cpp: 701 lines, at most 700");
}

}  // namespace
}  // namespace forgelm::test
