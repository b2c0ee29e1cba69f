// Where libtorch is. Its version is read from the text file that every distribution of it carries, so that nothing of
// it (450 MB) is opened.
#include "forgelm/engine/libtorch.hpp"

#include <optional>
#include <vector>

#include "forgelm/core/env.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/library_folder.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/core/version.hpp"

// What the engine of this build was compiled with; empty without an engine.
#ifndef FORGELM_BUILD_LIBTORCH
#define FORGELM_BUILD_LIBTORCH ""
#define FORGELM_BUILD_LIBTORCH_VERSION ""
#endif

namespace forgelm::engine {
namespace {

constexpr std::string_view kBuiltWith = FORGELM_BUILD_LIBTORCH_VERSION;

/// "2.11" of "2.11.0+cu130": within these, libtorch keeps its binary interface.
std::string_view series(std::string_view version) {
  const std::size_t first = version.find('.');
  return version.substr(0,
                        version.find_first_not_of("0123456789", first == std::string_view::npos ? first : first + 1));
}

std::string read_version(const std::filesystem::path& folder) {
  if (const auto text = read_file_if_exists(folder / "build-version", 4096))
    return std::string(trim(*text));                                    // libtorch
  const auto text = read_file_if_exists(folder / "version.py", 65536);  // Python torch
  if (!text) return "";
  constexpr std::string_view kKey = "\n__version__ = '";
  const std::size_t at = text->find(kKey);
  if (at == std::string::npos) return "";
  const std::size_t start = at + kKey.size();
  return text->substr(start, text->find('\'', start) - start);
}

/// The libtorch in `folder`, or the reason why it is none that can be used.
Result<Libtorch> examine(const std::filesystem::path& folder, LibtorchOrigin origin) {
  for (const char* name : {"lib/libtorch_cpu.so", "lib/libc10.so"}) {
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(folder / name, ignored))
      return Failure{cat(folder.native(), " has no ", name)};
  }
  std::string version = read_version(folder);
  if (version.empty())
    return Failure{cat(folder.native(), " says its version neither in version.py nor in build-version")};
  if (series(version) != series(kBuiltWith))
    return Failure{
        cat(folder.native(), " holds libtorch ", version, ", and the engine was built for ", series(kBuiltWith))};
  return Libtorch{folder, std::move(version), origin};
}

}  // namespace

std::filesystem::path engine_file() { return library_folder() / "libforgelm_engine.so"; }

Result<Libtorch> find_libtorch() {
  if (!build_info().has_engine)
    return Failure{"this build of forgelm has no tensor engine", "configure with -DFORGELM_ENGINE=ON and build again"};
  const auto file = engine_file();
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored))
    return Failure{cat("the tensor engine is missing: there is no ", file.native()),
                   "install libforgelm_engine.so in the folder of libforgelm.so"};

  const std::string remedy = cat("set FORGELM_LIBTORCH to the folder of a libtorch ", series(kBuiltWith),
                                 " or of a Python torch ", series(kBuiltWith), " (it holds lib/libtorch_cpu.so)");
  if (const auto named = environment().variable("FORGELM_LIBTORCH"); named && !named->empty()) {
    auto found = examine(std::filesystem::absolute(*named), LibtorchOrigin::variable);
    if (!found) return Failure{cat("FORGELM_LIBTORCH does not fit: ", found.error().message), remedy + ", or unset it"};
    return found;
  }
  auto beside = examine(file.parent_path() / "libtorch", LibtorchOrigin::beside);
  if (beside) return beside;
  auto built = examine(FORGELM_BUILD_LIBTORCH, LibtorchOrigin::build);
  if (built) return built;
  return Failure{cat("libtorch is missing: ", beside.error().message, "; ", built.error().message), remedy};
}

}  // namespace forgelm::engine
