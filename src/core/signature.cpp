// Keys and signatures by OpenSSL's EVP interface. The trap: an EC key may spell its curve out as numbers instead of
// naming it (CVE-2020-0601 lived on that); only named curves pass. OpenSSL's error queue is emptied after each failure,
// since others in the process (libcurl) look at it.
#include "forgelm/core/signature.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstring>
#include <iterator>

#include "forgelm/core/env.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/redact.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm {

struct PublicKey::Key {
  explicit Key(EVP_PKEY* key) noexcept : evp(key) {}
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;
  ~Key() { EVP_PKEY_free(evp); }
  EVP_PKEY* evp;
};

namespace {

constexpr Logger logger("forgelm.signature");
constexpr std::uint64_t kMaxKeyFileBytes = 64u << 10;
constexpr char kKinds[] = "Ed25519, ECDSA P-256, P-384 and P-521";
constexpr char kMakeHint[] = "openssl genpkey -algorithm ed25519 -out key.pem makes one";

struct Curve {
  SignatureAlgorithm algorithm;
  const char* group;
  const EVP_MD* (*digest)();
};
constexpr Curve kCurves[] = {{SignatureAlgorithm::ecdsa_p256, "prime256v1", EVP_sha256},
                             {SignatureAlgorithm::ecdsa_p384, "secp384r1", EVP_sha384},
                             {SignatureAlgorithm::ecdsa_p521, "secp521r1", EVP_sha512}};

template <auto free_it>
struct Free {
  template <class T>
  void operator()(T* object) const noexcept {
    free_it(object);
  }
};
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Context = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;

void require(bool is_done, const char* what) {
  if (is_done) return;
  ERR_clear_error();
  throw RunError(RunErrorKind::internal, cat("OpenSSL failed to ", what));
}

/// Null for Ed25519, which hashes by itself.
const EVP_MD* digest_of(SignatureAlgorithm algorithm) {
  for (const Curve& curve : kCurves)
    if (curve.algorithm == algorithm) return curve.digest();
  return nullptr;
}

[[noreturn]] void refuse(const std::string& source, const std::string& problem, const std::string& hint = {}) {
  ERR_clear_error();
  throw ConfigError(cat(source, ": ", problem), hint);
}

/// The algorithm of a key just read; refuses other kinds of keys.
SignatureAlgorithm algorithm_of(EVP_PKEY* key, const std::string& source) {
  if (EVP_PKEY_is_a(key, "ED25519") == 1) return SignatureAlgorithm::ed25519;
  if (EVP_PKEY_is_a(key, "EC") != 1) {
    const char* const name = EVP_PKEY_get0_type_name(key);
    refuse(source, cat("a key of type ", name == nullptr ? "unknown" : name, " does not sign here; it may be ", kKinds),
           kMakeHint);
  }
  int is_explicit = 0;
  if (EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &is_explicit) == 1 &&
      is_explicit != 0)
    refuse(source, "the key spells its curve out instead of naming it", kMakeHint);
  std::array<char, 64> group{};
  if (EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) != 1)
    refuse(source, "the key names no curve", kMakeHint);
  for (const Curve& curve : kCurves)
    if (std::strcmp(curve.group, group.data()) == 0) return curve.algorithm;
  refuse(source, cat("an ECDSA key on the curve ", group.data(), " is not used here; it may be ", kKinds), kMakeHint);
}

/// What stands after "-----BEGIN " in each block, in order.
std::vector<std::string_view> pem_labels(std::string_view pem) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  std::vector<std::string_view> labels;
  for (std::size_t at = 0; (at = pem.find(kBegin, at)) != std::string_view::npos;) {
    at += kBegin.size();
    labels.push_back(pem.substr(at, pem.find("-----", at) - at));
  }
  return labels;
}

bool holds(const std::vector<std::string_view>& labels, std::string_view end) {
  return std::any_of(labels.begin(), labels.end(), [end](std::string_view label) { return label.ends_with(end); });
}

