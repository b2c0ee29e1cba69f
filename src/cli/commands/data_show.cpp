// `forgelm data show NAME[@VERSION]`: the record of a registered data set.
#include "../datasets.hpp"
#include "forgelm/core/progress.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::cli {
extern const CommandSpec command_data_show;

namespace {

ExitCode run(const Arguments& arguments, Output& output) {
  registry::Index index = open_registered();
  const std::string text = arguments.text("DATASET");
  const registry::Dataset set = index.get(text);
  const std::vector<std::string> versions = index.versions(set.name);
  const bool is_chosen = text.find('@') == std::string::npos;
  output.print(cat(set.ref(), is_chosen && versions.size() > 1 ? " (the version registered last)" : "", "\n"));
  const auto fact = [&](std::string_view label, const std::string& value) {
    if (!value.empty()) output.print(fact_line(label, value));
  };
  fact("path", set.path);
  fact("rows", cat(grouped(static_cast<std::int64_t>(set.num_rows)), " (", set.format, "), ",
                   format_bytes(static_cast<std::int64_t>(set.size_bytes))));
  fact("digest", set.digest);
  fact("audit", cat(set.audit_status, "; personal data: ", set.pii_status));
  fact("accepted", set.audit_note);
  for (const std::string& report : set.audit_paths) fact("report", report);
  fact("parent", set.parent);
  fact("license", set.license);
  fact("tags", join(set.tags, ", "));
  fact("about", set.description);
  fact("registered", set.created);
  fact("versions", join(versions, ", "));
  for (const registry::DatasetFile& file : set.files)
    fact("file", cat(file.path, "  ", rows_text(file.num_rows), "  ", file.sha256));
  Json document = Json::object({{"success", true}});
  const Json record = dataset_json(set);
  for (const auto& [key, value] : record.members()) document.set(key, value);
  document.set("versions", Json::array_of(versions));
  output.set_document(std::move(document));
  return ExitCode::ok;
}

constexpr OptionSpec kOptions[] = {kDatasetArgument};

constexpr Example kExamples[] = {
    {"forgelm data show support-chats", "the version that was registered last"},
    {"forgelm data show support-chats@1.0.0 --output-format json", "one version, for a script"},
};

constexpr ExitCode kExitCodes[] = {ExitCode::ok, ExitCode::config_error, ExitCode::run_error};

}  // namespace

const CommandSpec command_data_show = {
    .name = "data show",
    .summary = "Show what is recorded of a registered data set",
    .details = "Reads the index and nothing of the data; `forgelm data verify` compares the two.",
    .options = kOptions,
    .examples = kExamples,
    .exit_codes = kExitCodes,
    .run = run,
};

}  // namespace forgelm::cli
