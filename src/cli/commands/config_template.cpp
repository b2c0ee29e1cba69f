// `forgelm config template`: a job file with every key, to start from.
#include "../write_result.hpp"
#include "forgelm/cli/command.hpp"
#include "forgelm/config/emit.hpp"

namespace forgelm::cli {
extern const CommandSpec command_config_template;

namespace {

ExitCode run(const Arguments& arguments, Output& output) {
  const std::string text = config::template_yaml(arguments.maybe_text("schema").value_or(""));
  write_result(arguments, output, text, Json::object({{"success", true}, {"template", text}}));
  return ExitCode::ok;
}

constexpr OptionSpec kOptions[] = {
    kOutputOption,
    {.name = "schema",
     .kind = OptionKind::text,
     .doc = "Begin with a line that tells editors where the JSON Schema is.",
     .value_name = "PATH_OR_URL"},
};

constexpr Example kExamples[] = {
    {"forgelm config template --output job.yaml",
     "write a job file with every key; the usual ones are active, the rest are commented out at their defaults"},
};

}  // namespace

const CommandSpec command_config_template = {
    .name = "config template",
    .summary = "Write a commented job file with every key",
    .details =
        "Change the model, the data and what else the job needs, then check it with `forgelm --config FILE --dry-run`.",
    .options = kOptions,
    .examples = kExamples,
    .exit_codes = kWriterExitCodes,
    .run = run,
};

}  // namespace forgelm::cli
