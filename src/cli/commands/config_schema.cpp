// `forgelm config schema`: the JSON Schema of a job file, for editors and other checkers.
#include "../write_result.hpp"
#include "forgelm/cli/command.hpp"
#include "forgelm/config/emit.hpp"

namespace forgelm::cli {
extern const CommandSpec command_config_schema;

namespace {

ExitCode run(const Arguments& arguments, Output& output) {
  const Json schema = config::json_schema();
  write_result(arguments, output, dump(schema, {.indent = 2, .ensure_ascii = false}) + "\n", schema);
  return ExitCode::ok;
}

constexpr OptionSpec kOptions[] = {kOutputOption};

constexpr Example kExamples[] = {
    {"forgelm config schema --output forgelm.schema.json",
     "write the schema; an editor with a YAML language server then completes and checks a job that begins with\n"
     "      # yaml-language-server: $schema=forgelm.schema.json"},
};

}  // namespace

const CommandSpec command_config_schema = {
    .name = "config schema",
    .summary = "Write the JSON Schema of a job file",
    .details =
        "The schema is draft-07. It is stricter than forgelm: quoted numbers and booleans, which forgelm reads, are "
        "marked by an editor.",
    .options = kOptions,
    .examples = kExamples,
    .exit_codes = kWriterExitCodes,
    .run = run,
};

}  // namespace forgelm::cli
