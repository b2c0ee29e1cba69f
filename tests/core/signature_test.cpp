// Ed25519 against RFC 8032 7.1; ECDSA and the reading of keys against what the openssl command wrote (tests/golden/
// signatures). Every signature of ours is verified, and refused once a bit of it or of the message differs.
#include "forgelm/core/signature.hpp"

#include <sys/stat.h>

#include "forgelm/core/base64.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"
#include "support/fake_environment.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

using namespace forgelm;
using Catch::Contains;

namespace {

const std::filesystem::path kGolden = std::filesystem::path(FORGELM_SOURCE_DIR) / "tests/golden/signatures";

Json golden() { return parse_json(read_file(kGolden / "signatures.json")).value(); }

std::string bytes_of_hex(std::string_view hex) { return hex_decode(hex).value(); }

/// The private key of RFC 8032's 32-byte seed, by way of a PEM file (PKCS #8, RFC 8410).
PrivateKey key_of_seed(const test::TemporaryDirectory& directory, std::string_view seed_hex) {
  const std::string der = bytes_of_hex("302e020100300506032b657004220420") + bytes_of_hex(seed_hex);
  write_file_durably(directory / "seed.pem",
                     cat("-----BEGIN PRIVATE KEY-----\n", base64_encode(der), "\n-----END PRIVATE KEY-----\n"), 0600);
  return PrivateKey::from_pem_file(directory / "seed.pem");
}

std::string flipped(std::string bytes, std::size_t bit) {
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
  return bytes;
}

template <class Work>
std::string refusal_of(Work work) {
  try {
    work();
  } catch (const ConfigError& error) {
    return cat(error.what(), error.hint().empty() ? "" : " | ", error.hint());
  }
  return "accepted";
}
std::string private_refusal(const std::filesystem::path& path) {
  return refusal_of([&] { PrivateKey::from_pem_file(path); });
}
std::string public_refusal(const std::filesystem::path& path) {
  return refusal_of([&] { PublicKey::from_pem_file(path); });
}

}  // namespace

TEST_CASE("signature: Ed25519 gives the signatures of RFC 8032") {
  struct Vector {
    const char* seed;
    const char* public_key;
    const char* message;
    const char* signature;
  };
  const Vector vectors[] = {
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe2"
       "46"
       "55141438e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302ae"
       "eb"
       "00d291612bb0c00"},
      {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
       "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
       "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28"
       "dc"
       "027beceea1ec40a"},
  };
  const test::TemporaryDirectory directory;
  for (const Vector& vector : vectors) {
    const PrivateKey key = key_of_seed(directory, vector.seed);
    CHECK(key.algorithm() == SignatureAlgorithm::ed25519);
    CHECK(hex_encode(key.public_key().raw_ed25519().value()) == vector.public_key);
    CHECK(hex_encode(key.sign(bytes_of_hex(vector.message))) == vector.signature);
    CHECK(key.public_key().verify(bytes_of_hex(vector.message), bytes_of_hex(vector.signature)));
    CHECK_FALSE(key.public_key().verify(bytes_of_hex(vector.message) + "x", bytes_of_hex(vector.signature)));
  }
}

TEST_CASE("signature: what the openssl command signed verifies, and nothing near it does") {
  const std::string message = read_file(kGolden / "message.txt");
  const Json keys = golden().at("keys");
  REQUIRE(keys.items().size() == 4);
  for (const Json& row : keys.items()) {
    CAPTURE(row.at("name").text());
    const PublicKey key = PublicKey::from_pem_file(kGolden / (row.at("name").text() + ".pub.pem"));
    CHECK(to_text(key.algorithm()) == row.at("algorithm").text());
    CHECK(base64_encode(key.spki_der()) == row.at("spki").text());
    CHECK(hex_encode(bytes_of(key.spki_sha256())) == row.at("spki_sha256").text());
    CHECK(key.pem() == read_file(kGolden / (row.at("name").text() + ".pub.pem")));
    CHECK(key.raw_ed25519().has_value() == (key.algorithm() == SignatureAlgorithm::ed25519));
    const std::string signature = base64_decode(row.at("signature").text()).value();
    CHECK(key.verify(message, signature));
    for (std::size_t bit = 0; bit < 8 * signature.size(); ++bit)
      if (key.verify(message, flipped(signature, bit))) FAIL("bit " << bit << " of the signature does not matter");
    for (std::size_t bit = 0; bit < 8 * message.size(); ++bit)
      if (key.verify(flipped(message, bit), signature)) FAIL("bit " << bit << " of the message does not matter");
    for (std::size_t size = 0; size < signature.size(); ++size)
      CHECK_FALSE(key.verify(message, signature.substr(0, size)));
    CHECK_FALSE(key.verify(message, signature + '\0'));
    CHECK_FALSE(key.verify("", signature));
  }
}

