// `forgelm bundle`: the evidence of a run as one archive.
#include "forgelm/cli/command.hpp"
#include "forgelm/compliance/evidence_zip.hpp"
#include "forgelm/core/progress.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::cli {
extern const CommandSpec command_bundle;

namespace {

namespace fs = std::filesystem;

ExitCode run(const Arguments& arguments, Output& output) {
  const fs::path archive = arguments.path("output");
  const compliance::EvidenceArchive packed = compliance::pack_evidence(arguments.path("OUTPUT_DIR"), archive);
  Json files = Json::array();
  for (const auto& file : packed.files)
    files.push(Json::object(
        {{"path", file.path}, {"role", file.role}, {"sha256", file.sha256}, {"size_bytes", file.size_bytes}}));
  output.set_document(Json::object({{"success", true},
                                    {"output", archive.native()},
                                    {"sha256", packed.sha256},
                                    {"files", std::move(files)},
                                    {"absent", Json::array_of(packed.absent)}}));
  for (const auto& file : packed.files)
    output.print(cat("  ", file.path, "  ", format_bytes(static_cast<std::int64_t>(file.size_bytes)), "\n"));
  output.print(cat(packed.files.size(), packed.files.size() == 1 ? " file" : " files", " in ", archive.native(),
                   "\n  sha256 ", packed.sha256, "\n"));
  for (const std::string& name : packed.absent) output.note(cat("warning: the run's folder holds no ", name));
  return ExitCode::ok;
}

constexpr OptionSpec kOptions[] = {
    {.name = "OUTPUT_DIR",
     .kind = OptionKind::directory,
     .doc = "The run's folder: training.output_dir of its job.",
     .is_positional = true,
     .is_required = true},
    {.name = "output",
     .kind = OptionKind::path,
     .doc = "The archive; an existing one is replaced.",
     .value_name = "ZIP",
     .is_required = true},
};

constexpr Example kExamples[] = {
    {"forgelm bundle runs/first --output evidence.zip", "what an auditor needs, in one file"},
};

constexpr ExitCode kExitCodes[] = {ExitCode::ok, ExitCode::config_error, ExitCode::run_error};

}  // namespace

const CommandSpec command_bundle = {
    .name = "bundle",
    .summary = "Pack the evidence of a run into one archive",
    .details =
        "The compliance folder, the audit log with its sidecars, the run's record and measurements, and the manifests "
        "and "
        "signatures of its model; no weights, no data, no samples. index.json lists every file with its SHA-256. The "
        "same "
        "folder gives the same bytes.",
    .options = kOptions,
    .examples = kExamples,
    .exit_codes = kExitCodes,
    .run = run,
};

}  // namespace forgelm::cli
