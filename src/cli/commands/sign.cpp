// `forgelm sign`: an OpenSSF Model Signing bundle over a model directory. A directory whose manifest disagrees with it
// is not signed: the signature would vouch for what nobody checked.
#include "../verdict.hpp"
#include "forgelm/cli/command.hpp"
#include "forgelm/compliance/model_integrity.hpp"
#include "forgelm/compliance/model_signing.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::cli {
extern const CommandSpec command_sign;

namespace {

ExitCode run(const Arguments& arguments, Output& output) {
  const std::string path = arguments.text("MODEL_DIR");
  const PrivateKey key = PrivateKey::from_pem_file(arguments.path("sign-key"));
  compliance::require_signing_key(key);
  compliance::ModelFolder folder(path);
  if (folder.find(compliance::kModelIntegrityFile) != nullptr) {
    const auto report = compliance::verify_model_integrity(folder);
    if (report.verdict != compliance::IntegrityVerdict::intact) {
      const std::string reason = cat("not signed: ", report.reason);
      output.set_document(Json::object({{"success", false}, {"error", reason}, {"path", absolute_path(path)}}));
      output.print(verdict_lines(false, path, reason));
      return ExitCode::integrity_failure;
    }
  }
  const std::string beside = (std::filesystem::path(path) / compliance::kModelSignatureFile).native();
  const std::string bundle = arguments.maybe_text("output").value_or(beside);
  const std::string name = std::filesystem::path(absolute_path(path)).filename().native();
  const compliance::SignedModel signed_model = compliance::sign_model(folder, key, bundle, name);
  output.set_document(Json::object({{"success", true},
                                    {"path", absolute_path(path)},
                                    {"signature", absolute_path(bundle)},
                                    {"num_files", signed_model.num_files},
                                    {"algorithm", to_text(key.algorithm())},
                                    {"key_sha256", signed_model.key_sha256}}));
  output.print(cat("signed ", signed_model.num_files, " file(s) of ", path, "\n  signature  ", bundle,
                   "\n  key        SHA-256 ", signed_model.key_sha256, "\n"));
  return ExitCode::ok;
}

constexpr OptionSpec kOptions[] = {
    {.name = "MODEL_DIR",
     .kind = OptionKind::directory,
     .doc = "The directory of a model.",
     .is_positional = true,
     .is_required = true},
    {.name = "sign-key",
     .kind = OptionKind::path,
     .doc =
         "The private key (PEM): ECDSA on P-256, P-384 or P-521. The environment variable FORGELM_KEY_PASSPHRASE opens "
         "an encrypted one.",
     .value_name = "PEM",
     .is_required = true},
    {.name = "output",
     .kind = OptionKind::path,
     .doc = "Write the signature here; without it model.sig in the directory. An existing file is replaced.",
     .value_name = "FILE"},
};

constexpr Example kExamples[] = {
    {"forgelm sign out/final_model --sign-key release.pem", "sign a model that was trained earlier"},
    {"forgelm verify-integrity out/final_model --public-key release.pub.pem", "verify it, anywhere"},
};

constexpr ExitCode kExitCodes[] = {ExitCode::ok, ExitCode::config_error, ExitCode::run_error,
                                   ExitCode::integrity_failure};

}  // namespace

const CommandSpec command_sign = {
    .name = "sign",
    .summary = "Sign a model directory with a private key",
    .details =
        "Writes an OpenSSF Model Signing v1.0 bundle, which names every file with its digest and which the "
        "model-signing "
        "package verifies too. Symbolic links, pipes and the like are refused: a signed model has none. A directory "
        "that "
        "does not agree with its model_integrity.json is not signed.",
    .options = kOptions,
    .examples = kExamples,
    .exit_codes = kExitCodes,
    .run = run,
};

}  // namespace forgelm::cli