std::string read_key_file(const std::filesystem::path& path) {
  try {
    return read_file(path, kMaxKeyFileBytes);
  } catch (const RunError& error) {
    throw ConfigError(cat("the key cannot be used: ", error.what()), error.hint());
  }
}

Bio bio_of(std::string_view text) {
  Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(std::min(text.size(), std::size_t{INT_MAX}))));
  require(bio != nullptr, "hold a key in memory");
  return bio;
}

/// What OpenSSL calls for a passphrase; without one, it would ask on the terminal.
struct Passphrase {
  std::optional<std::string> value;
  bool is_asked = false;

  static int give(char* buffer, int size, int /*for_writing*/, void* self_pointer) {
    auto* self = static_cast<Passphrase*>(self_pointer);
    self->is_asked = true;
    if (!self->value || self->value->size() > static_cast<std::size_t>(size)) return -1;
    std::copy(self->value->begin(), self->value->end(), buffer);
    return static_cast<int>(self->value->size());
  }
};

/// Overwrites a text that held a key, however the scope ends.
struct Wiped {
  std::string text;
  ~Wiped() { OPENSSL_cleanse(text.data(), text.size()); }
};

void check_private_labels(const std::vector<std::string_view>& labels, const std::string& source) {
  const auto num_keys = std::count_if(labels.begin(), labels.end(),
                                      [](std::string_view label) { return label.ends_with("PRIVATE KEY"); });
  if (num_keys == 1 && !holds(labels, "OPENSSH PRIVATE KEY")) return;
  if (num_keys > 1) refuse(source, cat("there are ", num_keys, " private keys in it, one is needed"));
  if (num_keys == 1) refuse(source, "this is a key in OpenSSH's own form; a PEM key (PKCS #8) is needed", kMakeHint);
  if (holds(labels, "PUBLIC KEY")) refuse(source, "this is a public key; signing needs the private one");
  if (holds(labels, "CERTIFICATE")) refuse(source, "this is a certificate; signing needs its private key");
  refuse(source, "there is no private key in it (PEM)", kMakeHint);
}

void warn_if_open_to_all(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && (status.st_mode & (S_IROTH | S_IWOTH)) != 0)
    logger.warning(path.native(), ": every user of this machine may read or change this private key; chmod 600 it");
}

}  // namespace

PublicKey::PublicKey(std::shared_ptr<const Key> key, SignatureAlgorithm algorithm) noexcept
    : key_(std::move(key)), algorithm_(algorithm) {}

