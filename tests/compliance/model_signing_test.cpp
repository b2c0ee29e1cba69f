// OpenSSF Model Signing: bundles of the model-signing package verify here (tests/golden/model_signing), and bundles
// made here are refused once a bit of them or of the model differs. That the package takes ours: tools/conformance.
#include "forgelm/compliance/model_signing.hpp"

#include <sys/stat.h>

#include <fstream>

#include "compliance/signing_bundle.hpp"
#include "forgelm/compliance/model_integrity.hpp"
#include "forgelm/core/base64.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

using namespace forgelm;
using namespace forgelm::compliance;
using Catch::Contains;
namespace fs = std::filesystem;
using Names = std::vector<std::string>;

namespace {

const fs::path kGolden = fs::path(FORGELM_SOURCE_DIR) / "tests/golden";

PublicKey public_key(const std::string& name) {
  return PublicKey::from_pem_file(kGolden / "signatures" / (name + ".pub.pem"));
}

PrivateKey private_key(const std::string& name) {
  set_log_level(LogLevel::ERROR);  // keys of tests may be read by everybody
  PrivateKey key = PrivateKey::from_pem_file(kGolden / "signatures" / (name + ".pem"));
  set_log_level(LogLevel::INFO);
  return key;
}

class Model {
 public:
  fs::path path() const { return folder_.path() / "model"; }
  fs::path operator/(const std::string& name) const { return path() / name; }
  fs::path bundle() const { return path() / kModelSignatureFile; }

