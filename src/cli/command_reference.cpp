// docs/generated/commands.md: the help of every command on one page.
#include "documents.hpp"
#include "forgelm/core/text.hpp"
#include "help.hpp"

namespace forgelm::cli {

std::string command_reference() {
  std::string out = "# Commands\n\nGenerated from the table of commands: what `forgelm COMMAND --help` prints.\n\n";
  out += cat("## forgelm\n\n```text\n", overview_text(100), "```\n");
  for (const CommandSpec* command : sorted_commands())
    if (!command->name.empty())
      out += cat("\n## forgelm ", command->name, "\n\n```text\n", help_text(*command, 100), "```\n");
  return out;
}

}  // namespace forgelm::cli
