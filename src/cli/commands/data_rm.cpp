// `forgelm data rm NAME@VERSION`: takes a data set out of the registry; its data stay where they are.
#include "../datasets.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/pipeline/datasets.hpp"

namespace forgelm::cli {
extern const CommandSpec command_data_rm;

namespace {

ExitCode run(const Arguments& arguments, Output& output) {
  registry::Index index = open_registered();
  const std::string text = arguments.text("DATASET");
  if (text.find('@') == std::string::npos) {
    const auto versions = index.versions(text);
    throw UsageError("data rm", cat(quote(text), " names no version, and one is removed at a time"),
                     versions.empty() ? "" : cat("registered: ", join(versions, ", ")));
  }
  const registry::Dataset set = index.get(text);
  pipeline::unregister_dataset(index, set);
  output.print(cat("removed ", set.ref(), " from the registry; the data stay at ", set.path, "\n"));
  output.set_document(Json::object({{"success", true}, {"removed", set.ref()}, {"id", set.id}, {"path", set.path}}));
  return ExitCode::ok;
}

constexpr OptionSpec kOptions[] = {
    {.name = "DATASET",
     .kind = OptionKind::text,
     .doc = "The data set, as NAME@VERSION.",
     .is_positional = true,
     .is_required = true},
};

constexpr Example kExamples[] = {
    {"forgelm data rm support-chats@0.9.0", "forget a version that nothing refers to"},
};

constexpr ExitCode kExitCodes[] = {ExitCode::ok, ExitCode::config_error, ExitCode::run_error};

}  // namespace

const CommandSpec command_data_rm = {
    .name = "data rm",
    .summary = "Remove a data set from the registry",
    .details =
        "The record and its audit report go; the data stay. Refused while another data set was made from it or a run "
        "used it, and there is no way to force that: what a model was trained on stays known. `forgelm purge` erases "
        "content.",
    .options = kOptions,
    .examples = kExamples,
    .exit_codes = kExitCodes,
    .run = run,
};

}  // namespace forgelm::cli
