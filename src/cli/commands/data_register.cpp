// `forgelm data register PATH`: a file or directory of rows becomes a data set with a name and a version.
#include <functional>

#include "../datasets.hpp"
#include "forgelm/core/ordered_work.hpp"
#include "forgelm/core/progress.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/pipeline/datasets.hpp"

namespace forgelm::cli {
extern const CommandSpec command_data_register;

namespace {

ExitCode run(const Arguments& arguments, Output& output) {
  pipeline::RegisterRequest request;
  request.path = arguments.text("PATH");
  request.name = arguments.text("name");
  request.version = arguments.text("version");
  request.parent = arguments.maybe_text("parent");
  request.license = arguments.maybe_text("license").value_or("");
  request.description = arguments.maybe_text("description").value_or("");
  request.tags = arguments.texts("tag");
  if (const auto report = arguments.maybe_text("audit-report")) request.audit_report = *report;
  request.accepted_because = std::string(trim(arguments.maybe_text("accept-findings").value_or("")));
  if (arguments.is_given("accept-findings") && request.accepted_because.empty())
    throw UsageError("data register", "--accept-findings takes the reason, and it is empty");
  request.num_workers = num_processors();
  pipeline::refuse_address(request.path);
  registry::Index index = registry::Index::open();
  pipeline::Registration done;
  {
    ReadingProgress progress("audit");
    request.on_progress = std::ref(progress);
    done = pipeline::register_dataset(index, request);
  }
  const registry::Dataset& set = done.dataset;
  output.print(cat("registered ", set.ref(), "\n"));
  output.print(fact_line("rows", cat(grouped(static_cast<std::int64_t>(set.num_rows)), " in ", set.files.size(),
                                     set.files.size() == 1 ? " file" : " files", ", ",
                                     format_bytes(static_cast<std::int64_t>(set.size_bytes)))));
  output.print(fact_line("digest", set.digest));
  output.print(fact_line("audit", cat(set.audit_status, "; personal data: ", set.pii_status)));
  for (const std::string& note : done.notes) output.note(cat("warning: ", note));
  if (set.audit_status == registry::kAuditFailed)
    output.note("warning: a job with data.require_audit will not train on it");
  Json document = Json::object({{"success", true}});
  const Json record = dataset_json(set);
  for (const auto& [key, value] : record.members()) document.set(key, value);
  document.set("notes", Json::array_of(done.notes));
  output.set_document(std::move(document));
  return ExitCode::ok;
}

constexpr OptionSpec kOptions[] = {
    {.name = "PATH",
     .kind = OptionKind::path,
     .doc = "A file of rows, or a directory of them.",
     .is_positional = true,
     .is_required = true},
    {.name = "name",
     .kind = OptionKind::text,
     .doc = "What the data set is called: letters, digits, dots, dashes and underscores.",
     .value_name = "NAME",
     .is_required = true},
    {.name = "version",
     .kind = OptionKind::text,
     .doc = "Its version; a name and a version are given once.",
     .value_name = "VERSION",
     .default_text = "1.0.0"},
    {.name = "parent",
     .kind = OptionKind::text,
     .doc = "The registered data set that this one was made from.",
     .value_name = "NAME@VERSION"},
    {.name = "license", .kind = OptionKind::text, .doc = "Under which licence it may be used.", .value_name = "TEXT"},
    {.name = "tag",
     .kind = OptionKind::text,
     .doc = "A word to find it by; may be given more than once.",
     .value_name = "TAG",
     .is_repeated = true},
    {.name = "description", .kind = OptionKind::text, .doc = "What it is, in a sentence.", .value_name = "TEXT"},
    {.name = "audit-report",
     .kind = OptionKind::path,
     .doc = "Take this report of `forgelm audit` instead of auditing. It has to be of these very files.",
     .value_name = "FILE"},
    {.name = "accept-findings",
     .kind = OptionKind::text,
     .doc = "The findings of the audit are known and no obstacle, for this reason, which goes into the record.",
     .value_name = "REASON"},
};

constexpr Example kExamples[] = {
    {"forgelm data register data/chats.jsonl --name support-chats", "the first version"},
    {"forgelm data register data/clean --name support-chats --version 1.1.0 --parent support-chats@1.0.0",
     "what was made of it"},
};

constexpr ExitCode kExitCodes[] = {ExitCode::ok, ExitCode::config_error, ExitCode::run_error};

}  // namespace

const CommandSpec command_data_register = {
    .name = "data register",
    .summary = "Give a file or directory of rows a name and a version, with its digests and its audit",
    .details =
        "Counts the rows, hashes the files and audits them (as `forgelm audit` does); nothing of the data is changed "
        "or copied. The record lies beside the index, with the audit's report, and never changes: other content is "
        "another version. What the audit finds does not stop the registration, it is recorded: a job with "
        "`data.require_audit: true` trains only on data whose audit passed or whose findings were accepted.",
    .options = kOptions,
    .examples = kExamples,
    .exit_codes = kExitCodes,
    .run = run,
};

}  // namespace forgelm::cli
