// Certificates made in the test's own process: an authority and what it issues. Keys are P-256 and live a test long.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace forgelm::test {

struct OpensslDeleter {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};

struct TlsIdentity {
  std::unique_ptr<EVP_PKEY, OpensslDeleter> key;
  std::unique_ptr<X509, OpensslDeleter> certificate;
};

class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name);
  /// A server certificate; `subject_names` as in "DNS:a.test,IP:127.0.0.1". Valid between the two offsets from now.
  TlsIdentity issue(const std::string& subject_names, long from_s = -3600, long to_s = 3600) const;
  /// The authority's own certificate as PEM.
  std::string pem() const;

 private:
  TlsIdentity self_;
};

}  // namespace forgelm::test
