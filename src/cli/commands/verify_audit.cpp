// `forgelm verify-audit`: whether an audit log is what was recorded, and proofs for those who do not have it.

#include "forgelm/cli/command.hpp"
#include "forgelm/compliance/audit_verify.hpp"
#include "forgelm/core/base64.hpp"
#include "forgelm/core/env.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::cli {
extern const CommandSpec command_verify_audit;

namespace {

using compliance::AuditVerdict;
using compliance::AuditVerification;
using compliance::AuditVerifyOptions;

constexpr std::string_view kCommand = "verify-audit";

std::string read_note(const Arguments& arguments, std::string_view option) {
  const auto path = arguments.path(option);
  auto note = read_file_if_exists(path, compliance::kMaxCheckpointBytes);
  if (!note) throw UsageError(kCommand, cat("--", option, ": there is no file ", path.native()));
  if (const auto read = compliance::parse_checkpoint(*note); !read)
    throw UsageError(kCommand, cat("--", option, ": ", path.native(), " is no checkpoint: ", read.error().message));
  return *std::move(note);
}

AuditVerifyOptions options_of(const Arguments& arguments) {
  AuditVerifyOptions options;
  const std::string& variable = arguments.text("hmac-secret-env");
  options.secret = environment().variable(variable);
  if (options.secret && options.secret->empty()) options.secret.reset();
  options.requires_tags = arguments.flag("require-hmac");
  if (options.requires_tags && !options.secret)
    throw UsageError(kCommand, cat("--require-hmac needs the secret, and $", variable, " is not set"));
  if (arguments.is_given("public-key")) {
    options.key = PublicKey::from_pem_file(arguments.path("public-key"));
    if (options.key->algorithm() != SignatureAlgorithm::ed25519)
      throw UsageError(kCommand, "--public-key: checkpoints are signed with Ed25519, and this key is of another kind");
  }
  if (arguments.is_given("anchor")) options.anchor = read_note(arguments, "anchor");
  if (arguments.is_given("consistency-from")) options.earlier = read_note(arguments, "consistency-from");
  if (const auto index = arguments.maybe_integer("prove")) options.prove = static_cast<std::uint64_t>(*index);
  if (arguments.is_given("output") && !options.prove && !options.earlier)
    throw UsageError(kCommand, "--output takes a proof: --prove or --consistency-from asks for one");
  return options;
}

Json document_of(const AuditVerification& result) {
  return Json::object({{"success", result.is_valid()},
                       {"valid", result.is_valid()},
                       {"entries_count", static_cast<std::int64_t>(result.num_entries)},
                       {"hmac_verified", result.is_hmac_verified ? Json(*result.is_hmac_verified) : Json()},
                       {"errors", Json::array_of(result.errors)},
                       {"verdict", result.is_without_evidence ? Json() : Json(to_text(result.verdict))},
                       {"cannot_exclude", Json::array_of(result.cannot_exclude)},
                       {"warnings", Json::array_of(result.warnings)},
                       {"origin", result.origin.empty() ? Json() : Json(result.origin)},
                       {"root", base64_encode(bytes_of(result.root))},
                       {"checkpoints", result.checkpoints}});
}

void print(const AuditVerification& result, const std::filesystem::path& path, Output& output) {
  if (result.is_valid())
    output.print(cat("OK: ", result.num_entries, " entries verified",
                     result.is_hmac_verified == true ? " (HMAC validated)" : "", "\n"));
  else if (!result.is_without_evidence) output.print(cat("FAIL: ", to_text(result.verdict), "\n"));
  for (const std::string& error : result.errors) Output::complain(cat(path.native(), ": ", error), "");
  for (const std::string& warning : result.warnings) output.print(cat("note: ", warning, "\n"));
  for (const std::string& open : result.cannot_exclude) output.print(cat("not excluded: ", open, "\n"));
}

ExitCode run(const Arguments& arguments, Output& output) {
  const std::filesystem::path path = arguments.path("LOG");
  const AuditVerifyOptions options = options_of(arguments);
  const AuditVerification result = compliance::verify_audit_file(path, options);
  Json document = document_of(result);
  print(result, path, output);
  if (result.is_without_evidence) {
    const std::string message = cat("audit log at ", path.native(),
                                    " holds no entries, and nothing beside it says what "
                                    "it should hold: nothing could be verified");
    document.set("errors", Json::array({message}));
    Output::complain(message, "forgelm never leaves an empty log: it was cut, moved away, or the path is wrong");
  }
  const std::string proofs = dump(result.proofs, {.indent = 2}) + "\n";
  if (result.is_valid() && arguments.is_given("output")) {
    write_file_durably(arguments.path("output"), proofs);
    output.print(cat("proof written to ", arguments.path("output").native(), "\n"));
  } else if (result.is_valid() && (options.prove || options.earlier)) {
    output.print(proofs);
  }
  document.set("proofs", result.proofs);
  output.set_document(std::move(document));
  if (result.is_valid()) return ExitCode::ok;
  return result.is_without_evidence ? ExitCode::config_error : ExitCode::integrity_failure;
}

constexpr OptionSpec kOptions[] = {
    {.name = "LOG",
     .kind = OptionKind::path,
     .doc = "The log, audit_log.jsonl. The manifest and the checkpoint beside it are read where they are there.",
     .is_positional = true,
     .is_required = true},
    {.name = "hmac-secret-env",
     .kind = OptionKind::text,
     .doc = "Environment variable that holds the secret of the entries' tags; not set, they are not checked.",
     .value_name = "VAR",
     .default_text = "FORGELM_AUDIT_SECRET"},
    {.name = "require-hmac", .kind = OptionKind::flag, .doc = "Every entry must carry a tag that verifies."},
    {.name = "anchor",
     .kind = OptionKind::path,
     .doc = "A checkpoint of this log that was kept where its writer could not change it.",
     .value_name = "FILE"},
    {.name = "public-key",
     .kind = OptionKind::path,
     .doc = "Ed25519 key whose signature every checkpoint must carry.",
     .value_name = "PEM"},
    {.name = "prove",
     .kind = OptionKind::integer,
     .doc = "Prove that the entry of this seq is in the log, for someone who has only its checkpoint.",
     .value_name = "N",
     .at_least = 0},
    {.name = "consistency-from",
     .kind = OptionKind::path,
     .doc = "Prove that the log only grew since this checkpoint of it.",
     .value_name = "NOTE"},
    {.name = "output",
     .kind = OptionKind::path,
     .doc = "Write the proofs to this file instead of the terminal.",
     .value_name = "FILE"},
};

constexpr Example kExamples[] = {
    {"forgelm verify-audit out/audit_log.jsonl", "chain, manifest and checkpoint"},
    {"forgelm verify-audit out/audit_log.jsonl --require-hmac", "tags too, with $FORGELM_AUDIT_SECRET"},
    {"forgelm verify-audit audit_log.jsonl --anchor vault/audit.checkpoint --public-key audit_key.pub",
     "against a signed checkpoint that was kept elsewhere"},
    {"forgelm verify-audit audit_log.jsonl --prove 12 --output proof.json", "a proof of entry 12"},
};

constexpr ExitCode kExitCodes[] = {ExitCode::ok, ExitCode::config_error, ExitCode::run_error,
                                   ExitCode::integrity_failure};

}  // namespace

const CommandSpec command_verify_audit = {
    .name = "verify-audit",
    .summary = "Verify an audit log",
    .details =
        "Says which of these a log is: intact; torn_tail (a crash interrupted its last write, and the next one mends "
        "it); cut (entries at the end are missing); forked (two histories of one log); rewritten (an entry is not what "
        "was recorded); wrong_key (tags or signatures are of another key). What the evidence at hand cannot exclude is "
        "listed: without an anchor, that the log was cut or written anew together with what stands beside it.",
    .options = kOptions,
    .examples = kExamples,
    .exit_codes = kExitCodes,
    .run = run,
};

}  // namespace forgelm::cli
