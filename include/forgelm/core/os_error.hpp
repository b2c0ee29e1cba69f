// Failures of the operating system as RunErrors, with the names of errno values that people search for.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "forgelm/core/error.hpp"

namespace forgelm {

/// "ENOSPC" for 28; "errno 999" for a value without a name here.
std::string errno_name(int error_number);

/// 28 for "ENOSPC"; nothing for a name that is not known here.
std::optional<int> errno_from_name(std::string_view name);

/// The error "cannot OPERATION PATH: No space left on device (ENOSPC)", with fields path, errno and operation: kind
/// out_of_disk for ENOSPC and EDQUOT, io for all others. `operation` is a verb: "write", "rename".
RunError os_error(std::string_view operation, std::string_view path, int error_number, std::string hint = {},
                  CodePlace where = CodePlace::current());

}  // namespace forgelm
