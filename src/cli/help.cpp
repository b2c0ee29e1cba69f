#include "help.hpp"

#include <algorithm>

#include "forgelm/core/text.hpp"
#include "option_value.hpp"

namespace forgelm::cli {
namespace {

constexpr std::size_t kColumn = 26;  ///< where texts begin

std::size_t text_width(int width) { return static_cast<std::size_t>(std::clamp(width, 50, 110)); }

void add_paragraphs(std::string& out, std::string_view text, std::size_t width) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find("\n\n"), text.size());
    out += '\n';
    for (const auto& line : wrap(text.substr(0, end), width)) out += cat(line, "\n");
    text.remove_prefix(std::min(end + 2, text.size()));
  }
}

/// "  heading      text", the text in its own column.
void add_row(std::string& out, std::string_view heading, std::string_view text, std::size_t width) {
  std::string line = cat("  ", heading);
  const auto lines = wrap(text, width - kColumn);
  std::size_t next = 0;
  if (line.size() + 2 <= kColumn && !lines.empty()) line += cat(std::string(kColumn - line.size(), ' '), lines[next++]);
  out += cat(line, "\n");
  for (; next < lines.size(); ++next) out += cat(std::string(kColumn, ' '), lines[next], "\n");
}

void add_options(std::string& out, std::string_view title, std::span<const OptionSpec> options, bool positional,
                 std::size_t width) {
  const bool any = std::any_of(options.begin(), options.end(),
                               [&](const auto& option) { return option.is_positional == positional; });
  if (!any) return;
  out += cat("\n", title, ":\n");
  for (const auto& option : options)
    if (option.is_positional == positional) add_row(out, option_heading(option), option_text(option), width);
}

void add_exit_codes(std::string& out, std::span<const ExitCode> shown, std::size_t width) {
  out += "\nExit codes:\n";
  for (const auto& info : exit_codes())
    if (std::find(shown.begin(), shown.end(), info.code) != shown.end())
      add_row(out, cat(static_cast<int>(info.code)), info.meaning, width);
}

void add_examples(std::string& out, const CommandSpec& command) {
  if (command.examples.empty()) return;
  out += "\nExamples:\n";
  for (const auto& example : command.examples) out += cat("  ", example.command, "\n      ", example.meaning, "\n");
}

void add_commands(std::string& out, std::string_view group, std::size_t width) {
  out += "\nCommands:\n";
  for (const CommandSpec* command : sorted_commands())
    if (!command->name.empty() && (group.empty() || command->name.starts_with(cat(group, " "))))
      add_row(out, command->name, command->summary, width);
}

}  // namespace

std::string usage_line(const CommandSpec& command) {
  std::string line = command.name.empty() ? "forgelm" : cat("forgelm ", command.name);
  for (const auto& option : command.options)
    if (option.is_required && !option.is_positional) line += cat(" --", option.name, " ", value_text(option));
  line += " [OPTIONS]";
  for (const auto& option : command.options) {
    if (!option.is_positional) continue;
    const std::string word = cat(option.name, option.is_repeated ? "..." : "");
    line += option.is_required ? cat(" ", word) : cat(" [", word, "]");
  }
  return line;
}

std::string option_heading(const OptionSpec& option) {
  if (option.is_positional) return std::string(option.name);
  const std::string value = value_text(option);
  // Choices are told in the text, where there is room.
  const std::string shown = option.kind == OptionKind::choice && option.value_name.empty() ? "WORD" : value;
  std::string out = option.short_name == 0 ? "" : cat("-", option.short_name, ", ");
  out += cat("--", option.name);
  if (option.kind == OptionKind::flag) return out;
  return out + (option.is_value_optional ? cat(" [", shown, "]") : cat(" ", shown));
}

std::string option_text(const OptionSpec& option) {
  std::string out(option.doc);
  if (option.kind == OptionKind::choice) out += cat(" One of ", join(option.choices(), ", "), ".");
  else if (option.at_least || option.at_most) out += cat(" (", accepted_text(option), ")");
  if (!option.default_text.empty())
    out += option.is_value_optional ? cat(" Alone it means ", option.default_text, ".")
                                    : cat(" Default: ", option.default_text, ".");
  return out;
}

std::string help_text(const CommandSpec& command, int columns) {
  const std::size_t width = text_width(columns);
  std::string out = cat("Usage: ", usage_line(command), "\n\n", command.summary, ".\n");
  add_paragraphs(out, command.details, width);
  add_options(out, "Arguments", command.options, true, width);
  add_options(out, "Options", command.options, false, width);
  add_options(out, "Common options", common_options(), false, width);
  add_examples(out, command);
  add_exit_codes(out, command.exit_codes, width);
  return out;
}

std::string overview_text(int columns) {
  const std::size_t width = text_width(columns);
  const CommandSpec& job = *find_command("");
  std::string out = cat("Usage: ", usage_line(job), "\n       forgelm COMMAND [OPTIONS]\n\n", job.summary, ".\n");
  add_paragraphs(out, job.details, width);
  add_options(out, "Options", job.options, false, width);
  add_options(out, "Common options", common_options(), false, width);
  add_row(out, option_heading(version_option()), option_text(version_option()), width);
  add_commands(out, "", width);
  out += "\n`forgelm COMMAND --help` tells more of a command.\n";
  add_examples(out, job);
  out += "\nExit codes:\n";
  for (const auto& info : exit_codes()) add_row(out, cat(static_cast<int>(info.code)), info.meaning, width);
  return out;
}

std::string group_text(std::string_view group, int columns) {
  std::string out = cat("Usage: forgelm ", group, " COMMAND [OPTIONS]\n");
  add_commands(out, group, text_width(columns));
  out += cat("\n`forgelm ", group, " COMMAND --help` tells more of a command.\n");
  return out;
}

}  // namespace forgelm::cli
