// Where the engine's libtorch is, found without loading it: for `forgelm --version`, a doctor and the loader.
#pragma once

#include <filesystem>
#include <string>

#include "forgelm/core/result.hpp"

namespace forgelm::engine {

enum class LibtorchOrigin {
  variable,  ///< the environment variable FORGELM_LIBTORCH names it
  beside,    ///< the folder libtorch beside the engine, as packages install it
  build,     ///< the one that this build was made with
};

struct Libtorch {
  std::filesystem::path folder;  ///< holds lib/libtorch_cpu.so
  std::string version;           ///< "2.11.0+cu130"
  LibtorchOrigin origin = LibtorchOrigin::build;
};

/// The libtorch that engine() would load, or why there is none: no engine in this build, nothing at the places looked
/// at (the message names them), or one that does not fit the engine. FORGELM_LIBTORCH, when set, is the only place.
Result<Libtorch> find_libtorch();

/// The file of the engine beside libforgelm.so; it need not exist.
std::filesystem::path engine_file();

}  // namespace forgelm::engine
