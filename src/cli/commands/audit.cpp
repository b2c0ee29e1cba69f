// `forgelm audit`: what is in a data set, with gates for secrets and critical
// personal data.
#include "forgelm/audit/audit.hpp"

#include <memory>

#include "../audit_fix.hpp"
#include "../audit_measures.hpp"
#include "../audit_outputs.hpp"
#include "../entity_model.hpp"
#include "../load_job.hpp"
#include "forgelm/audit/croissant.hpp"
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
  options.num_language_sample = static_cast<std::uint64_t>(arguments.integer("language-sample"));
  options.num_workers = static_cast<int>(arguments.integer("workers"));
  return options;
}

/// Without the lists of items, which are in the report.
Json contamination_of(const Json& full) {
  if (full.find("contamination") == nullptr) return {};
  Json out = full.at("contamination");
  for (auto& [name, benchmark] : out.find("benchmarks")->members())
    std::erase_if(benchmark.members(), [](const Json::Member& member) { return member.first == "touched"; });
  return out;
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
       {"tokens", full.find("tokens") != nullptr ? full.at("tokens") : Json()},
       {"contamination", contamination_of(full)},
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
    logger.warning(what, " (", join(kinds, ", "), ") and let pass by --", option, "; the findings are in the report");
    return true;
  }
  Output::complain(cat(what, ": ", join(kinds, ", ")),
                   cat(what_to_do, "; --", option, " records the findings without failing"));
  return false;
}

/// Both gates speak before either ends the run: two faults are two things to mend.
bool judge_both(const AuditReport& report, const Arguments& arguments, std::string_view where) {
  const bool pii = judge(report.pii_gate, cat("critical personal data found", where), "allow-pii",
                         arguments.flag("allow-pii"), "mask it with forgelm audit --fix or forgelm ingest --pii-mask");
  const bool secrets =
      judge(report.secrets_gate, cat("secrets found", where), "allow-secrets", arguments.flag("allow-secrets"),
            "do not train on this data: mask them with forgelm audit --fix or forgelm ingest "
            "--secrets-mask");
  return pii && secrets;
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
  check_audit_outputs(arguments);
  const std::optional<audit::FixRules> rules = fix_rules_of(arguments);
  add_audit_measures(arguments, output, options);
  const std::unique_ptr<audit::EntityFinder> entities = open_entity_model(arguments);
  options.entities = entities.get();
  AuditReport report;
  {
    Progress progress({.label = "audit", .unit = "byte", .is_bytes = true});
    report = audit::audit_data(
        options, [&](std::uint64_t done, std::uint64_t) { progress.update(static_cast<std::int64_t>(done)); });
  }
  if (arguments.flag("croissant")) report.croissant = audit::croissant_card(report, options.num_workers);
  const Json full = audit::to_json(report);
  const std::filesystem::path folder = arguments.path("output");
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw ConfigError(cat("cannot make the folder ", folder.native(), ": ", error.message()));
  const std::filesystem::path path = folder / audit::kReportName;
  write_file_durably(path, dump(full, {.indent = 2, .ensure_ascii = false}));
  if (arguments.flag("croissant"))
    write_file_durably(folder / audit::kCardName, dump(report.croissant, {.indent = 2, .ensure_ascii = false}));
  output.print(audit::summary_text(report, arguments.flag("verbose")));
  output.print(places_text(report));
  output.print(cat("\nReport written to: ", path.native(), "\n"));
  write_audit_outputs(report, arguments, output);
  output.flush();

  // What a job is to train on decides: the cleaned copy, where there is one.
  Json document = document_of(report, full, path, arguments, false);
  AuditReport* judged = &report;
  std::optional<audit::FixResult> fixed;
  if (rules) {
    fixed = write_fixed_copy(options, report, *rules, arguments, output);
    judged = &fixed->cleaned;
    document.set("fix", fix_json(*fixed, arguments.flag("allow-secrets"), arguments.flag("allow-pii")));
  }
  const bool is_free = passes_contamination(arguments, *judged);
  const bool is_passed = judge_both(*judged, arguments, rules ? " in the cleaned copy" : "") && is_free;
  output.set_document(std::move(document.set("success", is_passed)));
  return is_passed ? ExitCode::ok : ExitCode::gate_failed;
}

