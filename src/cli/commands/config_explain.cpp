// `forgelm config explain KEY`: what one key means, takes and depends on.
#include "../option_value.hpp"
#include "forgelm/cli/command.hpp"
#include "forgelm/config/emit.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::cli {
extern const CommandSpec command_config_explain;

namespace {

[[noreturn]] void fail_unknown(const std::string& name) {
  // A misspelt last part is compared with the last parts, a whole path with whole paths.
  std::vector<std::string> names;
  const bool is_path = name.find('.') != std::string::npos;
  for (const auto& placed : config::all_fields()) names.push_back(is_path ? placed.path : placed.field->name);
  throw UsageError("config explain", cat("there is no key ", quote(name)), did_you_mean(name, names));
}

ExitCode run(const Arguments& arguments, Output& output) {
  const std::string name = arguments.text("KEY");
  const auto found = config::find_fields(name);
  if (found.empty()) fail_unknown(name);
  Json keys = Json::array();
  for (const auto& placed : found) {
    output.print(cat(keys.items().empty() ? "" : "\n", config::explain(placed)));
    keys.push(config::explain_json(placed));
  }
  output.set_document(Json::object({{"success", true}, {"keys", std::move(keys)}}));
  return ExitCode::ok;
}

constexpr OptionSpec kOptions[] = {
    {.name = "KEY",
     .kind = OptionKind::text,
     .doc = "A path (training.learning_rate), a section (evaluation), or a key's own name (learning_rate).",
     .is_positional = true,
     .is_required = true},
};

constexpr Example kExamples[] = {
    {"forgelm config explain learning_rate", "type, bounds and default of training.learning_rate"},
    {"forgelm config explain evaluation.safety", "the keys of a section"},
};

constexpr ExitCode kExitCodes[] = {ExitCode::ok, ExitCode::config_error};

}  // namespace

const CommandSpec command_config_explain = {
    .name = "config explain",
    .summary = "Explain a key of the job file",
    .details =
        "Shows what the key accepts, its default, when it counts, the rules that look at it, and what serves it.",
    .options = kOptions,
    .examples = kExamples,
    .exit_codes = kExitCodes,
    .run = run,
};

}  // namespace forgelm::cli
