#include "forgelm/compliance/identifier_hash.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "forgelm/core/env.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/os_error.hpp"
#include "forgelm/core/redact.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::compliance {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kLongIdentifier = 6;

std::string random_salt() {
  std::string bytes(kSaltBytes, '\0');
  environment().random_bytes(bytes.data(), bytes.size());
  return bytes;
}

/// O_EXCL: of two that come at once, both go on with the file of the first.
void make_salt_file(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) throw os_error("create the folder", path.parent_path().native(), error.value());
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0 && errno == EEXIST) return;
  if (fd < 0) throw os_error("create", path.native(), errno);
  const std::string bytes = random_salt();
  const bool is_written =
      ::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) && ::fsync(fd) == 0;
  const int why = errno;
  ::close(fd);
  if (!is_written) {
    ::unlink(path.c_str());
    throw os_error("write", path.native(), why);
  }
  sync_directory(path.parent_path());
}

std::optional<std::string> salt_in_file(const fs::path& path) {
  constexpr std::uint64_t kMaxBytes = 4096;
  auto bytes = read_file_if_exists(path, kMaxBytes);
  if (!bytes) return std::nullopt;
  if (bytes->size() < kSaltBytes)
    throw RunError(RunErrorKind::io,
                   cat("the salt file ", quote(path.native()), " is damaged: it holds ", bytes->size(),
                       " bytes instead of ", kSaltBytes),
                   "restore it from a backup; without it, hashes in the log cannot be found again. Removing it makes "
                   "room for a new one");
  bytes->resize(kSaltBytes);
  return bytes;
}

std::string audit_secret() {
  std::string secret = environment().variable("FORGELM_AUDIT_SECRET").value_or("");
  register_secret(secret);
  return secret;
}

Salt mixed(std::string bytes, const std::string& secret, std::string_view source_without) {
  if (secret.empty()) return {std::move(bytes), std::string(source_without)};
  for (std::size_t i = 0; i < std::min(kSaltBytes, secret.size()); ++i)
    bytes[i] = static_cast<char>(bytes[i] ^ secret[i]);
  return {std::move(bytes), to_text(SaltSource::env_var)};
}

bool is_word(char c) {
  return is_ascii_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || (c & 0x80) != 0;
}

}  // namespace

Salt salt_of(const fs::path& folder, std::optional<SaltSource> wanted) {
  const std::string secret = wanted == SaltSource::per_dir ? "" : audit_secret();
  if (wanted == SaltSource::env_var && secret.empty())
    throw ConfigError("--salt-source env_var: FORGELM_AUDIT_SECRET is not set", "set it to the secret of that time");
  const fs::path path = folder / kSaltFile;
  auto bytes = salt_in_file(path);
  if (!bytes) {
    make_salt_file(path);
    bytes = salt_in_file(path);
  }
  if (!bytes) throw os_error("read", path.native(), ENOENT);
  return mixed(*std::move(bytes), secret, to_text(SaltSource::per_dir));
}

Salt salt_without_writing(const fs::path& folder) {
  auto bytes = salt_in_file(folder / kSaltFile);
  if (!bytes) return {random_salt(), "ephemeral"};
  return mixed(*std::move(bytes), audit_secret(), to_text(SaltSource::per_dir));
}

std::string identifier_hash(const Salt& salt, std::string_view identifier) {
  return sha256_hex(cat(salt.bytes, identifier));
}

std::string hash_mark(std::string_view hash) { return cat("<id_hash:", hash.substr(0, 12), "\xE2\x80\xA6>"); }

std::string without_identifier(std::string_view text, std::string_view identifier, std::string_view hash) {
  if (identifier.empty()) return std::string(text);
  const std::string lower_text = ascii_lower(text), lower_id = ascii_lower(identifier);
  std::string out;
  std::size_t at = 0;
  for (std::size_t found; (found = lower_text.find(lower_id, at)) != std::string::npos; at = found + lower_id.size()) {
    const std::size_t end = found + lower_id.size();
    const bool is_own_word = (found == 0 || !is_word(text[found - 1])) && (end == text.size() || !is_word(text[end]));
    out.append(text.substr(at, found - at));
    if (is_own_word || identifier.size() >= kLongIdentifier) out.append(hash_mark(hash));
    else out.append(text.substr(found, lower_id.size()));
  }
  return out.append(text.substr(at));
}

}  // namespace forgelm::compliance
