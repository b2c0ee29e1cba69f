// tools/test and tools/check must not say that all is well when a program beneath them did not do its work. The
// programs beneath are pretended ones, first on PATH: nothing is built, and what they leave behind is written here.
#include <string>

#include "support/temporary_directory.hpp"
#include "support/test.hpp"
#include "support/text_match.hpp"

namespace forgelm::test {
namespace {

const std::string kSource = FORGELM_SOURCE_DIR;

const std::string kPretend =
    "mkdir bin\n"
    "pretend() { printf '#!/bin/bash\\n%s\\n' \"$2\" >\"bin/$1\"; chmod +x \"bin/$1\"; }\n"
    "for tool in cmake ninja apt-get; do pretend $tool :; done\n"
    "pretend dpkg-query 'echo install ok installed'\n"
    "pretend git 'case $1 in ls-files) echo a.cpp ;; esac'\n"
    "export PATH=$PWD/bin:$PATH\n";

/// Runs tools/test where ctest knows the programs alpha and beta and, to run them, does `run` in the build folder.
ProcessResult run_tests(const std::string& run, const std::string& before = "") {
  const TemporaryDirectory folder;
  const std::string ctest =
      "case \" $* \" in *\" -N \"*) printf \"  Test #1: alpha\\n  Test #2: beta\\n\"; exit ;; esac\n"
      "cd \"$2\"; mkdir -p Testing/Temporary\n" +
      run;
  return run_script(kPretend + before + "\npretend ctest '" + ctest + "'\n'" + kSource +
                        "/tools/test' --no-install --build-dir \"$PWD/the build\" >out; code=$?; cat out; exit $code\n",
                    folder.path().native());
}

std::string last_line(const ProcessResult& result) {
  const std::vector<std::string> lines = lines_of(result.out);
  return lines.empty() ? std::string() : lines.back();
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

ProcessResult check(const std::string& option, const std::string& before) {
  const TemporaryDirectory folder;
  return run_script(kPretend + before + "\n'" + kSource + "/tools/check' " + option + "\n", folder.path().native());
}

}  // namespace

TEST_CASE("a run in which every program comes to its end passes") {
  const ProcessResult result = run_tests(
      "printf \"passed\\tone\\nended\\n\" >results/alpha.tsv\nprintf \"passed\\ttwo\\nended\\n\" >results/beta.tsv");
  CHECK(result.exit_code == 0);
  CHECK(last_line(result) == "2 passed, 0 failed, 0 skipped");
}

TEST_CASE("a run fails when ctest is killed before the last program") {
  const ProcessResult result = run_tests("printf \"passed\\tone\\nended\\n\" >results/alpha.tsv\nkill -KILL $$");
  CHECK(result.exit_code == 1);
  CHECK(contains(result.out, "failed: the test program beta did not run to its end\n"));
  CHECK(last_line(result) == "1 passed, 1 failed, 0 skipped");
}

TEST_CASE("a run fails when a program leaves before its last test, whatever its exit code") {
  const ProcessResult result =
      run_tests("printf \"passed\\tone\\n\" >results/alpha.tsv\nprintf \"passed\\ttwo\\nended\\n\" >results/beta.tsv");
  CHECK(result.exit_code == 1);
  CHECK(contains(result.out, "failed: the test program alpha did not run to its end\n"));
  CHECK(last_line(result) == "2 passed, 1 failed, 0 skipped");
}

TEST_CASE("a run fails when a program fails after tests that all passed") {
  const ProcessResult result = run_tests(
      "for name in alpha beta; do printf \"passed\\t$name\\nended\\n\" >results/$name.tsv; done\n"
      "echo 2:beta >Testing/Temporary/LastTestsFailed.log; exit 8");
  CHECK(result.exit_code == 1);
  CHECK(contains(result.out, "failed: the test program beta, after its tests\n"));
  CHECK(last_line(result) == "2 passed, 1 failed, 0 skipped");
}

TEST_CASE("a test that failed counts once, although its program failed too") {
  const ProcessResult result = run_tests(
      "printf \"failed\\tone\\nended\\n\" >results/alpha.tsv\nprintf \"passed\\ttwo\\nended\\n\" >results/beta.tsv\n"
      "echo 1:alpha >Testing/Temporary/LastTestsFailed.log; exit 8");
  CHECK(result.exit_code == 1);
  CHECK(last_line(result) == "1 passed, 1 failed, 0 skipped");
}

TEST_CASE("results of an earlier run do not count") {
  const ProcessResult result = run_tests(
      "true", "mkdir -p 'the build/results'; printf 'passed\\tone\\nended\\n' >'the build/results/alpha.tsv'");
  CHECK(result.exit_code == 1);
  CHECK(last_line(result) == "0 passed, 2 failed, 0 skipped");
}

TEST_CASE("a second run in the same build folder waits and says so") {
  const ProcessResult result =
      run_tests("for name in alpha beta; do printf \"passed\\t$name\\nended\\n\" >results/$name.tsv; done",
                // Holds the lock until the other run has said that it waits; gives up after a while if it never does.
                "mkdir 'the build'; mkfifo held\n"
                "{ exec 9>'the build/.lock'; flock 9; echo >held\n"
                "  for _ in {1..600}; do grep -q 'waiting for it' out && break; sleep 0.05; done; } 2>/dev/null &\n"
                "read -r _ <held\n");
  CHECK(result.exit_code == 0);
  CHECK(contains(result.out, "another run is building in"));
  CHECK(contains(result.out, "2 passed, 0 failed, 0 skipped\n"));
}

TEST_CASE("the format check fails when clang-format is missing or fails, and shows why") {
  const ProcessResult failing = check("--format", "pretend clang-format 'echo unknown style >&2; exit 1'");
  CHECK(failing.exit_code == 1);
  CHECK(contains(failing.err, "unknown style\n"));
  const ProcessResult missing =
      check("--format", "pretend xargs 'echo xargs: clang-format: No such file or directory >&2; exit 127'");
  CHECK(missing.exit_code == 1);
  CHECK(contains(missing.err, "clang-format: No such file or directory"));
}

TEST_CASE("the format check names the files that differ") {
  const std::string warning = "a.cpp:3:1: error: code should be clang-formatted [-Wclang-format-violations]";
  const ProcessResult result = check("--format", "pretend clang-format 'echo \"" + warning + "\" >&2; exit 1'");
  CHECK(result.exit_code == 1);
  CHECK(contains(result.err, " 1 a.cpp\ntools/check --format --fix formats them\n"));
  CHECK(check("--format", "pretend clang-format :").exit_code == 0);
}

TEST_CASE("checks against a revision that git does not know fail") {
  const ProcessResult result = check("--tidy --base no-such", "pretend git 'exit 1'");
  CHECK(result.exit_code == 1);
  CHECK(contains(result.err, "--base no-such: git knows no such revision\n"));
}

}  // namespace forgelm::test
