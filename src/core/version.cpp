#include "forgelm/core/version.hpp"

namespace forgelm {

std::string_view version() noexcept { return FORGELM_VERSION; }

}  // namespace forgelm
