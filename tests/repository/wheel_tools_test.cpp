// tools/libtorch, tools/arrow and tools/pdfium with a python3 that only pretends to be pip, and wheels of a few bytes
// made here.
#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/text.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"
#include "support/text_match.hpp"

using namespace forgelm;

namespace {

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

std::string little(std::uint64_t value, int num_bytes) {
  std::string out;
  for (int i = 0; i < num_bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
  return out;
}

/// A ZIP file without compression (APPNOTE 4.3.7, 4.3.12, 4.3.16).
std::string zip(const std::vector<std::pair<std::string, std::string>>& files) {
  std::string out, directory;
  for (const auto& [name, content] : files) {
    const std::string facts = little(20, 2) + little(0, 2) + little(0, 2) + little(0, 2) + little(0x21, 2) +
                              little(crc32(content), 4) + little(content.size(), 4) + little(content.size(), 4) +
                              little(name.size(), 2) + little(0, 2);
    directory += "PK\1\2" + little(20, 2) + facts + little(0, 2) + little(0, 2) + little(0, 2) + little(0, 4) +
                 little(out.size(), 4) + name;
    out += "PK\3\4" + facts + name + content;
  }
  const std::size_t start = out.size();
  return out + directory + "PK\5\6" + little(0, 4) + little(files.size(), 2) + little(files.size(), 2) +
         little(directory.size(), 4) + little(start, 4) + little(0, 2);
}

constexpr const char* kPython = R"(#!/bin/bash
# pip --version, or pip download ... --dest DIR ... REQUIREMENT: copies what lies in wheels/ for it.
[ "$3" = --version ] && exit "${FAKE_PIP_STATUS:-0}"
[ -z "$FAKE_PIP_FAILS" ] || { echo "ERROR: No matching distribution found" >&2; exit 1; }
while [ $# -gt 1 ]; do [ "$1" = --dest ] && dest=$2; shift; done
echo "$1" >>"$HOME/downloads"
cp "$HOME/wheels/${1%%==*}"-*.whl "$dest"
)";

class Sandbox {
 public:
  Sandbox() {
    for (const char* name : {"bin", "wheels"}) std::filesystem::create_directory(folder_ / name);
    script("python3", kPython);
    script("df", "#!/bin/bash\necho header; echo \"disk 9 9 ${FAKE_FREE_MB:-9000} 1% /\"\n");
    add("torch", zip({{"torch/lib/libtorch_cpu.so", "cpu"},
                      {"torch/lib/libc10.so", "c10"},
                      {"torch/lib/libtorch_python.so", "python"},
                      {"torch/include/ATen/ATen.h", "//"},
                      {"torch/nn/x.py", "pass"},
                      {"torch/version.py", "__version__ = '2.11.0'\n"}}));
    add("parts", zip({{"nvidia/cu13/lib/libcudart.so.13", "rt"}, {"nvidia/cu13/include/cuda.h", "//"}}));
  }

  /// Runs tools/libtorch; `suffix` stands behind it in the script.
  test::ProcessResult run(const std::string& variables = "", const std::string& suffix = "") {
    return run_tool(kTool, variables, suffix);
  }
  test::ProcessResult run_arrow(const std::string& variables = "") { return run_tool(kArrowTool, variables, ""); }
  test::ProcessResult run_pdfium(const std::string& variables = "") { return run_tool(kPdfiumTool, variables, ""); }
  /// The wheels are those added from here on.
  void forget_wheels() { lock_.clear(); }
  void add(const std::string& name, const std::string& wheel) {
    write_file_durably(folder_ / ("wheels/" + name + "-1.whl"), wheel);
    lock_ += cat(name, "==1\tany\t", name, "-1.whl\t", sha256_hex(wheel), "\n");
  }
  void script(const std::string& name, const std::string& text) {
    write_file_durably(folder_ / ("bin/" + name), text, 0755);
  }
  std::string downloads() const { return read_file_if_exists(folder_ / "downloads").value_or(""); }
  std::filesystem::path cache() const { return folder_ / ".cache/forgelm"; }
  std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }

  static constexpr const char* kTool = "'" FORGELM_SOURCE_DIR "/tools/libtorch'";
  static constexpr const char* kArrowTool = "'" FORGELM_SOURCE_DIR "/tools/arrow'";
  static constexpr const char* kPdfiumTool = "'" FORGELM_SOURCE_DIR "/tools/pdfium'";

 private:
  test::ProcessResult run_tool(const char* tool, const std::string& variables, const std::string& suffix) {
    write_file_durably(folder_ / "lock", lock_);
    return test::run_script(cat("export PATH=\"$HOME/bin:$PATH\" FORGELM_LIBTORCH_LOCK=$HOME/lock "
                                "FORGELM_ARROW_LOCK=$HOME/lock FORGELM_PDFIUM_LOCK=$HOME/lock\n",
                                variables, " ", tool, suffix),
                            folder_.path().native());
  }

  test::TemporaryDirectory folder_;
  std::string lock_;
};

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// Folders in the cache, finished or not.
int num_folders(const std::filesystem::path& cache) {
  int count = 0;
  if (std::filesystem::exists(cache))
    for (const auto& entry : std::filesystem::directory_iterator(cache)) count += entry.is_directory() ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("tools/libtorch downloads once, keeps what C++ needs, and prints the folder alone") {
  Sandbox box;
  const auto first = box.run();
  INFO(first.err);
  REQUIRE(first.exit_code == 0);
  const std::filesystem::path folder(first.out.substr(0, first.out.find('\n')));
  CHECK(first.out == folder.native() + "\n");
  CHECK(read_file(folder / "lib/libtorch_cpu.so") == "cpu");
  CHECK(std::filesystem::exists(folder / "include/ATen/ATen.h"));
  CHECK(std::filesystem::exists(folder / "../nvidia/cu13/lib/libcudart.so.13"));
  CHECK_FALSE(std::filesystem::exists(folder / "lib/libtorch_python.so"));
  CHECK_FALSE(std::filesystem::exists(folder / "nn"));
  CHECK(num_folders(box.cache()) == 1);

  const auto second = box.run("FAKE_PIP_FAILS=1");
  CHECK(second.out == first.out);
  CHECK(box.downloads() == "torch==1\nparts==1\n");
}

TEST_CASE("Two runs of tools/libtorch at once download once") {
  Sandbox box;
  const auto result = box.run("", cat(" & ", Sandbox::kTool, "; wait"));
  CHECK(result.exit_code == 0);
  const auto lines = test::lines_of(result.out);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == lines[1]);
  CHECK(box.downloads() == "torch==1\nparts==1\n");
}

TEST_CASE("A wheel with another hash is refused by name and nothing of it stays") {
  Sandbox box;
  write_file_durably(box / "wheels/torch-1.whl", zip({{"torch/lib/libtorch_cpu.so", "evil"}}));
  const auto result = box.run();
  CHECK(result.exit_code == 1);
  CHECK(result.out == "");
  CHECK(contains(result.err, "torch-1.whl is not the file that forgelm is pinned to"));
  CHECK(num_folders(box.cache()) == 0);
}

TEST_CASE("A wheel that cannot be unpacked is named and nothing of it stays") {
  Sandbox box;
  box.add("torn", "this is no ZIP file");
  const auto result = box.run();
  CHECK(result.exit_code == 1);
  CHECK(contains(result.err, "torn-1.whl could not be unpacked"));
  CHECK(num_folders(box.cache()) == 0);
}

TEST_CASE(
    "A pip that fails, a missing pip, a missing python3 and a full disk are told apart, and each names the way out") {
  Sandbox box;
  const auto offline = box.run("FAKE_PIP_FAILS=1");
  CHECK(offline.exit_code == 1);
  CHECK(contains(offline.err, "No matching distribution found"));
  CHECK(contains(offline.err, "pip could not download torch==1"));
  CHECK(contains(offline.err, "PIP_FIND_LINKS"));
  CHECK(contains(offline.err, "-DFORGELM_ENGINE=OFF"));

  CHECK(contains(box.run("FAKE_PIP_STATUS=1").err, "python3 has no pip"));
  CHECK(contains(box.run("FAKE_FREE_MB=100").err, "there are 100 MB free at "));

  for (const char* name : {"bash", "dirname", "grep", "sha256sum", "cut", "uname"})
    std::filesystem::create_symlink(std::string("/usr/bin/") + name, box / (std::string("bin/") + name));
  std::filesystem::remove(box / "bin/python3");
  CHECK(contains(box.run("PATH=$HOME/bin").err, "python3 is missing"));
  CHECK(num_folders(box.cache()) == 0);
}

TEST_CASE("What a killed run left is removed by the next") {
  Sandbox box;
  std::filesystem::create_directories(box.cache() / ".libtorch-abc123/unpacked");
  CHECK(box.run().exit_code == 0);
  CHECK(num_folders(box.cache()) == 1);
}

TEST_CASE("FORGELM_LIBTORCH is checked for its files and its version, and nothing is downloaded") {
  Sandbox box;
  const auto mine = box / "mine";
  const std::string variable = "FORGELM_LIBTORCH=" + mine.native();
  CHECK(contains(box.run(variable).err, "has no lib/libtorch_cpu.so"));
  std::filesystem::create_directories(mine / "lib");
  std::filesystem::create_directories(mine / "include/ATen");
  for (const char* name : {"lib/libtorch_cpu.so", "lib/libc10.so", "include/ATen/ATen.h"})
    write_file_durably(mine / name, "");
  CHECK(contains(box.run(variable).err, "says its version neither in build-version nor in version.py"));
  write_file_durably(mine / "version.py", "__version__ = '2.9.1+cpu'\n");
  CHECK(contains(box.run(variable).err, "is libtorch 2.9.1+cpu; forgelm is built with 2.11"));
  write_file_durably(mine / "build-version", "2.11.0+cpu\n");
  const auto result = box.run(variable);
  CHECK(result.exit_code == 0);
  CHECK(result.out == mine.native() + "\n");
  CHECK(box.downloads() == "");
}

TEST_CASE("tools/arrow keeps the two libraries, the headers and the licence of its wheel") {
  Sandbox box;
  box.forget_wheels();
  box.add("pyarrow", zip({{"pyarrow/libarrow.so.2600", "arrow"},
                          {"pyarrow/libparquet.so.2600", "parquet"},
                          {"pyarrow/libarrow_flight.so.2600", "flight"},
                          {"pyarrow/lib.cpython-311-x86_64-linux-gnu.so", "python"},
                          {"pyarrow/include/arrow/api.h", "//"},
                          {"pyarrow-26.dist-info/licenses/NOTICE.txt", "notice"},
                          {"pyarrow/parquet/core.py", "pass"}}));
  const auto first = box.run_arrow();
  INFO(first.err);
  REQUIRE(first.exit_code == 0);
  const std::filesystem::path folder(first.out.substr(0, first.out.find('\n')));
  CHECK(read_file(folder / "libarrow.so.2600") == "arrow");
  CHECK(read_file(folder / "libparquet.so.2600") == "parquet");
  CHECK(std::filesystem::exists(folder / "include/arrow/api.h"));
  CHECK(std::filesystem::exists(folder / "../pyarrow-26.dist-info/licenses/NOTICE.txt"));
  for (const char* name : {"libarrow_flight.so.2600", "lib.cpython-311-x86_64-linux-gnu.so", "parquet"})
    CHECK_FALSE(std::filesystem::exists(folder / name));
  CHECK(box.run_arrow("FAKE_PIP_FAILS=1").out == first.out);
}

TEST_CASE("An Arrow that cannot be had names the way to build without, and a wheel without libparquet is refused") {
  Sandbox box;
  const auto offline = box.run_arrow("FAKE_PIP_FAILS=1");
  CHECK(offline.exit_code == 1);
  CHECK(contains(offline.err, "-DFORGELM_PARQUET=OFF"));
  box.forget_wheels();
  box.add("pyarrow", zip({{"pyarrow/libarrow.so.2600", "arrow"}}));
  CHECK(contains(box.run_arrow().err, "the wheels hold no libparquet.so.2600"));
  CHECK(num_folders(box.cache()) == 0);
}

TEST_CASE("FORGELM_ARROW is checked for its version and its libraries, in the folder or in lib") {
  Sandbox box;
  const auto mine = box / "mine";
  const std::string variable = "FORGELM_ARROW=" + mine.native();
  CHECK(contains(box.run_arrow(variable).err, "has no include/arrow/util/config.h"));
  std::filesystem::create_directories(mine / "include/arrow/util");
  std::filesystem::create_directories(mine / "lib");
  const auto header = mine / "include/arrow/util/config.h";
  write_file_durably(header, "#define ARROW_VERSION_MAJOR 21\n#define ARROW_VERSION_STRING \"21.0.0\"\n");
  CHECK(contains(box.run_arrow(variable).err, "is Arrow 21.0.0; forgelm is built with 26"));
  write_file_durably(header, "#define ARROW_VERSION_STRING \"26.0.1\"\n");
  CHECK(contains(box.run_arrow(variable).err, "has no libarrow.so.2600"));
  write_file_durably(mine / "libarrow.so.2600", "");
  CHECK(contains(box.run_arrow(variable).err, "has no libparquet.so.2600"));
  write_file_durably(mine / "lib/libparquet.so.2600", "");
  const auto result = box.run_arrow(variable);
  CHECK(result.exit_code == 0);
  CHECK(result.out == mine.native() + "\n");
  CHECK(box.downloads() == "");
}

TEST_CASE("tools/pdfium keeps the library and the licences of its wheel") {
  Sandbox box;
  box.forget_wheels();
  box.add("pypdfium2", zip({{"pypdfium2_raw/libpdfium.so", "pdfium"},
                            {"pypdfium2_raw/bindings.py", "pass"},
                            {"pypdfium2-5.dist-info/licenses/LICENSES/Apache-2.0.txt", "licence"}}));
  const auto first = box.run_pdfium();
  INFO(first.err);
  REQUIRE(first.exit_code == 0);
  const std::filesystem::path folder(first.out.substr(0, first.out.find('\n')));
  CHECK(first.out == folder.native() + "\n");
  CHECK(read_file(folder / "libpdfium.so") == "pdfium");
  CHECK_FALSE(std::filesystem::exists(folder / "bindings.py"));
  CHECK(std::filesystem::exists(folder / "../pypdfium2-5.dist-info/licenses/LICENSES/Apache-2.0.txt"));
  CHECK(box.run_pdfium("FAKE_PIP_FAILS=1").out == first.out);
  CHECK(box.downloads() == "pypdfium2==1\n");
}

TEST_CASE("A PDFium that cannot be had names the way to build without, and a wheel without the library is refused") {
  Sandbox box;
  const auto offline = box.run_pdfium("FAKE_PIP_FAILS=1");
  CHECK(offline.exit_code == 1);
  CHECK(contains(offline.err, "-DFORGELM_PDF=OFF"));
  box.forget_wheels();
  box.add("pypdfium2", zip({{"pypdfium2_raw/bindings.py", "pass"}}));
  CHECK(contains(box.run_pdfium().err, "the wheels hold no libpdfium.so"));
  CHECK(num_folders(box.cache()) == 0);
}

TEST_CASE("FORGELM_PDFIUM is checked for the library, and nothing is downloaded") {
  Sandbox box;
  const auto mine = box / "mine";
  const std::string variable = "FORGELM_PDFIUM=" + mine.native();
  CHECK(contains(box.run_pdfium(variable).err, "has no libpdfium.so"));
  std::filesystem::create_directories(mine);
  write_file_durably(mine / "libpdfium.so", "");
  const auto result = box.run_pdfium(variable);
  CHECK(result.exit_code == 0);
  CHECK(result.out == mine.native() + "\n");
  CHECK(box.downloads() == "");
}
