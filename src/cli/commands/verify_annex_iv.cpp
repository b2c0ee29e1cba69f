// `forgelm verify-annex-iv`: technical documentation, or the manifest of a pipeline with the evidence of its stages.
#include "forgelm/cli/command.hpp"
#include "forgelm/compliance/annex_iv.hpp"
#include "forgelm/core/env.hpp"
#include "forgelm/core/redact.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::cli {
extern const CommandSpec command_verify_annex_iv;

namespace {

namespace fs = std::filesystem;

constexpr const char* kSecretVariable = "FORGELM_AUDIT_SECRET";

std::string text_of(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  if (value == nullptr || value->is_null()) return "";
  return value->kind() == Json::Kind::text ? value->text() : dump(*value);
}

void print_point(const std::string& number, const Json& point, Output& output) {
  const std::string status = text_of(point, "status"), reason = text_of(point, "reason");
  output.print(cat("  ", number, std::string(number.size() < 5 ? 5 - number.size() : 1, ' '), status,
                   std::string(status.size() < 15 ? 15 - status.size() : 1, ' '), text_of(point, "title"),
                   reason.empty() ? "" : cat(": ", reason), "\n"));
}

void print_points(const Json& points, Output& output) {
  if (points.is_null()) return;
  for (const Json& point : points.items()) {
    const std::string number = text_of(point, "point");
    print_point(number, point, output);
    if (const Json* items = point.find("items"); items != nullptr && items->kind() == Json::Kind::array)
      for (const Json& item : items->items()) print_point(cat(number, "(", text_of(item, "item"), ")"), item, output);
  }
}

ExitCode verify_document(const fs::path& path, Output& output) {
  const compliance::AnnexIvResult result = compliance::verify_annex_iv_file(path);
  Json document = Json::object({{"success", result.is_valid},
                                {"valid", result.is_valid},
                                {"reason", result.reason},
                                {"missing_fields", Json::array_of(result.missing_fields)},
                                {"manifest_hash_actual", result.hash_actual},
                                {"manifest_hash_expected", result.hash_expected},
                                {"path", fs::absolute(path).lexically_normal().native()}});
  document.set("points", result.points).set("missing_points", Json::array_of(result.missing_points));
  output.set_document(std::move(document));
  output.print(cat(result.is_valid ? "OK: " : "FAIL: ", path.native(), "\n  ", result.reason, "\n"));
  for (const std::string& field : result.missing_fields) output.print(cat("    - missing: ", field, "\n"));
  print_points(result.points, output);
  return result.exit_code();
}

ExitCode verify_chain(const fs::path& folder, Output& output) {
  const std::string held = environment().variable(kSecretVariable).value_or("");
  register_secret(held);
  const std::optional<std::string> secret = held.empty() ? std::nullopt : std::optional(held);
  const compliance::PipelineReport report = compliance::verify_pipeline(folder, secret);
  Json violations = Json::array();
  for (const auto& violation : report.violations) violations.push(violation.text);
  Json document = Json::object({{"success", report.violations.empty()},
                                {"mode", "pipeline"},
                                {"path", fs::absolute(folder).lexically_normal().native()},
                                {"violations", std::move(violations)}});
  for (const auto& [key, value] : report.facts.members()) document.set(key, value);
  document.set("notes", Json::array_of(report.notes));
  output.set_document(std::move(document));
  if (!report.violations.empty()) {
    output.print(cat("FAIL: pipeline manifest at ", folder.native(), "\n"));
    for (const auto& violation : report.violations) output.print(cat("  - ", violation.text, "\n"));
  } else if (report.hash_state == "verified") {
    output.print(cat("OK: pipeline manifest at ", folder.native(), " (hash verified, ", report.num_verified,
                     " stage artefact(s))\n"));
  } else {
    output.print(cat("OK (UNVERIFIED): pipeline manifest at ", folder.native(),
                     ": no manifest_hash, so a change would not be seen\n"));
  }
  for (const std::string& note : report.notes) output.print(cat("  note: ", note, "\n"));
  return report.exit_code();
}

ExitCode run(const Arguments& arguments, Output& output) {
  const fs::path path = arguments.path("PATH");
  return arguments.flag("pipeline") ? verify_chain(path, output) : verify_document(path, output);
}

constexpr OptionSpec kOptions[] = {
    {.name = "PATH",
     .kind = OptionKind::path,
     .doc = "An annex_iv_metadata.json; with --pipeline the output_dir of a pipeline.",
     .is_positional = true,
     .is_required = true},
    {.name = "pipeline",
     .doc = "Verify compliance/pipeline_manifest.json in the folder: its hash, the chain of its stages, their evidence "
            "and, where FORGELM_AUDIT_SECRET is set, its agreement with the audit log."},
};

constexpr Example kExamples[] = {
    {"forgelm verify-annex-iv runs/first/compliance/annex_iv_metadata.json", "which points of Annex IV are filled"},
    {"forgelm verify-annex-iv --pipeline pipeline_run --output-format json", "a whole pipeline, for a CI step"},
};

constexpr ExitCode kExitCodes[] = {ExitCode::ok, ExitCode::config_error, ExitCode::run_error,
                                   ExitCode::integrity_failure};

}  // namespace

const CommandSpec command_verify_annex_iv = {
    .name = "verify-annex-iv",
    .summary = "Verify technical documentation after Annex IV of the EU AI Act",
    .details =
        "Exit code 0: nothing is missing and the hash fits. 1: something is missing, or the file is no such document. "
        "6: the hash does not fit, so the document was changed after it was written. The hash has no key: it finds "
        "damage "
        "and careless edits, not somebody who writes the hash anew; the audit log and signatures are for that.",
    .options = kOptions,
    .examples = kExamples,
    .exit_codes = kExitCodes,
    .run = run,
};

}  // namespace forgelm::cli
