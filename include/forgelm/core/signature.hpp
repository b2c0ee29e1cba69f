// Signatures over the evidence: Ed25519 (RFC 8032), and ECDSA on P-256, P-384 and P-521 with SHA-256, SHA-384 and
// SHA-512 (FIPS 186-5; the signature is the DER of RFC 3279). OpenSSL does the work and stays out of this header.
// Invariants: a private key never leaves its object; nothing here asks on a terminal. The trap: Ed25519 signatures are
// the same each time, ECDSA's are not, so tests verify them and do not compare bytes.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "forgelm/core/choices.hpp"
#include "forgelm/core/hash.hpp"

namespace forgelm {

FORGELM_CHOICES(SignatureAlgorithm, ed25519, ecdsa_p256, ecdsa_p384, ecdsa_p521)

/// The environment variable that holds the passphrase of an encrypted private key, unless a caller names another.
inline constexpr const char* kKeyPassphraseVariable = "FORGELM_KEY_PASSPHRASE";

/// Immutable; copies share one key. All members are safe from any thread.
class PublicKey {
 public:
  /// A "PUBLIC KEY" block (SubjectPublicKeyInfo). `source` names the text in errors. ConfigError for anything else: a
  /// private key, a certificate, another kind of key, a curve that is not of the list, a point that is not on it.
  static PublicKey from_pem(std::string_view pem, const std::string& source = "the public key");
  /// The same from a file; ConfigError also when it cannot be read.
  static PublicKey from_pem_file(const std::filesystem::path& path);

  SignatureAlgorithm algorithm() const noexcept { return algorithm_; }
  /// False for any signature that is not one of this key over exactly these bytes, however malformed it is.
  bool verify(std::string_view message, std::string_view signature) const;

  /// SubjectPublicKeyInfo, DER. A point comes uncompressed, so that one key has one form.
  std::string spki_der() const;
  /// The digest of spki_der(): the name of the key.
  Sha256Digest spki_sha256() const;
  /// The "PUBLIC KEY" block, with its final newline.
  std::string pem() const;
  /// The 32 bytes of an Ed25519 key; nothing for the others.
  std::optional<std::string> raw_ed25519() const;

 private:
  friend class PrivateKey;
  struct Key;
  PublicKey(std::shared_ptr<const Key> key, SignatureAlgorithm algorithm) noexcept;
  std::shared_ptr<const Key> key_;
  SignatureAlgorithm algorithm_;
};

/// Immutable; copies share one key. All members are safe from any thread.
class PrivateKey {
 public:
  /// A "PRIVATE KEY", "ENCRYPTED PRIVATE KEY" or "EC PRIVATE KEY" block of a file. The passphrase of an encrypted one
  /// is the value of `passphrase_variable`. ConfigError when the file cannot be read, holds something else or more than
  /// one key, the passphrase is missing or wrong, the key is of another kind, or its two halves do not belong together.
  /// A file that every user of the machine may read or write is a logged warning.
  static PrivateKey from_pem_file(const std::filesystem::path& path,
                                  const std::string& passphrase_variable = kKeyPassphraseVariable);

  SignatureAlgorithm algorithm() const noexcept { return public_key_.algorithm(); }
  /// The public half.
  const PublicKey& public_key() const noexcept { return public_key_; }
  /// Ed25519: 64 bytes. ECDSA: DER of (r, s), at most 72, 104 or 139 bytes.
  std::string sign(std::string_view message) const;

 private:
  explicit PrivateKey(PublicKey key) noexcept;
  PublicKey public_key_;  ///< its key object holds the private half too, which PublicKey cannot give out
};

}  // namespace forgelm
