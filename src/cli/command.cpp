// The list of commands in the order of their names, and the options that all of them share.
#include "forgelm/cli/command.hpp"

#include <algorithm>

#include "forgelm/core/log.hpp"
#include "forgelm/core/terminal.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::cli {

const std::vector<const CommandSpec*>& sorted_commands() {
  static const std::vector<const CommandSpec*> commands = [] {
    const auto all = all_command_specs();
    std::vector<const CommandSpec*> sorted(all.begin(), all.end());
    std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
    return sorted;
  }();
  return commands;
}

const CommandSpec* find_command(std::string_view name) {
  for (const CommandSpec* command : all_command_specs())
    if (command->name == name) return command;
  return nullptr;
}

bool is_command_group(std::string_view name) {
  if (name.empty()) return false;
  const auto all = all_command_specs();
  return std::any_of(all.begin(), all.end(), [&](const CommandSpec* command) {
    return command->name.size() > name.size() && command->name.starts_with(name) && command->name[name.size()] == ' ';
  });
}

std::span<const OptionSpec> common_options() {
  static constexpr OptionSpec options[] = {
      {.name = "output-format",
       .kind = OptionKind::choice,
       .doc = "How results are written: text for people; json: exactly one JSON document on stdout; github: text, with "
              "problems as GitHub workflow commands.",
       .choices = choices<OutputFormat>,
       .default_text = "text"},
      {.name = "quiet", .doc = "Show warnings and errors only, and no progress.", .short_name = 'q'},
      {.name = "log-level",
       .kind = OptionKind::choice,
       .doc = "The least severe log lines shown on stderr. Without it: INFO; WARNING with --quiet and in JSON mode.",
       .choices = choices<LogLevel>},
      {.name = "color",
       .kind = OptionKind::choice,
       .doc = "Whether to use colour. auto: on a terminal, as NO_COLOR, CLICOLOR_FORCE and TERM say.",
       .choices = choices<ColorChoice>,
       .default_text = "auto"},
      {.name = "help", .doc = "Show help and do nothing else.", .short_name = 'h'},
  };
  return options;
}

const OptionSpec& version_option() {
  static constexpr OptionSpec option = {.name = "version",
                                        .doc = "Show version, commit and build, and do nothing else."};
  return option;
}

std::vector<const OptionSpec*> accepted_options(const CommandSpec& command) {
  std::vector<const OptionSpec*> options;
  for (const auto& option : command.options)
    if (!option.is_positional) options.push_back(&option);
  for (const auto& option : common_options()) options.push_back(&option);
  if (command.name.empty()) options.push_back(&version_option());
  return options;
}

UsageError::UsageError(std::string_view command, const std::string& message, std::string hint)
    : ConfigError(message, std::move(hint)), command_(command) {}
UsageError::~UsageError() = default;

}  // namespace forgelm::cli
