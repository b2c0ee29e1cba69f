#include "forgelm/core/hash.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/stat.h>

#include <vector>

#include "forgelm/core/text.hpp"
#include "posix_file.hpp"

namespace forgelm {
namespace {

void require(bool is_done) {
  if (!is_done) throw RunError(RunErrorKind::internal, "OpenSSL refused to compute a SHA-256 digest");
}

FileDigest digest_of(int fd, const std::filesystem::path& path) {
  Sha256 hash;
  FileDigest digest;
  std::vector<char> buffer(std::size_t{1} << 18);
  for (;;) {
    const ssize_t got = posix::retry([&] { return ::read(fd, buffer.data(), buffer.size()); });
    if (got < 0) throw os_error("read", path.native(), errno);
    if (got == 0) break;
    hash.update(buffer.data(), static_cast<std::size_t>(got));
    digest.size_bytes += static_cast<std::uint64_t>(got);
  }
  digest.sha256 = hash.finish_hex();
  return digest;
}

}  // namespace

struct Sha256::State {
  State() { require(context != nullptr); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { EVP_MD_CTX_free(context); }
  EVP_MD_CTX* context = EVP_MD_CTX_new();
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  require(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1);
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

Sha256& Sha256::update(const void* data, std::size_t size_bytes) {
  require(EVP_DigestUpdate(state_->context, data, size_bytes) == 1);
  return *this;
}

Sha256& Sha256::update(std::string_view bytes) { return update(bytes.data(), bytes.size()); }

Sha256Digest Sha256::finish() {
  Sha256Digest digest{};
  require(EVP_DigestFinal_ex(state_->context, digest.data(), nullptr) == 1);
  require(EVP_DigestInit_ex(state_->context, nullptr, nullptr) == 1);
  return digest;
}

std::string Sha256::finish_hex() { return hex_encode(bytes_of(finish())); }

Sha256Digest sha256(std::string_view bytes) { return Sha256().update(bytes).finish(); }

std::string sha256_hex(std::string_view bytes) { return hex_encode(bytes_of(sha256(bytes))); }

std::string sha256_file(const std::filesystem::path& path) {
  const posix::Descriptor fd(posix::retry([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
  if (fd.get() < 0) throw os_error("read", path.native(), errno);
  return digest_of(fd.get(), path).sha256;
}

FileDigest digest_regular_file(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a pipe without a writer would wait for one.
  const posix::Descriptor fd(
      posix::retry([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK); }));
  struct stat status {};
  if (fd.get() < 0 && errno != ELOOP && errno != ENXIO) throw os_error("read", path.native(), errno);
  if (fd.get() < 0 || (::fstat(fd.get(), &status) == 0 && !S_ISREG(status.st_mode)))
    throw RunError(RunErrorKind::data, cat(path.native(), " is not a regular file"), {}, {{"path", path.native()}});
  return digest_of(fd.get(), path);
}

Sha256Digest hmac_sha256(std::string_view key, std::string_view message) {
  Sha256Digest digest{};
  // OpenSSL takes a null key for "the key as before", so an empty one needs an address.
  const char* const key_data = key.empty() ? "" : key.data();
  require(HMAC(EVP_sha256(), key_data, static_cast<int>(key.size()),
               reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest.data(),
               nullptr) != nullptr);
  return digest;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

std::string hex_encode(std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  out.reserve(2 * bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kHex[byte >> 4];
    out += kHex[byte & 15u];
  }
  return out;
}

std::optional<std::string> hex_decode(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  const auto value_of = [](char c) {
    const char low = ascii_lower(c);
    return is_ascii_digit(c) ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
  };
  std::string out;
  out.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = value_of(hex[i]);
    const int low = value_of(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(static_cast<unsigned char>(high * 16 + low));
  }
  return out;
}

}  // namespace forgelm