TEST_CASE("signature: signatures made here verify under the key's own public half and under no other") {
  const Json keys = golden().at("keys");
  for (const Json& row : keys.items()) {
    CAPTURE(row.at("name").text());
    const PrivateKey key = PrivateKey::from_pem_file(kGolden / (row.at("name").text() + ".pem"));
    CHECK(to_text(key.algorithm()) == row.at("algorithm").text());
    CHECK(base64_encode(key.public_key().spki_der()) == row.at("spki").text());
    const std::string signature = key.sign("evidence");
    for (const Json& other : keys.items()) {
      const PublicKey public_key = PublicKey::from_pem_file(kGolden / (other.at("name").text() + ".pub.pem"));
      CHECK(public_key.verify("evidence", signature) == (other == row));
    }
    CHECK(key.public_key().verify("", key.sign("")));
  }
}

TEST_CASE("signature: a key in another form is the same key") {
  const std::string name = hex_encode(bytes_of(PublicKey::from_pem_file(kGolden / "ecdsa_p256.pub.pem").spki_sha256()));
  const auto name_of = [](const PublicKey& key) { return hex_encode(bytes_of(key.spki_sha256())); };
  CHECK(name_of(PublicKey::from_pem_file(kGolden / "ecdsa_p256_compressed.pub.pem")) == name);
  CHECK(name_of(PrivateKey::from_pem_file(kGolden / "ecdsa_p256_sec1.pem").public_key()) == name);
  test::FakeEnvironment environment;
  environment.variables["FORGELM_KEY_PASSPHRASE"] = golden().at("passphrase").text();
  environment.variables["ANOTHER_VARIABLE"] = "not the passphrase";
  const ScopedEnvironment scope(environment);
  for (const char* file : {"ecdsa_p256_encrypted.pem", "ecdsa_p256_sec1_encrypted.pem"}) {
    CHECK(name_of(PrivateKey::from_pem_file(kGolden / file).public_key()) == name);
    CHECK_THAT(refusal_of([&] { PrivateKey::from_pem_file(kGolden / file, "ANOTHER_VARIABLE"); }),
               Contains("the passphrase in ANOTHER_VARIABLE does not open this key"));
    CHECK_THAT(refusal_of([&] { PrivateKey::from_pem_file(kGolden / file, "UNSET_VARIABLE"); }),
               Contains("the key is encrypted and UNSET_VARIABLE holds no passphrase"));
  }
}

