// Base64 (RFC 4648, section 4): as tokenizer files hold bytes in it, and signatures travel in it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace forgelm {

/// What to do with bits that the last digit has beyond the last byte: a strict reader refuses them, Python's ignores
/// them.
enum class SpareBits { refused, ignored };

/// Standard base64 with padding; nothing when it is not that.
std::optional<std::string> base64_decode(std::string_view text, SpareBits spare_bits = SpareBits::refused);

/// Standard base64 with padding, on one line.
std::string base64_encode(std::string_view bytes);

}  // namespace forgelm
