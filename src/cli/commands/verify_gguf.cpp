// `forgelm verify-gguf`: whether a GGUF file is whole. The document's first keys are the reference's.
#include "forgelm/formats/verify_gguf.hpp"
#include "../verdict.hpp"
#include "forgelm/cli/command.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::cli {
extern const CommandSpec command_verify_gguf;

namespace {

Json checks_of(const formats::GgufReport& report) {
  Json checks = Json::object({{"magic_ok", report.has_magic},
                              {"metadata_parsed", report.is_parsed},
                              {"metadata_error", report.metadata_error.empty() ? Json() : Json(report.metadata_error)},
                              {"sidecar_present", report.has_sidecar},
                              {"sidecar_match", report.is_sidecar_right ? Json(*report.is_sidecar_right) : Json()}});
  if (report.num_tensors) checks.set("tensor_count", *report.num_tensors);
  if (report.has_sidecar)
    checks.set("sha256_actual", report.sha256_actual).set("sha256_expected", report.sha256_expected);
  if (report.num_metadata) checks.set("metadata_count", *report.num_metadata);
  if (report.version) checks.set("version", *report.version);
  return checks;
}

ExitCode run(const Arguments& arguments, Output& output) {
  const std::string path = arguments.text("PATH");
  const formats::GgufReport report = formats::verify_gguf(path);
  const Json checks = checks_of(report);
  output.set_document(Json::object({{"success", report.is_valid},
                                    {"valid", report.is_valid},
                                    {"reason", report.reason},
                                    {"checks", checks},
                                    {"path", absolute_path(path)}}));
  output.print(verdict_lines(report.is_valid, path, report.reason));
  for (const auto& [name, value] : checks.members())
    output.print(cat("    ", name, ": ", value.kind() == Json::Kind::text ? shown(value.text()) : dump(value), "\n"));
  return report.exit_code();
}

constexpr OptionSpec kOptions[] = {
    {.name = "PATH", .kind = OptionKind::path, .doc = "A GGUF file.", .is_positional = true, .is_required = true},
};

constexpr Example kExamples[] = {
    {"forgelm verify-gguf model.gguf",
     "the file is whole, and with model.gguf.sha256 beside it the one that was exported"},
};

constexpr ExitCode kExitCodes[] = {ExitCode::ok, ExitCode::config_error, ExitCode::run_error,
                                   ExitCode::integrity_failure};

}  // namespace

const CommandSpec command_verify_gguf = {
    .name = "verify-gguf",
    .summary = "Check that a GGUF file is whole",
    .details =
        "Reads the metadata and the list of tensors, each of which must lie in the file and apart from the others, and "
        "compares the file with the digest in PATH.sha256 where there is one. A file that is damaged or was changed "
        "gives exit code 6; one that is no GGUF file, or whose sidecar holds no digest, 1.",
    .options = kOptions,
    .examples = kExamples,
    .exit_codes = kExitCodes,
    .run = run,
};

}  // namespace forgelm::cli