PublicKey PublicKey::from_pem(std::string_view pem, const std::string& source) {
  const auto labels = pem_labels(pem);
  if (holds(labels, "PRIVATE KEY"))
    refuse(source, "this is a private key; verifying needs only the public one",
           "openssl pkey -in KEY -pubout -out PUBLIC writes it");
  if (holds(labels, "CERTIFICATE"))
    refuse(source, "this is a certificate; its public key is needed", "openssl x509 -in FILE -pubkey -noout prints it");
  const auto num_keys = std::count(labels.begin(), labels.end(), std::string_view("PUBLIC KEY"));
  if (num_keys != 1)
    refuse(source, num_keys == 0 ? "there is no public key in it (PEM)"
                                 : cat("there are ", num_keys, " public keys in it, one is needed"));
  const Bio bio = bio_of(pem);
  auto key = std::make_shared<Key>(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  if (key->evp == nullptr) refuse(source, "the public key in it cannot be read", cat("keys may be ", kKinds));
  const SignatureAlgorithm algorithm = algorithm_of(key->evp, source);
  if (algorithm != SignatureAlgorithm::ed25519)
    require(EVP_PKEY_set_utf8_string_param(key->evp, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed") == 1,
            "write a point in full");
  return PublicKey(std::move(key), algorithm);
}

PublicKey PublicKey::from_pem_file(const std::filesystem::path& path) {
  return from_pem(read_key_file(path), path.native());
}

bool PublicKey::verify(std::string_view message, std::string_view signature) const {
  const Context context(EVP_MD_CTX_new());
  require(context != nullptr &&
              EVP_DigestVerifyInit(context.get(), nullptr, digest_of(algorithm_), nullptr, key_->evp) == 1,
          "start verifying a signature");
  const int result =
      EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                       reinterpret_cast<const unsigned char*>(message.data()), message.size());
  if (result != 1) ERR_clear_error();
  return result == 1;
}

std::string PublicKey::spki_der() const {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key_->evp, &der);
  require(size > 0, "write a public key");
  std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

Sha256Digest PublicKey::spki_sha256() const { return sha256(spki_der()); }

std::string PublicKey::pem() const {
  const Bio bio(BIO_new(BIO_s_mem()));
  require(bio != nullptr && PEM_write_bio_PUBKEY(bio.get(), key_->evp) == 1, "write a public key");
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::optional<std::string> PublicKey::raw_ed25519() const {
  if (algorithm_ != SignatureAlgorithm::ed25519) return std::nullopt;
  std::string raw(32, '\0');
  std::size_t size = raw.size();
  require(EVP_PKEY_get_raw_public_key(key_->evp, reinterpret_cast<unsigned char*>(raw.data()), &size) == 1 &&
              size == raw.size(),
          "read an Ed25519 key");
  return raw;
}

PrivateKey::PrivateKey(PublicKey key) noexcept : public_key_(std::move(key)) {}

PrivateKey PrivateKey::from_pem_file(const std::filesystem::path& path, const std::string& passphrase_variable) {
  const std::string source = path.native();
  Wiped pem{read_key_file(path)};
  check_private_labels(pem_labels(pem.text), source);
  warn_if_open_to_all(path);
  Passphrase passphrase{environment().variable(passphrase_variable)};
  if (passphrase.value) register_secret(*passphrase.value);
  const Bio bio = bio_of(pem.text);
  auto key =
      std::make_shared<PublicKey::Key>(PEM_read_bio_PrivateKey(bio.get(), nullptr, &Passphrase::give, &passphrase));
  if (key->evp == nullptr && passphrase.is_asked)
    refuse(source,
           passphrase.value ? cat("the passphrase in ", passphrase_variable, " does not open this key")
                            : cat("the key is encrypted and ", passphrase_variable, " holds no passphrase"),
           cat("set the environment variable ", passphrase_variable, " to the key's passphrase"));
  if (key->evp == nullptr) refuse(source, "the private key in it cannot be read", cat("keys may be ", kKinds));
  const SignatureAlgorithm algorithm = algorithm_of(key->evp, source);
  if (algorithm != SignatureAlgorithm::ed25519)
    require(EVP_PKEY_set_utf8_string_param(key->evp, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed") == 1,
            "write a point in full");
  PrivateKey out{PublicKey(std::move(key), algorithm)};
  // A file can pair a private number with somebody else's public point: nothing signed with it would ever verify.
  if (!out.public_key_.verify(source, out.sign(source)))
    refuse(source, "the two halves of the key do not belong together");
  return out;
}

std::string PrivateKey::sign(std::string_view message) const {
  const Context context(EVP_MD_CTX_new());
  EVP_PKEY* const key = public_key_.key_->evp;
  require(context != nullptr && EVP_DigestSignInit(context.get(), nullptr, digest_of(algorithm()), nullptr, key) == 1,
          "start signing");
  const auto* const data = reinterpret_cast<const unsigned char*>(message.data());
  std::size_t size = 0;
  require(EVP_DigestSign(context.get(), nullptr, &size, data, message.size()) == 1, "sign");
  std::string signature(size, '\0');
  require(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, data,
                         message.size()) == 1,
          "sign");
  signature.resize(size);
  return signature;
}

}  // namespace forgelm
