// `forgelm completion SHELL`: the script that completes forgelm's commands and options.
#include "../documents.hpp"
#include "../write_result.hpp"

namespace forgelm::cli {
extern const CommandSpec command_completion;

namespace {

ExitCode run(const Arguments& arguments, Output& output) {
  const std::string script = completion_script(arguments.choice<Shell>("SHELL"));
  write_result(arguments, output, script, Json::object({{"success", true}, {"script", script}}));
  return ExitCode::ok;
}

constexpr OptionSpec kOptions[] = {
    {.name = "SHELL",
     .kind = OptionKind::choice,
     .doc = "The shell.",
     .choices = choices<Shell>,
     .is_positional = true,
     .is_required = true},
    kOutputOption,
};

constexpr Example kExamples[] = {
    {"source <(forgelm completion bash)", "complete in this bash"},
    {"forgelm completion fish --output ~/.config/fish/completions/forgelm.fish", "complete in every fish from now on"},
};

}  // namespace

const CommandSpec command_completion = {
    .name = "completion",
    .summary = "Write a completion script for bash, zsh or fish",
    .details = "The script completes commands, options, their values and files. It does not run forgelm.",
    .options = kOptions,
    .examples = kExamples,
    .exit_codes = kWriterExitCodes,
    .run = run,
};

}  // namespace forgelm::cli
