// Whether a GGUF file is whole: its magic, its metadata and tensors, and the digest in PATH.sha256 where there is one.
// Checks, verdicts and exit codes are the reference's, except that the metadata are always read. The trap: the sidecar
// finds damage and not an attacker, who can write it anew.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "forgelm/core/exit_code.hpp"

namespace forgelm::formats {

struct GgufReport {
  bool is_valid = false;
  std::string reason;  ///< one sentence, always
  bool has_magic = false;
  bool is_parsed = false;
  std::string metadata_error;  ///< empty when it was parsed, or not looked at
  bool has_sidecar = false;
  std::optional<bool> is_sidecar_right;  ///< nothing without one
  std::optional<std::uint64_t> num_tensors, num_metadata;
  std::optional<std::uint32_t> version;
  std::string sha256_actual, sha256_expected;  ///< with a sidecar; what it says, right or not

  /// 0; 6 for a file that is damaged or was changed; 1 where nothing was compared (no GGUF file, a malformed sidecar)
  /// or the digest shows that the bytes are those that were exported.
  ExitCode exit_code() const noexcept;
};

/// ConfigError when there is no regular file at the path or its sidecar is not text, RunError(io) when it cannot be
/// read.
GgufReport verify_gguf(const std::filesystem::path& path);

}  // namespace forgelm::formats
