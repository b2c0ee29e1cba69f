// Man pages in man(7) macros. Text goes through roff(): a backslash, or a dot or quote at the start of a line, would
// otherwise be a request.
#include "documents.hpp"

#include <algorithm>

#include "forgelm/core/text.hpp"
#include "help.hpp"
#include "option_value.hpp"

namespace forgelm::cli {
namespace {

std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') out += "\\e";
    else if (c == '-') out += "\\-";
    else if (c == '\n') out += ' ';
    else out += c;
  }
  if (!out.empty() && (out.front() == '.' || out.front() == '\'')) out.insert(0, "\\&");
  return out;
}

/// Running text in input lines of moderate length.
std::string roff_text(std::string_view text) {
  std::string out;
  for (const auto& line : wrap(text, 70)) out += cat(roff(line), "\n");
  return out;
}

void add_options(std::string& out, std::string_view title, std::span<const OptionSpec> options, bool positional) {
  const bool any = std::any_of(options.begin(), options.end(),
                               [&](const auto& option) { return option.is_positional == positional; });
  if (!any) return;
  out += cat(".SH ", title, "\n");
  for (const auto& option : options)
    if (option.is_positional == positional)
      out += cat(".TP\n.B ", roff(option_heading(option)), "\n", roff_text(option_text(option)));
}

bool is_shown(const CommandSpec& command, ExitCode code) {
  return command.name.empty() ||
         std::find(command.exit_codes.begin(), command.exit_codes.end(), code) != command.exit_codes.end();
}

}  // namespace

std::string man_page_name(const CommandSpec& command) {
  std::string name = command.name.empty() ? "forgelm" : cat("forgelm-", command.name);
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

std::string man_page(const CommandSpec& command) {
  const std::string name = man_page_name(command);
  // No date and no version: the page of one build is the page of the next.
  std::string out = cat(".TH ", ascii_upper(name), " 1 \"\" forgelm \"forgelm manual\"\n.SH NAME\n", roff(name),
                        " \\- ", roff(command.summary), "\n.SH SYNOPSIS\n.B ", roff(usage_line(command)), "\n");
  if (command.name.empty()) out += ".br\n.B forgelm COMMAND [OPTIONS]\n";
  out += ".SH DESCRIPTION\n";
  std::string_view details = command.details;
  for (bool is_first = true; !details.empty(); is_first = false) {
    const std::size_t end = std::min(details.find("\n\n"), details.size());
    out += cat(is_first ? "" : ".PP\n", roff_text(details.substr(0, end)));
    details.remove_prefix(std::min(end + 2, details.size()));
  }
  add_options(out, "ARGUMENTS", command.options, true);
  add_options(out, "OPTIONS", command.options, false);
  add_options(out, "COMMON OPTIONS", common_options(), false);
  if (command.name.empty()) {
    out += ".SH COMMANDS\n";
    for (const CommandSpec* other : sorted_commands())
      if (!other->name.empty()) out += cat(".TP\n.B ", roff(other->name), "\n", roff_text(other->summary));
  }
  if (!command.examples.empty()) {
    out += ".SH EXAMPLES\n";
    for (const auto& example : command.examples)
      out += cat(".TP\n.B ", roff(example.command), "\n", roff_text(example.meaning));
  }
  out += ".SH EXIT STATUS\n";
  for (const auto& info : exit_codes())
    if (is_shown(command, info.code))
      out += cat(".TP\n.B ", static_cast<int>(info.code), "\n", roff_text(info.meaning));
  out += ".SH SEE ALSO\n";
  std::vector<std::string> others;
  for (const CommandSpec* other : sorted_commands())
    if (command.name.empty() != other->name.empty()) others.push_back(cat(".BR ", roff(man_page_name(*other)), " (1)"));
  return out + join(others, ",\n") + "\n";
}

}  // namespace forgelm::cli
