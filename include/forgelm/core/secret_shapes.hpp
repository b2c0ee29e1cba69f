// The nine kinds of secrets that the reference knows by their shape, in its
// order (spec d.5; oracle: its mask_secrets and detect_secrets, through
// tests/golden/webhook and tests/golden/audit). What masks by shape and what
// scans data sets read this table.
#pragma once

#include <span>

#include "forgelm/core/pattern.hpp"

namespace forgelm {

struct SecretShape {
  const char *kind;
  const char *pattern;
  Pattern::Classes classes = Pattern::Classes::unicode;
  bool dot_is_all = false;
};

std::span<const SecretShape> secret_shapes() noexcept;

inline constexpr const char *kSecretMask = "[REDACTED-SECRET]";

} // namespace forgelm