constexpr OptionSpec kOptions[] = {
    {.name = "INPUT",
     .kind = OptionKind::path,
     .doc = "A file of rows (JSONL, JSON, CSV, Parquet, text by lines), or a directory that "
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
    {.name = "croissant",
     .kind = OptionKind::flag,
     .doc = "Describe the data set as a Croissant 1.1 card: under the report's key croissant, and as croissant.json "
            "beside it."},
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
    {.name = "language-sample",
     .kind = OptionKind::integer,
     .doc = "Rows of a split whose language is found, drawn by chance with a "
            "fixed seed; 0: every row.",
     .value_name = "N",
     .default_text = "10000",
     .at_least = 0},
    {.name = "tokenizer",
     .kind = OptionKind::path,
     .doc = "Measure rows in tokens of this model folder or tokenizer file, conversations through its chat template.",
     .value_name = "PATH",
     .one_of = "whose tokens"},
    {.name = "config",
     .kind = OptionKind::path,
     .doc = "Measure rows in tokens as this job would train on them: its model's tokenizer and template, its columns, "
            "its model.max_length.",
     .value_name = "JOB",
     .one_of = "whose tokens"},
    kStageOption,
    {.name = "max-length",
     .kind = OptionKind::integer,
     .doc = "Count the rows that are longer than so many tokens, and the tokens that cutting them loses; by default "
            "the job's model.max_length, or what the tokenizer's files say.",
     .value_name = "N",
     .at_least = 1},
    {.name = "benchmark",
     .kind = OptionKind::text,
     .doc =
         "Look for the items of a benchmark (a file of rows, or a folder of such files) in what is trained on. May be "
         "given several times.",
     .value_name = "NAME=FILE",
     .is_repeated = true},
    {.name = "benchmark-ngram",
     .kind = OptionKind::integer,
     .doc = "Words in a row that make an item of a benchmark known again.",
     .value_name = "N",
     .default_text = "13",
     .at_least = 2,
     .at_most = 64},
    {.name = "fail-on-contamination",
     .kind = OptionKind::real,
     .doc = "Exit 3 when a larger share of a benchmark's items than this shares an n-gram with the training data.",
     .value_name = "RATE",
     .at_least = 0,
     .at_most = 1},
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
    {.name = "sarif",
     .kind = OptionKind::path,
     .doc = "Write the findings as a SARIF 2.1.0 log too, for code scanning.",
     .value_name = "FILE"},
    {.name = "html",
     .kind = OptionKind::path,
     .doc = "Write the report as one HTML page too, with plots; it needs nothing but itself.",
     .value_name = "FILE"},
    {.name = "fix",
     .kind = OptionKind::directory,
     .doc =
         "Write a cleaned copy of the data to this folder, which must be new, empty, or such a copy: secrets and "
         "critical personal data masked, unreadable, empty, repeated and leaked rows dropped. The data itself is not "
         "changed, and the exit code is that of the copy.",
     .value_name = "DIR"},
    {.name = "fix-rule",
     .kind = OptionKind::text,
     .doc = "What --fix does about something: WHAT=keep, WHAT=mask or WHAT=drop; later rules win. WHAT: secrets, pii, "
            "pii-high (and other tiers), a kind (email), unreadable, encoding, no-text, exact-duplicates, "
            "near-duplicates, leaks, quality or one of its flags.",
     .value_name = "RULE",
     .is_repeated = true},
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
    {"forgelm audit data --fix cleaned --fix-rule pii=mask", "a copy to train on, without any personal data found"},
    {"forgelm audit data --tokenizer models/smollm2 --max-length 2048", "how long rows are, and what is cut"},
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
        "be read. Nothing of the data is changed; --fix writes a cleaned "
        "copy.\n\n"
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
