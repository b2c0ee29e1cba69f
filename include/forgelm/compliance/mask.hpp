// What leaves this process or stays for ever passes here first: secrets by value (core/redact.hpp) and by shape, with
// the reference's nine patterns (spec d.5; oracle: its mask_secrets, through tests/golden/webhook).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace forgelm::compliance {

/// `text` with every secret replaced: by "***" when this process knows its value, by "[REDACTED-SECRET]" when it only
/// looks like one.
std::string mask_secrets(std::string_view text);

/// mask_secrets(), then cut to `max_code_points` with `mark` behind it.
std::string masked_and_cut(std::string_view text, std::size_t max_code_points, std::string_view mark);

}  // namespace forgelm::compliance
