#include "support/test_authority.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace forgelm::test {
namespace {

void require(bool is_ok) {
  if (!is_ok) throw std::runtime_error("OpenSSL cannot make a test certificate");
}

void extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

TlsIdentity make(const std::string& name, long from_s, long to_s, const TlsIdentity* issuer) {
  TlsIdentity made{std::unique_ptr<EVP_PKEY, OpensslDeleter>(EVP_EC_gen("P-256")),
                   std::unique_ptr<X509, OpensslDeleter>(X509_new())};
  X509* certificate = made.certificate.get();
  require(made.key && certificate != nullptr && X509_set_version(certificate, 2) == 1);
  static long serial = 1000;
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), from_s);
  X509_gmtime_adj(X509_getm_notAfter(certificate), to_s);
  X509_NAME* subject = X509_get_subject_name(certificate);
  require(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()),
                                     -1, -1, 0) == 1);
  X509* parent = issuer != nullptr ? issuer->certificate.get() : certificate;
  require(X509_set_issuer_name(certificate, X509_get_subject_name(parent)) == 1 &&
          X509_set_pubkey(certificate, made.key.get()) == 1);
  return made;
}

void sign(const TlsIdentity& made, const TlsIdentity& issuer) {
  require(X509_sign(made.certificate.get(), issuer.key.get(), EVP_sha256()) > 0);
}

}  // namespace

TestAuthority::TestAuthority(const std::string& name) : self_(make(name, -86400, 86400, nullptr)) {
  X509* certificate = self_.certificate.get();
  extend(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
  extend(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
  extend(certificate, certificate, NID_subject_key_identifier, "hash");
  sign(self_, self_);
}

TlsIdentity TestAuthority::issue(const std::string& subject_names, long from_s, long to_s) const {
  TlsIdentity made = make("server", from_s, to_s, &self_);
  extend(made.certificate.get(), self_.certificate.get(), NID_subject_alt_name, subject_names);
  extend(made.certificate.get(), self_.certificate.get(), NID_ext_key_usage, "serverAuth");
  sign(made, self_);
  return made;
}

std::string TestAuthority::pem() const {
  BIO* memory = BIO_new(BIO_s_mem());
  require(memory != nullptr && PEM_write_bio_X509(memory, self_.certificate.get()) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(memory);
  return text;
}

}  // namespace forgelm::test
