// The version of this build, as in `forgelm --version`, the User-Agent and every record that names its writer.
#pragma once

#include <string_view>

namespace forgelm {

/// "0.1.0": the version of the CMake project, which alone holds it.
std::string_view version() noexcept;

}  // namespace forgelm
