// Identifiers of people in records that stay: only as SHA-256(salt + identifier), so that the record says that
// something was done for somebody and not for whom. The salt is 16 random bytes in FOLDER/.forgelm_audit_salt, readable
// by its owner alone; with FORGELM_AUDIT_SECRET set, its first 16 bytes are XORed in, so that the file alone is not
// enough either. Both are the reference's: either program finds the other's hashes again. Removing the salt file makes
// every hash in the log unlinkable for good.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "forgelm/core/choices.hpp"

namespace forgelm::compliance {

inline constexpr const char* kSaltFile = ".forgelm_audit_salt";

/// per_dir: the file's bytes. env_var: mixed with FORGELM_AUDIT_SECRET.
FORGELM_CHOICES(SaltSource, per_dir, env_var)

struct Salt {
  std::string bytes;
  std::string source;  ///< as the record has it: "per_dir", "env_var"; "ephemeral" for one that nobody keeps
};

/// The salt of a folder, made when it is missing. Without `wanted` the secret is mixed in when there is one.
/// ConfigError when env_var is wanted and there is no secret; RunError(io) for a file that cannot be made or read or is
/// too short.
Salt salt_of(const std::filesystem::path& folder, std::optional<SaltSource> wanted = std::nullopt);

/// The same for a work that must write nothing: where there is no file, a salt that is forgotten ("ephemeral").
Salt salt_without_writing(const std::filesystem::path& folder);

/// Lower-case hex.
std::string identifier_hash(const Salt& salt, std::string_view identifier);

/// "<id_hash:0123456789ab...>": what stands for the identifier in messages; the dots are one character.
std::string hash_mark(std::string_view hash);

/// `text` with the identifier replaced by hash_mark(), whatever the case of its letters; a short one only where it is a
/// word of its own. For paths and words of an operator, which may name a person too.
std::string without_identifier(std::string_view text, std::string_view identifier, std::string_view hash);

}  // namespace forgelm::compliance