TEST_CASE("signature: what is not a key of the right kind is refused by name") {
  CHECK_THAT(private_refusal(kGolden / "none.pem"), Contains("none.pem: No such file or directory (ENOENT)"));
  CHECK_THAT(private_refusal(kGolden / "message.txt"), Contains("message.txt: there is no private key in it (PEM) | "));
  CHECK_THAT(private_refusal(kGolden / "ed25519.pub.pem"), Contains("this is a public key"));
  CHECK_THAT(private_refusal(kGolden / "certificate.pem"), Contains("this is a certificate"));
  CHECK_THAT(private_refusal(kGolden / "rsa.pem"), Contains("a key of type RSA does not sign here"));
  CHECK_THAT(private_refusal(kGolden / "x25519.pem"), Contains("a key of type X25519 does not sign here"));
  CHECK_THAT(private_refusal(kGolden / "secp256k1.pem"), Contains("on the curve secp256k1 is not used here"));
  CHECK_THAT(public_refusal(kGolden / "none.pem"), Contains("ENOENT"));
  CHECK_THAT(public_refusal(kGolden / "message.txt"), Contains("there is no public key in it (PEM)"));
  CHECK_THAT(public_refusal(kGolden / "ed25519.pem"),
             Contains("this is a private key; verifying needs only the public"));
  CHECK_THAT(public_refusal(kGolden / "certificate.pem"), Contains("this is a certificate; its public key is needed"));
  CHECK_THAT(public_refusal(kGolden / "rsa.pub.pem"), Contains("a key of type RSA"));
  CHECK_THAT(public_refusal(kGolden / "secp256k1.pub.pem"), Contains("on the curve secp256k1"));
  CHECK_THAT(public_refusal(kGolden / "ecdsa_p256_explicit.pub.pem"), Contains("spells its curve out"));

  const test::TemporaryDirectory directory;
  const std::string ed25519 = read_file(kGolden / "ed25519.pem");
  write_file_durably(directory / "two.pem", ed25519 + read_file(kGolden / "ecdsa_p256.pem"), 0600);
  CHECK_THAT(private_refusal(directory / "two.pem"), Contains("there are 2 private keys in it"));
  write_file_durably(directory / "two.pub.pem",
                     read_file(kGolden / "ed25519.pub.pem") + read_file(kGolden / "ecdsa_p256.pub.pem"));
  CHECK_THAT(public_refusal(directory / "two.pub.pem"), Contains("there are 2 public keys in it"));
  write_file_durably(directory / "openssh.pem",
                     "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", 0600);
  CHECK_THAT(private_refusal(directory / "openssh.pem"), Contains("OpenSSH's own form"));
  write_file_durably(directory / "cut.pem", ed25519.substr(0, ed25519.size() / 2), 0600);
  CHECK_THAT(private_refusal(directory / "cut.pem"), Contains("the private key in it cannot be read"));
  write_file_durably(directory / "huge.pem", std::string((64 << 10) + 1, 'x'), 0600);
  CHECK_THAT(private_refusal(directory / "huge.pem"), Contains("the key cannot be used"));
}

TEST_CASE("signature: a key whose halves do not belong together is refused") {
  // The private number of one P-256 key with the public point of another: both parse, their signatures never verify.
  const auto der_of = [](const std::string& pem) {
    std::string base64;
    for (const std::string& line : split(pem, '\n'))
      if (!line.starts_with("-----")) base64 += line;
    return base64_decode(base64).value();
  };
  std::string der = der_of(read_file(kGolden / "ecdsa_p256.pem"));
  der.replace(36, 32, std::string(31, '\0') + '\x02');
  const test::TemporaryDirectory directory;
  write_file_durably(directory / "halves.pem",
                     cat("-----BEGIN PRIVATE KEY-----\n", base64_encode(der), "\n-----END PRIVATE KEY-----\n"), 0600);
  CHECK_THAT(private_refusal(directory / "halves.pem"), Contains("the two halves of the key do not belong together"));
}

TEST_CASE("signature: a private key that everybody may read is used with a warning") {
  const test::TemporaryDirectory directory;
  std::vector<std::string> lines;
  const LogSink before = set_log_sink([&](LogLevel, std::string_view line) { lines.emplace_back(line); });
  write_file_durably(directory / "key.pem", read_file(kGolden / "ed25519.pem"), 0600);
  PrivateKey::from_pem_file(directory / "key.pem");
  const std::size_t num_when_private = lines.size();
  REQUIRE(::chmod((directory / "key.pem").c_str(), 0644) == 0);
  PrivateKey::from_pem_file(directory / "key.pem");
  set_log_sink(before);
  CHECK(num_when_private == 0);
  REQUIRE(lines.size() == 1);
  CHECK_THAT(lines[0], Contains("[WARNING]") && Contains("key.pem: every user of this machine may read"));
}

TEST_CASE("base64: RFC 4648's examples, both ways") {
  const std::pair<const char*, const char*> examples[] = {{"", ""},
                                                          {"f", "Zg=="},
                                                          {"fo", "Zm8="},
                                                          {"foo", "Zm9v"},
                                                          {"foob", "Zm9vYg=="},
                                                          {"fooba", "Zm9vYmE="},
                                                          {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : examples) {
    CHECK(base64_encode(bytes) == text);
    CHECK(base64_decode(text) == std::string(bytes));
  }
  for (const char* bad : {"Zg", "Zg=", "Z===", "Zh==", "Zm9=", "Zm9v=Zm9v", "Zm 9", "Zm9-"})
    CHECK_FALSE(base64_decode(bad));
  CHECK(base64_encode("\xff\xfe\xfd") == "//79");
}
