// `forgelm verify-integrity`: a model directory against its manifest, and with a key against its signature. Both look
// once at the directory. The document's first keys are the reference's.
#include <algorithm>

#include "../verdict.hpp"
#include "forgelm/cli/command.hpp"
#include "forgelm/compliance/model_integrity.hpp"
#include "forgelm/compliance/model_signing.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::cli {
extern const CommandSpec command_verify_integrity;

namespace {

using compliance::IntegrityReport;
using compliance::IntegrityVerdict;
using compliance::ModelFolder;
using compliance::SignatureReport;

void merge(std::vector<std::string>& into, const std::vector<std::string>& names) {
  into.insert(into.end(), names.begin(), names.end());
  std::sort(into.begin(), into.end());
  into.erase(std::unique(into.begin(), into.end()), into.end());
}

/// What was found by either check.
struct Findings {
  IntegrityReport integrity;  ///< of the manifest; with a signature's findings added to its lists
  std::optional<SignatureReport> signature;

  bool is_valid() const { return integrity.verdict == IntegrityVerdict::intact && (!signature || signature->is_valid); }
  ExitCode exit_code() const {
    if (is_valid()) return ExitCode::ok;
    const bool is_unusable = integrity.verdict == IntegrityVerdict::unusable && (!signature || signature->is_valid);
    return is_unusable ? ExitCode::config_error : ExitCode::integrity_failure;
  }
};

Findings examine(ModelFolder& folder, const std::optional<std::string>& key_path, const std::string& bundle) {
  Findings findings;
  std::optional<PublicKey> key;
  if (key_path) key = PublicKey::from_pem_file(*key_path);
  if (!key || folder.find(compliance::kModelIntegrityFile) != nullptr)
    findings.integrity = compliance::verify_model_integrity(folder);
  if (!key) return findings;
  findings.signature = compliance::verify_model_signature(folder, *key, bundle);
  const SignatureReport& signature = *findings.signature;
  IntegrityReport& integrity = findings.integrity;
  merge(integrity.changed, signature.changed);
  merge(integrity.removed, signature.removed);
  merge(integrity.added, signature.added);
  integrity.num_verified = std::max(integrity.num_verified, signature.num_verified);
  integrity.reason += cat(integrity.reason.empty() ? "" : " ", signature.reason);
  return findings;
}

Json document_of(const Findings& findings, const std::string& path, const std::string& bundle) {
  const IntegrityReport& report = findings.integrity;
  Json document = Json::object({{"success", findings.is_valid()},
                                {"valid", findings.is_valid()},
                                {"reason", report.reason},
                                {"changed", Json::array_of(report.changed)},
                                {"removed", Json::array_of(report.removed)},
                                {"added", Json::array_of(report.added)},
                                {"verified_count", report.num_verified},
                                {"path", absolute_path(path)},
                                {"skipped_symlinks", Json::array_of(report.skipped_links)},
                                {"special_files", Json::array_of(report.special_files)},
                                {"exported_elsewhere", Json::array_of(report.exported_apart)},
                                {"signature", nullptr}});
  if (findings.signature)
    document.set("signature", Json::object({{"valid", findings.signature->is_valid},
                                            {"authentic", findings.signature->is_authentic},
                                            {"reason", findings.signature->reason},
                                            {"key_sha256", findings.signature->key_sha256},
                                            {"file", absolute_path(bundle)}}));
  return document;
}

void print(const Findings& findings, const std::string& path, Output& output) {
  const IntegrityReport& report = findings.integrity;
  output.print(verdict_lines(findings.is_valid(), path, report.reason));
  for (const auto& [names, word] : {std::pair{&report.changed, "changed: "}, std::pair{&report.removed, "removed: "},
                                    std::pair{&report.added, "added:   "}})
    for (const std::string& name : *names) output.print(cat("    ", word, shown(name), "\n"));
  for (const std::string& name : report.skipped_links)
    output.print(cat("    not attested, a link out of the directory: ", shown(name), "\n"));
  for (const std::string& name : report.exported_apart)
    output.print(cat("    not compared, exported to another place: ", shown(name), "\n"));
  if (findings.signature) output.print(cat("    key: SHA-256 ", findings.signature->key_sha256, "\n"));
}

ExitCode run(const Arguments& arguments, Output& output) {
  const std::string path = arguments.text("MODEL_DIR");
  const auto key_path = arguments.maybe_text("public-key");
  if (arguments.is_given("signature") && !key_path)
    throw UsageError("verify-integrity", "--signature is verified with a key: give --public-key too");
  const std::string beside = (std::filesystem::path(path) / compliance::kModelSignatureFile).native();
  const std::string bundle = arguments.maybe_text("signature").value_or(beside);
  ModelFolder folder(path);
  const Findings findings = examine(folder, key_path, bundle);
  output.set_document(document_of(findings, path, bundle));
  print(findings, path, output);
  if (!key_path && folder.find(compliance::kModelSignatureFile) != nullptr)
    output.note(cat("there is a signature, ", compliance::kModelSignatureFile,
                    ", that was not verified: give --public-key to verify it"));
  return findings.exit_code();
}

constexpr OptionSpec kOptions[] = {
    {.name = "MODEL_DIR",
     .kind = OptionKind::directory,
     .doc = "The directory of a model, with its model_integrity.json.",
     .is_positional = true,
     .is_required = true},
    {.name = "public-key",
     .kind = OptionKind::path,
     .doc =
         "Verify the signature too, with this public key (PEM). A directory without a manifest is then verified by its "
         "signature alone.",
     .value_name = "PEM"},
    {.name = "signature",
     .kind = OptionKind::path,
     .doc = "The signature, an OpenSSF Model Signing bundle; without it model.sig in the directory.",
     .value_name = "FILE"},
};

constexpr Example kExamples[] = {
    {"forgelm verify-integrity out/final_model", "every file is the one that the run wrote, and none came or went"},
    {"forgelm verify-integrity out/final_model --public-key release.pub.pem",
     "the same, and the holder of the key signed them"},
};

constexpr ExitCode kExitCodes[] = {ExitCode::ok, ExitCode::config_error, ExitCode::run_error,
                                   ExitCode::integrity_failure};

}  // namespace

const CommandSpec command_verify_integrity = {
    .name = "verify-integrity",
    .summary = "Compare a model directory with its manifest and its signature",
    .details =
        "Every file that model_integrity.json lists is hashed again; files that it does not list are reported as "
        "added. "
        "The manifest is not keyed: it finds damage, and an attacker who can write the directory can write it anew. "
        "With --public-key the OpenSSF Model Signing bundle beside the model is verified, which finds both.",
    .options = kOptions,
    .examples = kExamples,
    .exit_codes = kExitCodes,
    .run = run,
};

}  // namespace forgelm::cli
