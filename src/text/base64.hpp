// Base64, as tokenizer files hold bytes in it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace forgelm::text {

/// What to do with bits that the last digit has beyond the last byte: a strict reader refuses them, Python's ignores
/// them.
enum class SpareBits { refused, ignored };

/// Standard base64 with padding; nothing when it is not that.
std::optional<std::string> base64_decode(std::string_view text, SpareBits spare_bits = SpareBits::refused);

}  // namespace forgelm::text
