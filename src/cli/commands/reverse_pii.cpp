// `forgelm reverse-pii`: where a person's identifier stands in files of data.
#include <algorithm>

#include "../erasure_audit.hpp"
#include "../glob.hpp"
#include "forgelm/cli/command.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/pipeline/erasure.hpp"

namespace forgelm::cli {
extern const CommandSpec command_reverse_pii;

namespace {

namespace fs = std::filesystem;

constexpr Logger logger("forgelm.access");

std::vector<fs::path> files_of(const std::vector<std::string>& patterns) {
  std::vector<fs::path> files;
  std::string folder;
  for (const std::string& pattern : patterns)
    for (const fs::path& found : glob(pattern)) {
      const fs::path absolute = fs::absolute(found).lexically_normal();
      if (fs::is_directory(absolute)) folder = found.native();
      else if (fs::is_regular_file(absolute) && std::find(files.begin(), files.end(), absolute) == files.end())
        files.push_back(absolute);
    }
  if (!files.empty()) return files;
  if (!folder.empty())
    throw ConfigError(cat(quote(folder), " is a folder"),
                      cat("name its files, for example ", quote(folder + "/*.jsonl")));
  throw ConfigError(cat("no file matches ", join(patterns, ", ")), "check the paths; patterns are read as by a shell");
}

ExitCode run(const Arguments& arguments, Output& output) {
  pipeline::AccessRequest request;
  request.query = arguments.text("query");
  request.type = arguments.choice<compliance::IdentifierType>("type");
  if (arguments.is_given("salt-source")) request.salt_source = arguments.choice<compliance::SaltSource>("salt-source");
  request.has_excerpts = !arguments.flag("no-excerpts");
  request.files = files_of(arguments.texts("GLOB"));
  const auto folder = arguments.maybe_text("output-dir");
  request.output_dir = folder ? fs::path(*folder) : request.files.front().parent_path();
  request.audit_dir = arguments.maybe_text("audit-dir").value_or(request.output_dir.native());
  if (!folder)
    logger.warning("--output-dir is not given: the salt and the audit log are in the folder of the first file, ",
                   request.output_dir.native(), "; name the folder that `forgelm purge` uses to find its hashes again");
  request.open_audit = audit_opener(audit_job(arguments));
  const Json found = pipeline::answer_access_request(request);
  Json document = Json::object({{"success", true}});
  for (const auto& [key, value] : found.members()) document.set(key, value);

  const std::string hash = cat(found.at("query_hash").text().substr(0, 16), "\xE2\x80\xA6");
  const auto& matches = found.at("matches").items();
  const auto& scanned = found.at("files_scanned").items();
  const std::string how = cat(" (", found.at("identifier_type").text(), ", ", found.at("scan_mode").text(), " mode)");
  if (matches.empty()) {
    output.print(cat("No matches for identifier hash ", hash, how, " in ", scanned.size(), " file(s).\n"));
  } else {
    if (request.has_excerpts)
      logger.warning("what is found is shown as it stands in the data: do not keep this output");
    output.print(cat("Found ", matches.size(), " match(es) for identifier hash ", hash, how, ":\n"));
    for (const Json& match : matches) {
      const Json* excerpt = match.find("snippet");
      output.print(cat("  ", match.at("file").text(), ":", match.at("line").integer(),
                       excerpt == nullptr ? "" : cat("  ", escape_for_line(excerpt->text())), "\n"));
    }
    output.print(cat("\nFiles scanned: ", scanned.size(), "\n"));
    for (const Json& file : scanned)
      output.print(cat("  ", file.at("path").text(), ": ", file.at("match_count").integer(), " match(es)\n"));
  }
  output.set_document(std::move(document));
  return ExitCode::ok;
}

constexpr OptionSpec kOptions[] = {
    {.name = "GLOB",
     .kind = OptionKind::path,
     .doc = "Files of data, or patterns of their names; ** stands for any folders.",
     .is_positional = true,
     .is_required = true,
     .is_repeated = true},
    {.name = "query",
     .kind = OptionKind::text,
     .doc = "The identifier, or with --type custom a regular expression.",
     .value_name = "VALUE",
     .is_required = true},
    {.name = "type",
     .kind = OptionKind::choice,
     .doc = "What it is. E-mail addresses are found in either case, telephone numbers with and without country code, "
            "other numbers in any grouping.",
     .choices = choices<compliance::IdentifierType>,
     .default_text = "literal"},
    {.name = "salt-source",
     .kind = OptionKind::choice,
     .doc =
         "Look for the salted hash of the value instead, as a masked corpus holds it: with the salt of --output-dir, "
         "or that mixed with FORGELM_AUDIT_SECRET.",
     .choices = choices<compliance::SaltSource>},
    {.name = "output-dir",
     .kind = OptionKind::directory,
     .doc = "Where the salt is. Without it: the folder of the first file.",
     .value_name = "DIR"},
    {.name = "audit-dir",
     .kind = OptionKind::directory,
     .doc = "Where the audit log is. Without it: --output-dir.",
     .value_name = "DIR"},
    kAuditJobOption,
    {.name = "no-excerpts", .doc = "Name files and lines only, and show nothing of what stands there."},
};

constexpr Example kExamples[] = {
    {"forgelm reverse-pii --query alice@example.com --type email data/*.jsonl --output-dir runs/one",
     "every line that holds the address"},
    {"forgelm reverse-pii --query '+49 170 1234567' --type phone 'data/**/*.jsonl' --no-excerpts --output-format json",
     "places only, as JSON"},
};

constexpr ExitCode kExitCodes[] = {ExitCode::ok, ExitCode::config_error, ExitCode::run_error};

}  // namespace

const CommandSpec command_reverse_pii = {
    .name = "reverse-pii",
    .summary = "Find where a person's identifier stands in files of data",
    .details =
        "For requests of access (GDPR, Art. 15). Each request is recorded in the audit log with a salted hash of "
        "the value, never the value. Exit code 0 says that all files were searched, whatever was found.",
    .options = kOptions,
    .examples = kExamples,
    .exit_codes = kExitCodes,
    .run = run,
};

}  // namespace forgelm::cli
