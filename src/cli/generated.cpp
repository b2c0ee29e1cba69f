#include "forgelm/cli/generated.hpp"

#include "documents.hpp"
#include "forgelm/compliance/audit_events.hpp"
#include "forgelm/config/emit.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/data/row_format.hpp"

namespace forgelm::cli {

std::vector<GeneratedFile> generated_files() {
  const std::string folder = "docs/generated/", schema = folder + "forgelm.schema.json";
  std::vector<GeneratedFile> files = {
      {"config_template.yaml", config::template_yaml(schema)},
      {schema, dump(config::json_schema(), {.indent = 2, .ensure_ascii = false}) + "\n"},
      {folder + "configuration.md", config::reference_markdown()},
      {folder + "commands.md", command_reference()},
      {folder + "row-formats.md", data::row_format_reference()},
      {folder + "audit-events.md", compliance::audit_events_markdown()},
      {folder + "completions/forgelm.bash", completion_script(Shell::bash)},
      {folder + "completions/_forgelm", completion_script(Shell::zsh)},
      {folder + "completions/forgelm.fish", completion_script(Shell::fish)},
  };
  for (const CommandSpec* command : sorted_commands())
    files.push_back({cat(folder, "man/", man_page_name(*command), ".1"), man_page(*command)});
  return files;
}

}  // namespace forgelm::cli
