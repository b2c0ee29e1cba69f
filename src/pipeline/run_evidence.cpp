#include "run_evidence.hpp"

#include "forgelm/compliance/model_integrity.hpp"
#include "forgelm/compliance/model_signing.hpp"
#include "forgelm/core/files.hpp"
#include "model_card.hpp"

namespace forgelm::pipeline {

namespace {

/// The manifest over the model's files, and with a key the signature over both.
void attest_model(const PassedRun& run) {
  compliance::ModelFolder folder(run.model);
  const auto written = compliance::write_model_integrity(folder, run.model_place);
  Json details = Json::object({{"artifacts", written.num_artifacts}});
  if (run.signing_key != nullptr) {
    const auto signed_model = compliance::sign_model(
        folder, *run.signing_key, run.model / compliance::kModelSignatureFile, run.model_place.filename().native());
    details.set("signature", compliance::kModelSignatureFile).set("key_sha256", signed_model.key_sha256);
  }
  run.audit.record({"model.integrity_verified", std::move(details)});
}

}  // namespace

std::optional<PrivateKey> signing_key(const config::JobConfig& job, const std::optional<std::filesystem::path>& path) {
  std::optional<std::filesystem::path> chosen = path;
  if (!chosen && job.compliance && job.compliance->model_key) chosen = *job.compliance->model_key;
  if (!chosen) return std::nullopt;
  PrivateKey key = PrivateKey::from_pem_file(*chosen);
  compliance::require_signing_key(key);
  return key;
}

void write_evidence(const PassedRun& run) {
  // Beside the weights. What is written here after the manifest is not in it.
  write_file_durably(run.model / "README.md", model_card({run.loaded, run.record, run.is_adapter}));
  attest_model(run);  // the last to write there
  // In the run's folder.
}

}  // namespace forgelm::pipeline
