// What a run leaves beside the weights: the manifest over the model's files, and with a key the signature over both.
#include "fake_session.hpp"
#include "forgelm/compliance/model_integrity.hpp"
#include "forgelm/compliance/model_signing.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/pipeline/run.hpp"
#include "support/fake_environment.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
using Catch::Contains;
namespace fs = std::filesystem;

const fs::path kSource = FORGELM_SOURCE_DIR;
const fs::path kKeys = kSource / "tests/golden/signatures";

/// Hands events on to a sink that outlives the run.
class Forwarding final : public AuditSink {
 public:
  explicit Forwarding(AuditSink& to) : to_(to) {}
  void record(const AuditEvent& event) override { to_.record(event); }

 private:
  AuditSink& to_;
};

class Workplace {
 public:
  Workplace() : scope_(fake_) {
    fake_.variables["XDG_CACHE_HOME"] = (folder_ / "cache").native();
    set_log_level(LogLevel::ERROR);
  }
  ~Workplace() { set_log_level(LogLevel::INFO); }

  pipeline::RunResult run(const std::optional<fs::path>& sign_key = std::nullopt, const std::string& sections = "") {
    const auto loaded = config::read_job(
        cat("model: {name_or_path: ", (kSource / "templates/quickstart/model").native(), ", load_in_4bit: false}\n",
            "lora: {}\ntraining: {output_dir: ", (folder_ / "out").native(), ", eval_steps: 4, save_steps: 4}\n",
            "data: {dataset_name_or_path: ", (kSource / "configs/data/first-job.jsonl").native(), "}\n", sections),
        "job.yaml");
    INFO(render(loaded.diagnostics, DiagnosticStyle::text));
    REQUIRE(loaded.ok());
    pipeline::RunOptions options;
    options.shows_progress = false;
    options.sign_key = sign_key;
    options.open_training = [this](engine::TrainingRequest request) { return training.open(std::move(request)); };
    options.open_audit = [this](const fs::path&, const std::string&) { return std::make_unique<Forwarding>(audit); };
    return pipeline::run_job(loaded, options);
  }

  fs::path model() const { return folder_ / "out" / "final_model"; }
  Json attested() const {
    for (const AuditEvent& event : audit.events())
      if (event.name == "model.integrity_verified") return event.details;
    return {};
  }
  compliance::SignatureReport verify_signature(const char* key) const {
    compliance::ModelFolder folder(model());
    return compliance::verify_model_signature(folder, PublicKey::from_pem_file(kKeys / key), model() / "model.sig");
  }

  test::FakeTraining training;
  RecordingAuditSink audit;

 private:
  test::TemporaryDirectory folder_;
  test::FakeEnvironment fake_;
  ScopedEnvironment scope_;
};

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
    CHECK(here.attested() == Json::object({{"artifacts", report.num_verified}}));
    std::size_t num_files = 0;
    for (const auto& entry : fs::recursive_directory_iterator(here.model())) num_files += entry.is_regular_file() ? 1 : 0;
    CHECK(num_files == report.num_verified + 1);
    CHECK_FALSE(fs::exists(here.model() / "model.sig"));
  }
  write_file_durably(here.model() / "adapter_model.safetensors", "changed");
  CHECK(compliance::verify_model_integrity(here.model()).changed == std::vector<std::string>{"adapter_model.safetensors"});
}

TEST_CASE("run: with a key the model is signed, manifest and all") {
  Workplace here;
  here.run(kKeys / "ecdsa_p384.pem");
  const auto report = here.verify_signature("ecdsa_p384.pub.pem");
  CHECK(report.is_valid);
  CHECK(here.attested().at("artifacts").integer() + 1 == static_cast<std::int64_t>(report.num_verified));
  CHECK(here.attested().at("signature").text() == "model.sig");
  CHECK(here.attested().at("key_sha256").text() == report.key_sha256);
  CHECK(compliance::verify_model_integrity(here.model()).verdict == compliance::IntegrityVerdict::intact);
  CHECK_FALSE(here.verify_signature("ecdsa_p256.pub.pem").is_valid);
}

TEST_CASE("run: the job names the key, and the command line goes before it") {
  Workplace here;
  const std::string section = cat("compliance: {model_key: ", (kKeys / "ecdsa_p256.pem").native(), "}\n");
  here.run(std::nullopt, section);
  CHECK(here.verify_signature("ecdsa_p256.pub.pem").is_valid);
  here.run(kKeys / "ecdsa_p521.pem", section);
  CHECK(here.verify_signature("ecdsa_p521.pub.pem").is_valid);
}

TEST_CASE("run: a key that cannot sign ends a run before its first step") {
  Workplace here;
  bool has_trained = false;
  here.training.after_step = [&](std::int64_t) { has_trained = true; };
  CHECK_THROWS_WITH(here.run(kKeys / "ed25519.pem"), Contains("takes ECDSA on P-256, P-384 or P-521"));
  CHECK_THROWS_WITH(here.run(kKeys / "none.pem"), Contains("No such file"));
  CHECK_THROWS_WITH(here.run(kKeys / "ecdsa_p256_encrypted.pem"), Contains("FORGELM_KEY_PASSPHRASE holds no passphrase"));
  CHECK_FALSE(has_trained);
  CHECK_FALSE(fs::exists(here.model()));
}
