// What a run leaves beside the weights: the manifest over the model's files, and with a key the signature over both.
#include "forgelm/compliance/model_integrity.hpp"
#include "forgelm/compliance/model_signing.hpp"
#include "workplace.hpp"

namespace {

using namespace forgelm;
using Catch::Contains;
using test::Workplace;
namespace fs = std::filesystem;

const fs::path kKeys = fs::path(FORGELM_SOURCE_DIR) / "tests/golden/signatures";

Json attested(const Workplace& here) {
  for (const AuditEvent& event : here.audit.events())
    if (event.name == "model.integrity_verified") return event.details;
  return {};
}

compliance::SignatureReport verify_signature(const Workplace& here, const char* key) {
  compliance::ModelFolder folder(here.model());
  return compliance::verify_model_signature(folder, PublicKey::from_pem_file(kKeys / key), here.model() / "model.sig");
}

std::string refusal_with(Workplace& here, const char* key) {
  here.sign_key = kKeys / key;
  try {
    here.run();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("run: the final model comes with its manifest, a second one into the same folder too") {
  Workplace here;
  for (const char* weights : {"weights", "other weights"}) {
    here.training.weights = weights;
    here.run();
    const auto report = compliance::verify_model_integrity(here.model());
    CHECK(report.reason == cat("All ", report.num_verified, " recorded artifact(s) present and unchanged."));
    CHECK(report.verdict == compliance::IntegrityVerdict::intact);
    const Json manifest = parse_json(read_file(here.model() / "model_integrity.json")).value();
    CHECK(manifest.at("model_path").text() == here.model().native());
    CHECK(attested(here) == Json::object({{"artifacts", report.num_verified}}));
    std::size_t num_files = 0;
    for (const auto& entry : fs::recursive_directory_iterator(here.model()))
      num_files += entry.is_regular_file() ? 1 : 0;
    CHECK(num_files == report.num_verified + 1);
    CHECK_FALSE(fs::exists(here.model() / "model.sig"));
  }
  write_file_durably(here.model() / "adapter_model.safetensors", "changed");
  CHECK(compliance::verify_model_integrity(here.model()).changed ==
        std::vector<std::string>{"adapter_model.safetensors"});
}

TEST_CASE("run: with a key the model is signed, manifest and all") {
  Workplace here;
  here.sign_key = kKeys / "ecdsa_p384.pem";
  here.run();
  const auto report = verify_signature(here, "ecdsa_p384.pub.pem");
  CHECK(report.is_valid);
  CHECK(attested(here).at("artifacts").integer() + 1 == static_cast<std::int64_t>(report.num_verified));
  CHECK(attested(here).at("signature").text() == "model.sig");
  CHECK(attested(here).at("key_sha256").text() == report.key_sha256);
  CHECK(compliance::verify_model_integrity(here.model()).verdict == compliance::IntegrityVerdict::intact);
  CHECK_FALSE(verify_signature(here, "ecdsa_p256.pub.pem").is_valid);
}

TEST_CASE("run: the job names the key, and the command line goes before it") {
  Workplace here;
  here.sections = cat("compliance: {model_key: ", (kKeys / "ecdsa_p256.pem").native(), "}\n");
  here.run();
  CHECK(verify_signature(here, "ecdsa_p256.pub.pem").is_valid);
  here.sign_key = kKeys / "ecdsa_p521.pem";
  here.run();
  CHECK(verify_signature(here, "ecdsa_p521.pub.pem").is_valid);
}

TEST_CASE("run: a key that cannot sign ends a run before its first step") {
  Workplace here;
  bool has_trained = false;
  here.training.after_step = [&](std::int64_t) { has_trained = true; };
  CHECK_THAT(refusal_with(here, "ed25519.pem"), Contains("takes ECDSA on P-256, P-384 or P-521"));
  CHECK_THAT(refusal_with(here, "none.pem"), Contains("No such file"));
  CHECK_THAT(refusal_with(here, "ecdsa_p256_encrypted.pem"), Contains("FORGELM_KEY_PASSPHRASE holds no passphrase"));
  CHECK_FALSE(has_trained);
  CHECK_FALSE(fs::exists(here.model()));
}
