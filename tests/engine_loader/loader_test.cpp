// The torch wall seen from outside: this program does not link libtorch. Each step runs in a process of its own.
#include <filesystem>
#include <fstream>

#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/core/version.hpp"
#include "forgelm/engine/engine.hpp"
#include "forgelm/engine/libtorch.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"
#include "support/text_match.hpp"

using namespace forgelm;
using test::ProcessResult;

namespace {

ProcessResult probe(const std::string& arguments, const std::string& variables = "") {
  const test::TemporaryDirectory folder;
  return test::run_script(variables + " engine_probe " + arguments, folder.path().native());
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("A process that links forgelm maps neither the engine nor libtorch until the engine is asked for") {
  CHECK(probe("none").out == "mapped:\n");
  const auto found = probe("find");
  CHECK(found.exit_code == 0);
  CHECK(contains(found.out, "mapped:\n"));
}

#if FORGELM_TEST_WITH_ENGINE

namespace {

std::string with_fake_driver() { return std::string("LD_LIBRARY_PATH=") + FORGELM_FAKE_DRIVER_FOLDER; }

/// A folder that looks like a libtorch of that version and cannot be opened.
void make_libtorch(const std::filesystem::path& folder, const std::string& version) {
  std::filesystem::create_directories(folder / "lib");
  write_file_durably(folder / "lib/libtorch_cpu.so", "not a library");
  write_file_durably(folder / "lib/libc10.so", "not a library");
  write_file_durably(folder / "version.py", cat("import typing\n__version__ = '", version, "'\n"));
}

}  // namespace

TEST_CASE("libtorch's place and version are found without loading it") {
  const auto found = engine::find_libtorch();
  REQUIRE(found.ok());
  CHECK(found->version.rfind("2.11.", 0) == 0);
  CHECK(std::filesystem::exists(found->folder / "lib/libtorch_cpu.so"));
  CHECK_FALSE(engine::is_loaded());
}

TEST_CASE("The first use loads engine and libtorch, and the process ends cleanly with both loaded") {
  const auto result = probe("load");
  CHECK(result.err == "");
  CHECK(result.out == "mapped: engine torch_cpu\n");
  CHECK(result.exit_code == 0);
}

TEST_CASE("The engine says which libtorch, kernels, threads and devices it has") {
  const auto result = probe("info", "OMP_NUM_THREADS=2");
  INFO(result.out << result.err);
  CHECK(result.exit_code == 0);
  CHECK(contains(result.out, "libtorch 2.11."));
  CHECK(contains(result.out, "threads 2 working 2\n"));
  CHECK(contains(result.out, "device cpu "));
}

TEST_CASE("The processor is always there and opens CUDA for nobody") {
  const auto result = probe("open cpu");
  CHECK(result.out == "opened cpu\nmapped: engine torch_cpu\n");
}

TEST_CASE("A device that no host has is an error of configuration, caught by its type on this side") {
  const auto result = probe("open gpu");
  CHECK(result.exit_code == 1);
  CHECK(contains(result.err, "config: there is no device \"gpu\"\nhint: devices are auto, cpu, cuda and cuda:N"));
}

TEST_CASE("Without an NVIDIA driver CUDA is a device error with a hint, and auto is the processor") {
  if (engine::cuda_driver().major != 0) FORGELM_SKIP("this host has an NVIDIA driver");
  const auto result = probe("open cuda");
  CHECK(result.exit_code == 2);
  CHECK(contains(result.err, "device: cannot use CUDA: there is no NVIDIA driver"));
  CHECK(contains(result.err, "hint: nvidia-smi must list a GPU"));
  CHECK(probe("open auto").out == "opened cpu\nmapped: engine torch_cpu\n");
}

TEST_CASE("GPUs are named from the driver alone") {
  const auto result = probe("info", with_fake_driver());
  CHECK(contains(result.out,
                 "device cuda:0 Test GPU A 17179869184 compute 9.0\n"
                 "device cuda:1 Test GPU B 17179869184 compute 8.6\n"));
  CHECK(contains(result.out, "mapped: engine torch_cpu\n"));
}

TEST_CASE("A GPU that is not there, a driver too old and a driver that does not start are told apart") {
  const auto absent = probe("open cuda:2", with_fake_driver());
  CHECK(absent.exit_code == 2);
  CHECK(contains(absent.err, "device: there is no device cuda:2: the NVIDIA driver shows 2 GPUs, numbered from 0"));

  const auto old = probe("open cuda", with_fake_driver() + " FAKE_CUDA_VERSION=12040");
  CHECK(contains(old.err, "device: cannot use CUDA: the NVIDIA driver runs CUDA up to 12.4, and libtorch 2.11."));
  CHECK(contains(old.err, "install a newer NVIDIA driver"));

  const auto broken = probe("open cuda", with_fake_driver() + " FAKE_CUDA_INIT=100");
  CHECK(contains(broken.err,
                 "the NVIDIA driver does not start: no CUDA-capable device is detected (CUDA driver error 100)"));
}

TEST_CASE("libtorch's CUDA part is opened before libtorch is asked for GPUs, and what it lacks is named") {
  // The fake driver shows GPUs, so the CUDA part must be reached; a host without the NVIDIA libraries stops there.
  const auto result = probe("open cuda", with_fake_driver());
  INFO(result.err);
  CHECK(result.exit_code == 2);
  if (contains(result.out, "torch_cuda"))
    FORGELM_SKIP("this libtorch has all NVIDIA libraries, so its CUDA part opens");
  CHECK(contains(result.err, "device: cannot use CUDA: libtorch's CUDA part cannot be opened: "));
  CHECK(contains(result.err, "set FORGELM_LIBTORCH to its torch folder"));
  const auto automatic = probe("open auto", with_fake_driver());
  CHECK(contains(automatic.out, "opened cpu\n"));
  CHECK(contains(automatic.err, "Test GPU A is there but not used"));
}

TEST_CASE("CUDA asked for is found: libtorch first looks for it after it has been opened") {
  // A libtorch of links to the real one, whose CUDA part only registers itself. Had anything in the engine made
  // libtorch look before, the answer would be that it "has looked for GPUs before and found none".
  const auto found = engine::find_libtorch();
  REQUIRE(found.ok());
  const test::TemporaryDirectory folder;
  const auto mine = folder / "site/torch";
  std::filesystem::create_directories(mine / "lib");
  for (const auto& entry : std::filesystem::directory_iterator(found->folder / "lib"))
    std::filesystem::create_symlink(entry.path(), mine / "lib" / entry.path().filename());
  for (const char* name : {"version.py", "build-version"})
    if (std::filesystem::exists(found->folder / name))
      std::filesystem::create_symlink(found->folder / name, mine / name);
  std::filesystem::create_directory_symlink(found->folder / "../nvidia", folder / "site/nvidia");
  std::filesystem::remove(mine / "lib/libtorch_cuda.so");
  std::filesystem::create_symlink(FORGELM_FAKE_TORCH_CUDA, mine / "lib/libtorch_cuda.so");

  const auto result = probe("open cuda:1", with_fake_driver() + " FORGELM_LIBTORCH=" + mine.native());
  INFO(result.err);
  CHECK(result.exit_code == 2);
  CHECK(contains(result.out, "mapped: engine torch_cpu torch_cuda\n"));
  CHECK(contains(result.err, "cannot open device cuda:1: "));
  CHECK_FALSE(contains(result.err, "has looked for GPUs before"));
}

TEST_CASE("A GPU of this host is opened, or what libtorch lacks for it is named") {
  if (engine::cuda_driver().devices.empty()) FORGELM_SKIP("this host has no GPU");
  const auto result = probe("open cuda");
  INFO(result.out << result.err);
  CHECK((contains(result.out, "opened cuda:0\n") || contains(result.err, "libtorch's CUDA part cannot be opened")));
}

TEST_CASE("A FORGELM_LIBTORCH that does not fit is refused before anything is opened") {
  const test::TemporaryDirectory folder;
  const auto with = [&](const std::string& name) { return "FORGELM_LIBTORCH=" + (folder / name).native(); };
  const auto missing = probe("load", with("absent"));
  CHECK(missing.exit_code == 2);
  CHECK(contains(missing.err, "internal: FORGELM_LIBTORCH does not fit: " + (folder / "absent").native() +
                                  " has no lib/libtorch_cpu.so"));
  CHECK(contains(missing.err, "hint: set FORGELM_LIBTORCH to the folder of a libtorch 2.11"));

  make_libtorch(folder / "old", "2.9.1+cpu");
  CHECK(contains(probe("load", with("old")).err, "holds libtorch 2.9.1+cpu, and the engine was built for 2.11"));

  make_libtorch(folder / "torn", "2.11.0+cpu");
  const auto torn = probe("load", with("torn"));
  CHECK(
      contains(torn.err, "internal: the tensor engine cannot be loaded: " + (folder / "torn/lib/libc10.so").native()));
  CHECK(contains(torn.out, "mapped:\n"));
}

TEST_CASE("FORGELM_LIBTORCH names the libtorch that is loaded") {
  const auto found = engine::find_libtorch();
  REQUIRE(found.ok());
  const test::TemporaryDirectory folder;
  std::filesystem::create_directory_symlink(found->folder, folder / "mine");
  const auto result = probe("info", "FORGELM_LIBTORCH=" + (folder / "mine").native());
  CHECK(result.exit_code == 0);
  CHECK(contains(result.out, " in " + (folder / "mine").native() + "\n"));
}

TEST_CASE("An engine that is missing is named with the place where it was looked for") {
  const test::TemporaryDirectory folder;
  std::filesystem::copy(engine::engine_file().parent_path() / "libforgelm.so", folder / "libforgelm.so");
  const auto result = probe("load", "LD_LIBRARY_PATH=" + folder.path().native());
  CHECK(result.exit_code == 2);
  CHECK(contains(result.err,
                 "internal: the tensor engine is missing: there is no " + (folder / "libforgelm_engine.so").native()));
}

#else

TEST_CASE("A build without the engine says so") {
  const auto result = probe("load");
  CHECK(result.exit_code == 2);
  CHECK(contains(result.err, "internal: this build of forgelm has no tensor engine"));
  CHECK(contains(result.err, "-DFORGELM_ENGINE=ON"));
}

#endif