  void write(const std::string& name, std::string_view bytes) const {
    fs::create_directories((path() / name).parent_path());
    std::ofstream(path() / name, std::ios::binary) << bytes;
  }
  SignedModel sign(const std::string& key = "ecdsa_p256") const {
    ModelFolder folder(path());
    return sign_model(folder, private_key(key), bundle(), "model");
  }
  SignatureReport verify(const std::string& key = "ecdsa_p256") const {
    ModelFolder folder(path());
    return verify_model_signature(folder, public_key(key), bundle());
  }
  std::string refusal(const std::string& key = "ecdsa_p256") const {
    try {
      sign(key);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "signed";
  }

 private:
  test::TemporaryDirectory folder_{test::memory_directory()};
};

/// The bundle with its statement changed and signed anew.
std::string signed_anew(const std::string& bundle, const std::string& from, const std::string& to) {
  std::string payload = read_bundle(bundle).value().payload;
  const std::size_t at = payload.find(from);
  REQUIRE(at != std::string::npos);
  payload.replace(at, from.size(), to);
  const PrivateKey key = private_key("ecdsa_p256");
  return compose_bundle(payload, key.sign(pre_authentication(payload)), key_hint_of(key.public_key()));
}

}  // namespace

TEST_CASE("model signing: bundles of the model-signing package verify, and what is not supported is told") {
  const std::map<std::string, std::string> refused = {{"another digest", "hashed with \"blake2b\""},
                                                      {"shards", "by the method \"shards\""}};
  std::size_t num_rows = 0;
  for (const std::string& line : split(trim(read_file(kGolden / "model_signing/bundles.jsonl")), '\n')) {
    const Json row = parse_json(line).value();
    CAPTURE(row.at("case").text());
    const Model model;
    for (const auto& [name, text] : row.at("files").members()) model.write(name, text.text());
    model.write(kModelSignatureFile, row.at("bundle").text());
    const SignatureReport report = model.verify(row.at("key").text());
    ++num_rows;
    CHECK(report.is_authentic);
    if (const auto at = refused.find(row.at("case").text()); at != refused.end()) {
      CHECK_FALSE(report.is_valid);
      CHECK_THAT(report.reason, Contains(at->second));
      continue;
    }
    CHECK(report.is_valid);
    CHECK(report.num_verified == (row.at("case").text() == "git's files signed too" ? 8 : 6));
    model.write("a/b", "other");
    model.write("new", "");
    fs::remove(model / "empty");
    const SignatureReport after = model.verify(row.at("key").text());
    CHECK_FALSE(after.is_valid);
    CHECK(after.is_authentic);
    CHECK(after.changed == Names{"a/b"});
    CHECK(after.removed == Names{"empty"});
    CHECK(after.added == Names{"new"});
    for (const char* other : {"ecdsa_p256", "ecdsa_p384", "ecdsa_p521", "ed25519"})
      CHECK(model.verify(other).is_authentic == (other == row.at("key").text()));
  }
  CHECK(num_rows == 6);
}

TEST_CASE("model signing: our bundles that the model-signing package has verified verify here") {
  std::size_t num_rows = 0;
  for (const std::string& line : split(trim(read_file(kGolden / "model_signing/ours.jsonl")), '\n')) {
    const Json row = parse_json(line).value();
    const Model model;
    for (const auto& [name, text] : row.at("files").members()) model.write(name, text.text());
    model.write(kModelSignatureFile, row.at("bundle").text());
    CHECK(model.verify(row.at("key").text()).is_valid);
    ++num_rows;
  }
  CHECK(num_rows == 3);
}

TEST_CASE("model signing: the specification's test vectors are read, or refused with words") {
  const Json vectors = parse_json(read_file(kGolden / "model_signing/vectors.json")).value();
  CHECK(vectors.members().size() == 8);
  for (const auto& [name, text] : vectors.members()) {
    CAPTURE(name);
    const auto envelope = read_bundle(text.text());
    if (name == "valid/key.bundle.json") {
      REQUIRE(envelope.ok());
      CHECK(envelope->key_hint == "e8450dec4eb99dae995da9af1bc2cc9f76ed669ee2e744f57abba763df3e3f8e");
      const auto statement = read_statement(envelope->payload);
      REQUIRE(statement.ok());
      CHECK(statement->resources.size() == 2);
      CHECK(statement->resources[1].name == "signme-2");
      CHECK(statement->ignored_paths == Names{".gitattributes", ".github", "ignore-me", ".gitignore", ".git"});
    } else if (name == "invalid/missing-tlog-entries.bundle.json" || name.starts_with("valid/")) {
      REQUIRE_FALSE(envelope.ok());  // signed by certificate or keyless
      CHECK_THAT(envelope.error().message, Contains("was not signed with a key"));
    } else if (name.starts_with("invalid-payload/")) {
      REQUIRE(envelope.ok());
      CHECK_FALSE(read_statement(envelope->payload).ok());
    } else {
      CHECK_FALSE(envelope.ok());
    }
  }
}

TEST_CASE("model signing: what is signed here verifies here, with the key that signed it") {
  for (const char* key : {"ecdsa_p256", "ecdsa_p384", "ecdsa_p521"}) {
    CAPTURE(key);
    const Model model;
    model.write("weights", "w");
    model.write("sub/config.json", "{}");
    model.write("empty", "");
    model.write(".git/HEAD", "not signed");
    const SignedModel made = model.sign(key);
    CHECK(made.num_files == 3);
    CHECK(made.key_sha256 == hex_encode(bytes_of(public_key(key).spki_sha256())));
    CHECK(model.sign(key).num_files == 3);  // its own bundle is not of the model
    const SignatureReport report = model.verify(key);
    CHECK(report.is_valid);
    CHECK(report.num_verified == 3);
    CHECK(report.key_sha256 == made.key_sha256);
  }
}

TEST_CASE("model signing: a statement has the specification's form") {
  const Model model;
  model.write("b", "bb");
  model.write("a/c", "c");
  model.write("a-b", "ab");
  model.sign();
  const Json bundle = parse_json(read_file(model.bundle())).value();
  CHECK(bundle.at("mediaType").text() == "application/vnd.dev.sigstore.bundle.v0.3+json");
  const Json& envelope = bundle.at("dsseEnvelope");
  CHECK(envelope.at("payloadType").text() == "application/vnd.in-toto+json");
  const Json statement = parse_json(base64_decode(envelope.at("payload").text()).value()).value();
  CHECK(statement.at("_type").text() == "https://in-toto.io/Statement/v1");
  CHECK(statement.at("predicateType").text() == "https://model_signing/signature/v1.0");
  const Json& predicate = statement.at("predicate");
  Names names;
  std::string digests;
  for (const Json& resource : predicate.at("resources").items()) {
    names.push_back(resource.at("name").text());
    CHECK(resource.at("algorithm").text() == "sha256");
    digests += hex_decode(resource.at("digest").text()).value();
  }
  CHECK(names == Names{"a-b", "a/c", "b"});
  CHECK(predicate.at("resources").items()[2].at("digest").text() == sha256_hex("bb"));
  CHECK(statement.at("subject").items().at(0).at("digest").at("sha256").text() == sha256_hex(digests));
  CHECK(dump(predicate.at("serialization")) ==
        R"({"method": "files", "hash_type": "sha256", "allow_symlinks": false, "ignore_paths": )"
        R"([".git", ".gitattributes", ".github", ".gitignore", "model.sig"]})");
}

TEST_CASE("model signing: every bit of a bundle matters") {
  const Model model;
  model.write("weights", "w");
  model.sign();
  const std::string bundle = read_file(model.bundle());
  ModelFolder folder(model.path());
  const PublicKey key = public_key("ecdsa_p256");
  REQUIRE(verify_model_signature(folder, key, model.bundle()).is_valid);
  std::size_t num_passed = 0;
  for (std::size_t bit = 0; bit < 8 * bundle.size(); ++bit) {
    std::string flipped = bundle;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    model.write(kModelSignatureFile, flipped);
    if (!verify_model_signature(folder, key, model.bundle()).is_valid) continue;
    // What is not signed and means nothing: the unused keyid and tlogEntries, the last line's end.
    const auto same = [](const std::string& text) {
      const auto envelope = read_bundle(text).value();
      return std::tuple(envelope.key_hint, envelope.payload, envelope.signatures);
    };
    if (same(flipped) != same(bundle)) FAIL("bit " << bit << " does not matter: " << flipped);
    ++num_passed;
  }
  CHECK(num_passed < 8 * (std::string_view("\"tlogEntries\": []\"keyid\": \"\"").size() + 1));
  for (std::size_t size = 0; size + 1 < bundle.size(); ++size) {
    model.write(kModelSignatureFile, bundle.substr(0, size));
    CHECK_FALSE(verify_model_signature(folder, key, model.bundle()).is_valid);
  }
}

TEST_CASE("model signing: links, pipes and the like are not signed, and found when they come later") {
  const Model model;
  model.write("weights", "w");
  model.sign();
  SECTION("a link inside") {
    fs::create_symlink("weights", model / "link");
    CHECK_THAT(model.refusal(), Contains("\"link\" is a symbolic link"));
    CHECK(model.verify().added == Names{"link"});
  }
  SECTION("a link in a file's place, to the same bytes") {
    fs::rename(model / "weights", model.path().parent_path() / "weights");
    fs::create_symlink("../weights", model / "weights");
    CHECK_FALSE(model.verify().is_valid);
    CHECK(model.verify().added == Names{"weights"});
    CHECK(model.verify().removed == Names{"weights"});
  }
  SECTION("a pipe") {
    REQUIRE(::mkfifo((model / "pipe").c_str(), 0600) == 0);
    CHECK_THAT(model.refusal(), Contains("\"pipe\" is a pipe"));
    CHECK(model.verify().added == Names{"pipe"});
  }
  SECTION("a name that is not UTF-8") {
    model.write("\xff", "");
    CHECK_THAT(model.refusal(), Contains("is not UTF-8"));
    CHECK(model.verify().added == Names{"\xff"});
  }
  SECTION("nothing but the bundle") {
    fs::remove(model / "weights");
    CHECK_THAT(model.refusal(), Contains("holds no file to sign"));
  }
  SECTION("an Ed25519 key") { CHECK_THAT(model.refusal("ed25519"), Contains("takes ECDSA on P-256, P-384 or P-521")); }
  SECTION("no bundle") {
    fs::remove(model.bundle());
    CHECK_THROWS_WITH(model.verify(), Contains("there is no signature at "));
  }
}

TEST_CASE("model signing: a statement that was signed is still checked") {
  const Model model;
  model.write("weights", "w");
  model.sign();
  const std::string bundle = read_file(model.bundle());
  const std::string digest = sha256_hex("w");
  const auto reason = [&](const std::string& from, const std::string& to) {
    model.write(kModelSignatureFile, signed_anew(bundle, from, to));
    const SignatureReport report = model.verify();
    CHECK(report.is_authentic);
    return report.is_valid ? "valid" : report.reason;
  };
  CHECK_THAT(reason("\"weights\"", "\"../weights\""), Contains("no plain relative path"));
  CHECK_THAT(reason("\"weights\"", "\"/weights\""), Contains("no plain relative path"));
  CHECK_THAT(reason("in-toto.io/Statement/v1", "in-toto.io/Statement/v0"), Contains("no in-toto Statement v1"));
  CHECK_THAT(reason("signature/v1.0", "signature/v2.0"), Contains("the statement's predicate is"));
  CHECK_THAT(reason(digest, sha256_hex("x")), Contains("the subject's digest is not that of the resources"));
  CHECK_THAT(reason(digest, digest.substr(2)), Contains("is not a SHA-256 digest"));
  CHECK_THAT(reason("\"resources\": [", "\"resources\": [], \"old\": ["), Contains("lists no resource"));
  CHECK_THAT(reason("\"allow_symlinks\": false", "\"allow_symlinks\": \"no\""),
             Contains("whether links were followed"));
  CHECK_THAT(reason("\".gitignore\"", "\"../..\""), Contains("ignore_paths holds"));
  CHECK(reason("\"name\": \"model\"", "\"name\": \"another\"") == "valid");  // only informs, says the specification
}

TEST_CASE("model signing: with the manifest inside, the signature covers it") {
  const Model model;
  model.write("weights", "w");
  ModelFolder folder(model.path());
  write_model_integrity(folder, model.path());
  CHECK(sign_model(folder, private_key("ecdsa_p256"), model.bundle(), "model").num_files == 2);
  CHECK(verify_model_integrity(model.path()).verdict == IntegrityVerdict::intact);
  CHECK(model.verify().is_valid);
  // Weights and manifest rewritten together pass the manifest and not the signature.
  model.write("weights", "other");
  folder.refresh();
  write_model_integrity(folder, model.path());
  CHECK(verify_model_integrity(model.path()).verdict == IntegrityVerdict::intact);
  CHECK(model.verify().changed == Names{kModelIntegrityFile, "weights"});
}

TEST_CASE("model signing: a bundle may lie elsewhere") {
  const Model model;
  model.write("weights", "w");
  const fs::path elsewhere = model.path().parent_path() / "release.sig";
  ModelFolder folder(model.path());
  sign_model(folder, private_key("ecdsa_p384"), elsewhere, "model");
  CHECK(verify_model_signature(folder, public_key("ecdsa_p384"), elsewhere).is_valid);
  fs::copy_file(elsewhere, model.bundle());
  CHECK(model.verify("ecdsa_p384").is_valid);
  folder.refresh();
  CHECK(verify_model_signature(folder, public_key("ecdsa_p384"), elsewhere).added == Names{kModelSignatureFile});
}
