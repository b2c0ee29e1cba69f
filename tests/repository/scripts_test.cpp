// The shell under tools/: what is installed and what is said when that fails, with a pretended package manager, and how
// results are counted. Nothing here installs anything: the pretended programs are the first or the only ones on PATH.
#include <cstdlib>
#include <string>

#include "forgelm/core/version.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"
#include "support/text_match.hpp"

namespace forgelm::test {
namespace {

const std::string kSource = FORGELM_SOURCE_DIR;

// Only these programs and the pretended ones can be found; apt-get writes down how it was called.
const std::string kPretend =
    "mkdir bin\n"
    "for tool in bash awk cat dirname env grep head mktemp rm sed tail tr; do ln -s \"$(command -v $tool)\" bin/; "
    "done\n"
    "pretend() { printf '#!/bin/bash\\n%s\\n' \"$2\" >\"bin/$1\"; chmod +x \"bin/$1\"; }\n"
    "pretend id 'echo 0'\n"
    "pretend apt-get 'echo \"apt-get $*\" >>calls'\n"
    "pretend dpkg-query 'case \"${@: -1}\" in mold | libssl-dev) exit 1 ;; *) echo install ok installed ;; esac'\n"
    "printf 'ID=debian\\nVERSION_ID=\"12\"\\n' >os-release\n"
    "export FORGELM_OS_RELEASE=$PWD/os-release TMPDIR=$PWD\n";

/// Runs `change` on the pretended system and then install_packages build.
ProcessResult install(const TemporaryDirectory& folder, const std::string& change) {
  return run_script(kPretend + change + "\nPATH=$PWD/bin\nset -euo pipefail\nsource '" + kSource +
                        "/tools/lib/setup.sh'\ninstall_packages build\n",
                    folder.path().native());
}

std::string calls(const TemporaryDirectory& folder) {
  return run_script("cat calls 2>/dev/null", folder.path().native()).out;
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

ProcessResult count(const std::string& allowed, const std::string& results) {
  const TemporaryDirectory folder;
  return run_script("printf '" + allowed + "' >allowed; printf '" + results + "' >results.tsv; '" + kSource +
                        "/tools/lib/count_results' allowed results.tsv",
                    folder.path().native());
}

}  // namespace

TEST_CASE("set-up installs exactly what is missing") {
  const TemporaryDirectory folder;
  const ProcessResult result = install(folder, "");
  CHECK(result.exit_code == 0);
  CHECK(result.out == "== installing: mold libssl-dev\n");
  CHECK(calls(folder) == "apt-get update\napt-get install -y --no-install-recommends mold libssl-dev\n");
}

TEST_CASE("set-up is silent and calls nothing when all packages are there") {
  const TemporaryDirectory folder;
  const ProcessResult result = install(folder, "pretend dpkg-query 'echo install ok installed'");
  CHECK(result.exit_code == 0);
  CHECK(result.out + result.err == "");
  CHECK(calls(folder) == "");
}

TEST_CASE("set-up goes through sudo when it is not root") {
  const TemporaryDirectory folder;
  const ProcessResult result =
      install(folder, "pretend id 'echo 1000'\npretend sudo 'echo \"sudo $*\" >>calls; exec \"$@\"'");
  CHECK(result.exit_code == 0);
  CHECK(contains(calls(folder), "sudo env DEBIAN_FRONTEND=noninteractive apt-get update\napt-get update\n"));
}

TEST_CASE("set-up without root and sudo names the command for somebody who may") {
  const TemporaryDirectory folder;
  const ProcessResult result = install(folder, "pretend id 'echo 1000'");
  CHECK(result.exit_code == 1);
  CHECK(contains(result.err, "neither root nor sudo: mold libssl-dev"));
  CHECK(contains(result.err, "apt-get install mold libssl-dev"));
  CHECK(calls(folder) == "");
}

TEST_CASE("set-up shows what apt-get said when a download fails") {
  const TemporaryDirectory folder;
  const ProcessResult result = install(folder, "pretend apt-get 'echo E: Unable to fetch some archives; exit 100'");
  CHECK(result.exit_code == 1);
  CHECK(contains(result.err, "E: Unable to fetch some archives\n"));
  CHECK(contains(result.err, "apt-get could not install: mold libssl-dev"));
}

TEST_CASE("set-up without apt-get names the programs that are missing and what Debian calls them") {
  const TemporaryDirectory folder;
  const ProcessResult result = install(folder, "rm bin/apt-get; pretend cmake :; pretend c++ :");
  CHECK(result.exit_code == 1);
  CHECK(contains(result.err, "no apt-get, and these programs are missing: ninja python3 unzip\n"));
  CHECK(contains(result.err, " libyaml-cpp-dev "));
  CHECK(install(TemporaryDirectory(),
                "rm bin/apt-get; for tool in c++ cmake ninja python3 unzip; do pretend $tool :; done")
            .exit_code == 0);
}

TEST_CASE("set-up says when a system is not among the tried ones, and uses each system's own names") {
  const TemporaryDirectory folder;
  CHECK(contains(install(folder, "printf 'ID=other\\nVERSION_ID=7\\n' >os-release").out,
                 "other-7 is not among the systems"));
  const std::string list = "source '" + kSource + "/tools/lib/setup.sh'; packages_of check | grep libclang";
  const auto names = [&](const std::string& release) {
    return run_script("printf '" + release + "' >release; export FORGELM_OS_RELEASE=$PWD/release; " + list,
                      folder.path().native())
        .out;
  };
  CHECK(names("ID=debian\\nVERSION_ID=\"12\"\\n") == "libclang-rt-14-dev\n");
  CHECK(names("ID=ubuntu\\nVERSION_ID=\"24.04\"\\n") == "libclang-rt-18-dev\n");
}

TEST_CASE("the packages of an image are those that own what the program loads") {
  const TemporaryDirectory folder;
  const std::string system =
      "mkdir bin installed; touch installed/libown.so outer.so; printf '#!/bin/bash\\n' >installed/program; chmod +x "
      "installed/program\n"
      "pretend() { printf '#!/bin/bash\\n%s\\n' \"$2\" >\"bin/$1\"; chmod +x \"bin/$1\"; }\n"
      "pretend ldd \"[[ \\$1 == */program ]] && echo $'\\t'libown.so =\\> $PWD/installed/libown.so \\(0x1\\) && echo "
      "$'\\t'libouter.so =\\> $PWD/outer.so \\(0x2\\)\"\n"
      "pretend dpkg-query 'echo \"libouter1:amd64: $2\"'\n"
      "export PATH=$PWD/bin:$PATH\n";
  const std::string tool = "'" + kSource + "/tools/runtime-packages' installed";
  const ProcessResult found = run_script(system + tool, folder.path().native());
  CHECK(found.exit_code == 0);
  CHECK(found.out == "libouter1\n");
  const ProcessResult missing =
      run_script("export PATH=$PWD/bin:$PATH; printf '#!/bin/bash\necho libgone.so =\\> not found\n' >bin/ldd; " + tool,
                 folder.path().native());
  CHECK(missing.exit_code == 1);
  CHECK(contains(missing.err, "no library libgone.so is installed"));
}

TEST_CASE("the closing line counts passed, failed and allowed skips") {
  const ProcessResult good =
      count("# comment\\na b\\twhy\\n", "passed\\tone\\nskipped\\ta b\\tno GPU\\npassed\\ttwo\\nended\\n");
  CHECK(good.exit_code == 0);
  CHECK(good.out == "skipped: a b (no GPU)\n2 passed, 0 failed, 1 skipped\n");
  const ProcessResult bad = count("", "passed\\tone\\nfailed\\ttwo\\nended\\n");
  CHECK(bad.exit_code == 1);
  CHECK(bad.out == "failed: two\n1 passed, 1 failed, 0 skipped\n");
}

TEST_CASE("a skip that is not allowed fails, and so does a run without tests") {
  const ProcessResult skip = count("other\\twhy\\n", "passed\\tone\\nskipped\\ta b\\tno GPU\\nended\\n");
  CHECK(skip.exit_code == 1);
  CHECK(contains(skip.out, "a b was skipped (no GPU)"));
  CHECK(matches({"...", "1 passed, 1 failed, 0 skipped"}, lines_of(skip.out)));
  const ProcessResult none = count("", "ended\\n");
  CHECK(none.exit_code == 1);
  CHECK(matches({"no test ran", "0 passed, 1 failed, 0 skipped"}, lines_of(none.out)));
}

TEST_CASE("the quickstart shows losses, and samples before and after, from the files of a run") {
  const TemporaryDirectory folder;
  const auto show = [&](const std::string& files) {
    return run_script("mkdir -p run\n" + files + "set -euo pipefail\nsource '" + kSource +
                          "/tools/lib/setup.sh'\nsource '" + kSource + "/tools/lib/show_run.sh'\nshow_run run\n",
                      folder.path().native());
  };
  CHECK(contains(show("").err, "run holds no record of a run"));
  const std::string record =
      "printf '{\\n  \"metrics\": {\\n    \"initial_eval_loss\": 2.5,\\n    \"eval_loss\": 5e-1\\n  }\\n}\\n' "
      ">run/forgelm_run.json\n";
  CHECK(show(record).out == "held-out loss: 2.500 before, 0.500 after the training (0.20 of it)\n");
  const ProcessResult shown = show(record + R"(cat >run/samples.jsonl <<'END'
{"step": 0, "prompt": "Tell \"me\".", "text": "One\nTwo \\ three"}
{"step": 0, "prompt": "And?", "text": ""}
{"step": 9, "prompt": "Tell \"me\".", "text": "middle"}
{"step": 9, "prompt": "And?", "text": "middle"}
{"step": 10, "prompt": "Tell \"me\".", "text": "Good night, \u00c9va."}
{"step": 10, "prompt": "And?", "text": "100 % \"fine\""}
END
)");
  CHECK(shown.err == "");
  CHECK(shown.out ==
        "held-out loss: 2.500 before, 0.500 after the training (0.20 of it)\n"
        "\nTell \"me\".\n  before: One Two \\ three\n  after:  Good night, \xc3\x89va.\n"
        "\nAnd?\n  before: \n  after:  100 % \"fine\"\n");
}

TEST_CASE("an installed forgelm runs from a folder with a space in its name, also after it was moved") {
  const TemporaryDirectory folder;
  const ProcessResult result = run_script(std::string("cmake --install '" FORGELM_BINARY_DIR) +
                                              "' --prefix \"$PWD/first place\" >log || cat log\n"
                                              "mv 'first place' 'second place'\n"
                                              "'second place/bin/forgelm' --version\n"
                                              "test -f 'second place/share/man/man1/forgelm.1'\n",
                                          folder.path().native());
  if (build_info().has_parquet) {
    const ProcessResult arrow = run_script(
        "cd 'second place'; for name in lib/libforgelm_parquet.so lib/libarrow.so lib/libparquet.so; do ls $name*; "
        "done; "
        "ls share/doc/*/arrow; ldd lib/libforgelm_parquet.so | sed -n \"s#.*=> "
        "$PWD/lib/\\(lib[ap]a*r[a-z]*\\).*#\\1#p\" | sort",
        folder.path().native());
    CHECK(matches({"lib/libforgelm_parquet.so", "lib/libarrow.so.<*>", "lib/libparquet.so.<*>", "LICENSE.txt",
                   "NOTICE.txt", "libarrow", "libparquet"},
                  lines_of(arrow.out)));
  }
  CHECK(result.exit_code == 0);
  CHECK(result.out.rfind("forgelm ", 0) == 0);
  CHECK(result.err == "");
}

}  // namespace forgelm::test
