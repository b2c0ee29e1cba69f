// The scripts in tools/: counting of test results, and installing of packages with a pretended package manager.
#include <fstream>
#include <string>

#include "support/temporary_directory.hpp"
#include "support/test.hpp"
#include "support/text_match.hpp"

namespace {

using forgelm::test::ProcessResult;
using forgelm::test::TemporaryDirectory;

const std::string kTools = std::string(FORGELM_SOURCE_DIR) + "/tools";

ProcessResult run_in(const TemporaryDirectory& folder, const std::string& script) {
  return forgelm::test::run_script(script, folder.path().native());
}

std::string last_line(const std::string& text) {
  const auto lines = forgelm::test::lines_of(text);
  return lines.empty() ? "" : lines.back();
}

ProcessResult count(const std::string& allowed, const std::string& results) {
  const TemporaryDirectory folder;
  std::ofstream(folder / "allowed") << allowed;
  std::ofstream(folder / "one.tsv") << results;
  return run_in(folder, kTools + "/lib/count_results allowed one.tsv");
}

/// Runs install_packages with commands that pretend: `shims` makes them in ./bin, which alone is on PATH beside the
/// few that the script itself needs.
ProcessResult install(const std::string& shims) {
  const TemporaryDirectory folder;
  const std::string prelude =
      "mkdir bin && cd bin\n"
      "shim() { printf '#!/bin/bash\\n%s\\n' \"$2\" > \"$1\" && chmod +x \"$1\"; }\n"
      "for tool in awk sed grep tr head tail mktemp rm cat dirname env bash nproc; do ln -s \"$(command -v $tool)\" "
      "$tool; done\n" +
      shims +
      "\ncd ..\n"
      "printf 'ID=debian\\nVERSION_ID=\"12\"\\n' > os-release\n"
      "FORGELM_OS_RELEASE=$PWD/os-release PATH=$PWD/bin /bin/bash -c 'set -euo pipefail; source " +
      kTools + "/lib/setup.sh; install_packages build; echo finished'\n";
  return run_in(folder, prelude + "status=$?\n[ -f log ] && cat log\n[ -f bin/log ] && cat bin/log\nexit $status");
}

const std::string kNothingInstalled = "shim dpkg-query 'exit 1'\n";
const std::string kAllInstalled = "shim dpkg-query 'echo install ok installed'\n";

}  // namespace

TEST_CASE("the closing line counts, and fails on a failure") {
  const auto good = count("", "passed\ta\npassed\tb\n");
  CHECK(good.exit_code == 0);
  CHECK(last_line(good.out) == "2 passed, 0 failed, 0 skipped");
  const auto bad = count("", "passed\ta\nfailed\tb\n");
  CHECK(bad.exit_code == 1);
  CHECK(last_line(bad.out) == "1 passed, 1 failed, 0 skipped");
  CHECK(bad.out.find("failed: b\n") != std::string::npos);
}

TEST_CASE("a skip is counted when it is on the list, and fails when it is not") {
  const auto listed = count("# comment\nb\tno such device\n", "passed\ta\nskipped\tb\tno device\n");
  CHECK(listed.exit_code == 0);
  CHECK(last_line(listed.out) == "1 passed, 0 failed, 1 skipped");
  CHECK(listed.out.find("skipped: b (no device)\n") != std::string::npos);
  const auto unlisted = count("# b\n", "passed\ta\nskipped\tb\tno device\n");
  CHECK(unlisted.exit_code == 1);
  CHECK(last_line(unlisted.out) == "1 passed, 1 failed, 0 skipped");
}

TEST_CASE("a run without any test fails") {
  const auto none = count("", "");
  CHECK(none.exit_code == 1);
  CHECK(last_line(none.out) == "0 passed, 1 failed, 0 skipped");
}

TEST_CASE("with all packages there nothing is installed and nothing is said") {
  const auto result = install(kAllInstalled + "shim apt-get 'echo called >> log; exit 1'");
  CHECK(result.exit_code == 0);
  CHECK(result.out == "finished\n");
}

TEST_CASE("missing packages are installed by root through apt-get") {
  const auto result = install(kNothingInstalled + "shim id 'echo 0'\nshim apt-get 'echo \"$@\" >> bin/log'");
  CHECK(result.exit_code == 0);
  CHECK(result.out.find("\nupdate\n") != std::string::npos);
  CHECK(result.out.find("install -y --no-install-recommends g++ cmake ninja-build") != std::string::npos);
}

TEST_CASE("a user without root and without sudo is told what to ask for") {
  const auto result = install(kNothingInstalled + "shim id 'echo 1000'\nshim apt-get 'echo called'");
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("packages are missing and there is neither root nor sudo: g++ cmake") != std::string::npos);
  CHECK(result.err.find("apt-get install g++") != std::string::npos);
  CHECK(result.out.find("called") == std::string::npos);
}

TEST_CASE("a user with sudo installs through it") {
  const auto result = install(kNothingInstalled +
                              "shim id 'echo 1000'\nshim apt-get 'echo \"$@\" >> bin/log'\nshim sudo 'echo sudo >> "
                              "bin/log; exec \"$@\"'");
  CHECK(result.exit_code == 0);
  CHECK(result.out.find("sudo\nupdate\nsudo\ninstall -y") != std::string::npos);
}

TEST_CASE("a download that fails shows what apt-get said and what to look at") {
  const auto result = install(kNothingInstalled +
                              "shim id 'echo 0'\nshim apt-get 'echo Temporary failure resolving the mirror; exit 100'");
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("Temporary failure resolving the mirror") != std::string::npos);
  CHECK(result.err.find("apt-get could not install: g++") != std::string::npos);
  CHECK(result.err.find("Is there a network") != std::string::npos);
}

TEST_CASE("a system without apt-get is told what is missing, by Debian's names") {
  const auto result = install("");
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("no apt-get, and these programs are missing: c++ cmake ninja python3 unzip") !=
        std::string::npos);
  CHECK(result.err.find("libyaml-cpp-dev") != std::string::npos);
}

TEST_CASE("a system without apt-get that has everything goes on") {
  const auto result = install("for tool in c++ cmake ninja python3 unzip; do shim $tool true; done");
  CHECK(result.exit_code == 0);
  CHECK(last_line(result.out) == "finished");
}
