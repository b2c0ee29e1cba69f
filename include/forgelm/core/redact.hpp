// Secrets known to this process, and their removal from what leaves it. Every log line passes through redact(); other
// sinks (JSON output, audit log, webhook, reports) call it themselves. Matching is by exact value: whoever reads a
// secret (token, HMAC key, API key) registers it before using it. Safe from any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace forgelm {

/// Shorter values are not registered: replacing "1234" everywhere would destroy more than it protects.
inline constexpr std::size_t kMinSecretBytes = 6;

/// Remembers `value` for the life of the process. False when it is shorter than kMinSecretBytes (it stays unprotected).
bool register_secret(std::string_view value);

/// `text` with every registered secret replaced by "***"; overlapping ones become one "***".
std::string redact(std::string_view text);

}  // namespace forgelm
