// The version of this build, as in `forgelm --version`, the User-Agent and every record that names its writer.
#pragma once

#include <string_view>

namespace forgelm {

/// "0.1.0": the version of the CMake project, which alone holds it.
std::string_view version() noexcept;

/// What this build is made from and with.
struct BuildInfo {
  std::string_view commit;      ///< "eb213a3f0c1d", "...-dirty" with uncommitted changes, "unknown" outside git
  std::string_view compiler;    ///< "GNU 12.2.0"
  std::string_view build_type;  ///< "RelWithDebInfo"
  std::string_view sanitizers;  ///< "address,undefined"; empty for none
  bool has_engine;              ///< the tensor engine was built beside this library
  bool has_parquet;             ///< so was what reads Parquet
};

const BuildInfo& build_info() noexcept;

}  // namespace forgelm
