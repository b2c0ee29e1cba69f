// `forgelm audit`: what is in a data set, with gates for secrets and critical
// personal data.
#include "forgelm/audit/audit.hpp"

#include "cli/entity_model.hpp"
#include "forgelm/cli/command.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/progress.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::cli {
extern const CommandSpec command_audit;

namespace {

constexpr Logger logger("forgelm.audit");

using audit::AuditReport;
using audit::Gate;

audit::AuditOptions options_of(const Arguments& arguments) {
  audit::AuditOptions options;
  options.input = arguments.text("INPUT");
  options.dedup_method = arguments.choice<audit::DedupMethod>("dedup-method");
  options.near_dup_threshold = static_cast<int>(arguments.integer("near-dup-threshold"));
  options.jaccard_threshold = arguments.real("jaccard-threshold");
  options.with_quality = !arguments.flag("no-quality-filter");
  options.num_workers = static_cast<int>(arguments.integer("workers"));
  return options;
}

Json gate_json(const Gate& gate, std::string_view allowed_key, bool is_allowed) {
  return Json::object({{"status", !gate.has_failed ? "passed"
                                  : is_allowed     ? "suppressed"
                                                   : "failed"},
                       {"severity", gate.has_failed ? Json("critical") : Json()},
                       {"critical_total", total_of(gate.critical)},
                       {"critical_types", to_object(gate.critical)},
                       {"advisory_total", total_of(gate.advisory)},
                       {"advisory_types", to_object(gate.advisory)},
                       {std::string(allowed_key), is_allowed}});
}

Json document_of(const AuditReport& report, const Json& full, const std::filesystem::path& path,
                 const Arguments& arguments, bool is_passed) {
  Json splits = Json::object(), leaks = Json::array();
  for (const audit::SplitAudit& split : report.splits) splits.set(split.name, split.num_rows);
  for (const audit::Leak& leak : report.leaks) leaks.push(cat(leak.a, "__", leak.b));
  const Json near = full.at("near_duplicate_summary");
  const Json& scan = full.at("scan");
  return Json::object(
      {{"success", is_passed},
       {"report_path", path.native()},
       {"generated_at", report.generated_at},
       {"source_input", report.source_input},
       {"total_samples", report.total_rows},
       {"splits", std::move(splits)},
       {"pii_summary", full.at("pii_summary")},
       {"pii_severity", full.at("pii_severity")},
       {"secrets_summary", full.at("secrets_summary")},
       {"secrets_gate", gate_json(report.secrets_gate, "allow_secrets", arguments.flag("allow-secrets"))},
       {"pii_gate", gate_json(report.pii_gate, "allow_pii", arguments.flag("allow-pii"))},
       {"quality_summary", full.at("quality_summary")},
       {"near_duplicate_pairs_per_split", near.at("pairs_per_split")},
       {"near_duplicate_summary", near},
       {"cross_split_leakage_pairs", std::move(leaks)},
       {"croissant", full.at("croissant")},
       {"notes", full.at("notes")},
       {"files", full.at("files")},
       {"scan", Json::object({{"strings", scan.at("strings")},
                              {"kinds", scan.at("kinds")},
                              {"findings_total", scan.at("findings_total")}})}});
}

/// Whether the gate lets the run pass; says why not.
bool judge(const Gate& gate, std::string_view what, std::string_view option, bool is_allowed,
           std::string_view what_to_do) {
  if (!gate.has_failed) return true;
  std::vector<std::string> kinds;
  for (const auto& [name, count] : gate.critical) kinds.push_back(cat(name, "=", count));
  if (is_allowed) {
    logger.warning(what, " found (", join(kinds, ", "), ") and let pass by --", option,
                   "; the findings are in the report");
    return true;
  }
  Output::complain(cat(what, " found: ", join(kinds, ", ")),
                   cat(what_to_do, "; --", option, " records the findings without failing"));
  return false;
}

/// The places of the worst findings, for a terminal.
std::string places_text(const AuditReport& report) {
  constexpr std::size_t kMaxShown = 20;
  std::string out;
  std::size_t shown = 0;
  for (const audit::SplitAudit& split : report.splits)
    for (const audit::Finding& finding : split.findings) {
      const audit::Kind& kind = audit::all_kinds()[finding.kind];
      if (kind.tier != audit::Tier::critical || ++shown > kMaxShown) continue;
      out += cat("  ", split.path.filename().native(), ":", finding.line, ": ", finding.field, "[", finding.begin, ":",
                 finding.end, "] ", kind.name, " ", finding.excerpt, "\n");
    }
  if (shown > kMaxShown) out += cat("  and ", shown - kMaxShown, " more, in the report\n");
  return shown == 0 ? out : cat("Critical findings\n", out);
}

ExitCode run(const Arguments& arguments, Output& output) {
  audit::AuditOptions options = options_of(arguments);
  const std::unique_ptr<audit::EntityFinder> entities = open_entity_model(arguments);
  options.entities = entities.get();
  AuditReport report;
  {
    Progress progress({.label = "audit", .unit = "byte", .is_bytes = true});
    report = audit::audit_data(
        options, [&](std::uint64_t done, std::uint64_t) { progress.update(static_cast<std::int64_t>(done)); });
  }
  const Json full = audit::to_json(report);
  const std::filesystem::path folder = arguments.path("output");
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw ConfigError(cat("cannot make the folder ", folder.native(), ": ", error.message()));
  const std::filesystem::path path = folder / audit::kReportName;
  write_file_durably(path, dump(full, {.indent = 2, .ensure_ascii = false}));
  output.print(audit::summary_text(report, arguments.flag("verbose")));
  output.print(places_text(report));
  output.print(cat("\nReport written to: ", path.native(), "\n"));
  output.flush();

  // Both gates speak before either ends the run: two faults are two things to
  // mend.
  const bool pii_passed = judge(report.pii_gate, "critical personal data", "allow-pii", arguments.flag("allow-pii"),
                                "mask it with forgelm ingest --pii-mask");
  const bool secrets_passed = judge(report.secrets_gate, "secrets", "allow-secrets", arguments.flag("allow-secrets"),
                                    "do not train on this data: mask them with forgelm ingest "
                                    "--secrets-mask");
  output.set_document(document_of(report, full, path, arguments, pii_passed && secrets_passed));
  return pii_passed && secrets_passed ? ExitCode::ok : ExitCode::gate_failed;
}

constexpr OptionSpec kOptions[] = {
    {.name = "INPUT",
     .kind = OptionKind::path,
     .doc = "A file of rows (JSONL, JSON, CSV, Parquet), or a directory that "
            "holds train.jsonl, validation.jsonl or "
            "test.jsonl; dev, val, valid, eval and holdout are known names too.",
     .is_positional = true,
     .is_required = true},
    {.name = "output",
     .kind = OptionKind::directory,
     .doc = "Where to write data_audit_report.json; made if it is not there.",
     .value_name = "DIR",
     .default_text = "./audit"},
    {.name = "verbose", .kind = OptionKind::flag, .doc = "Show splits without findings too."},
    {.name = "dedup-method",
     .kind = OptionKind::choice,
     .doc = "How near-duplicates are found: simhash weighs words by how often "
            "they occur and misses no pair within "
            "its threshold; minhash compares sets of words.",
     .choices = choices<audit::DedupMethod>,
     .default_text = "simhash"},
    {.name = "near-dup-threshold",
     .kind = OptionKind::integer,
     .doc = "Bits in which two simhashes may differ.",
     .value_name = "N",
     .default_text = "3",
     .at_least = 0,
     .at_most = 64},
    {.name = "jaccard-threshold",
     .kind = OptionKind::real,
     .doc = "Similarity from which minhash takes two rows for near-duplicates.",
     .value_name = "X",
     .default_text = "0.85",
     .at_least = 0,
     .at_most = 1},
    {.name = "quality-filter", .kind = OptionKind::flag, .doc = "Flag rows of low quality; on unless switched off."},
    {.name = "no-quality-filter", .kind = OptionKind::flag, .doc = "Leave the quality flags out."},
    {.name = "pii-ml",
     .kind = OptionKind::flag,
     .doc = "Look for names of people, organizations and places with the "
            "model of --pii-ml-model."},
    {.name = "pii-ml-language",
     .kind = OptionKind::text,
     .doc = "Language of the texts, for the report; a model whose card names "
            "its languages must know it. xx stands for several.",
     .value_name = "LANG",
     .default_text = "en"},
    {.name = "pii-ml-model",
     .kind = OptionKind::directory,
     .doc = "Folder of a token-classification model (BERT, DistilBERT, RoBERTa, "
            "XLM-RoBERTa) that finds names; turns --pii-ml on.",
     .value_name = "DIR"},
    {.name = "pii-ml-min-score",
     .kind = OptionKind::real,
     .doc = "Names that the model is less certain of are left out.",
     .value_name = "X",
     .default_text = "0.5",
     .at_least = 0,
     .at_most = 1},
    {.name = "workers",
     .kind = OptionKind::integer,
     .doc = "Threads that read rows; the report is the same for any number.",
     .value_name = "N",
     .default_text = "1",
     .at_least = 1,
     .at_most = 1024},
    {.name = "allow-secrets",
     .kind = OptionKind::flag,
     .doc = "Exit 0 even when secrets are found; they are still reported."},
    {.name = "allow-pii",
     .kind = OptionKind::flag,
     .doc = "Exit 0 even when critical personal data is found; it is still "
            "reported."},
};

constexpr Example kExamples[] = {
    {"forgelm audit data/train.jsonl", "one file, the report under ./audit"},
    {"forgelm audit data --output reports --workers 4", "a folder of splits, with leakage between them"},
    {"forgelm audit data --output-format json --allow-pii", "for a script, failing on secrets only"},
};

constexpr ExitCode kExitCodes[] = {ExitCode::ok, ExitCode::config_error, ExitCode::run_error, ExitCode::gate_failed};

}  // namespace

const CommandSpec command_audit = {
    .name = "audit",
    .summary =
        "Look through a data set for personal data, secrets, duplicates "
        "and more",
    .details =
        "Reads every string of every row and writes what it found, "
        "masked and with its place, to "
        "data_audit_report.json: personal data and secrets, "
        "near-duplicates within and between splits, languages, "
        "lengths, quality flags, changes of columns, rows that cannot "
        "be read. Nothing of the data is changed.\n\n"
        "Secrets and critical personal data (card and account numbers "
        "whose check digits hold) end it with exit code "
        "3 once the report is written. Other personal data, and random "
        "values assigned to a key or password, are "
        "reported and never fail it. Names of people, organizations and "
        "places need a model (--pii-ml-model) and never fail it either.",
    .options = kOptions,
    .examples = kExamples,
    .exit_codes = kExitCodes,
    .run = run,
};

}  // namespace forgelm::cli
