// Completion scripts for bash, zsh and fish. Each is self-contained: no call of forgelm while the user types.
#include "documents.hpp"

#include <algorithm>
#include <set>

#include "forgelm/core/text.hpp"
#include "option_value.hpp"

namespace forgelm::cli {
namespace {

/// The words that may follow the command words "": "config"; after "config": "schema", "template".
std::vector<std::string> next_words(std::string_view before) {
  std::set<std::string> words;
  for (const CommandSpec* command : sorted_commands()) {
    if (command->name.empty() || (!before.empty() && !command->name.starts_with(cat(before, " ")))) continue;
    const std::string_view rest = before.empty() ? command->name : command->name.substr(before.size() + 1);
    words.insert(std::string(rest.substr(0, rest.find(' '))));
  }
  return {words.begin(), words.end()};
}

/// "" and every group: the command words after which another one may stand.
std::vector<std::string> groups() {
  std::set<std::string> found = {""};
  for (const CommandSpec* command : sorted_commands())
    for (std::size_t at = command->name.find(' '); at != std::string_view::npos; at = command->name.find(' ', at + 1))
      found.insert(std::string(command->name.substr(0, at)));
  return {found.begin(), found.end()};
}

const OptionSpec* first_positional(const CommandSpec& command) {
  for (const auto& option : command.options)
    if (option.is_positional) return &option;
  return nullptr;
}

// ---- bash ---------------------------------------------------------------------------------------------------------

std::string bash_values(const OptionSpec& option) {
  switch (option.kind) {
    case OptionKind::choice:
      return cat("COMPREPLY=($(compgen -W '", join(option.choices(), " "), "' -- \"$current\"))");
    case OptionKind::path: return "_forgelm_files -f";
    case OptionKind::directory: return "_forgelm_files -d";
    default: return "COMPREPLY=()";
  }
}

std::string bash_command_case(const CommandSpec& command) {
  std::string out = cat("    '", command.name, "')\n      case $previous in\n");
  std::string words;
  for (const auto* option : accepted_options(command)) {
    words += cat(words.empty() ? "" : " ", "--", option->name);
    if (option->kind == OptionKind::flag) continue;
    out += cat("        --", option->name, option->short_name == 0 ? "" : cat("|-", option->short_name), ") ",
               bash_values(*option), "; return ;;\n");
  }
  out += "      esac\n";
  out += cat("      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '", words, "' -- \"$current\"));");
  if (command.name.empty())
    out += cat(" else COMPREPLY=($(compgen -W '", join(next_words(""), " "), "' -- \"$current\"));");
  else if (const auto* positional = first_positional(command)) out += cat(" else ", bash_values(*positional), ";");
  return out + " fi ;;\n";
}

std::string bash_script() {
  std::string out =
      "# bash completion for forgelm. Use: source <(forgelm completion bash), or put it into\n"
      "# ~/.local/share/bash-completion/completions/forgelm\n"
      "_forgelm_files() {\n"
      "  local IFS=$'\\n'\n"
      "  COMPREPLY=($(compgen \"$1\" -- \"$current\"))\n"
      "  compopt -o filenames 2>/dev/null\n"
      "}\n"
      "_forgelm() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command='' word i\n"
      "  # readline splits --option=value at the '='\n"
      "  if [[ $current == '=' ]]; then current=''; elif [[ $previous == '=' ]]; then "
      "previous=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    word=${COMP_WORDS[i]}\n"
      "    case \"$command/$word\" in\n";
  for (const auto& group : groups())
    for (const auto& word : next_words(group))
      out += cat("      '", group, "/", word, "') command='", group, group.empty() ? "" : " ", word, "' ;;\n");
  out += "    esac\n  done\n  case $command in\n";
  for (const auto& group : groups())
    if (!group.empty())
      out += cat("    '", group, "') COMPREPLY=($(compgen -W '", join(next_words(group), " "),
                 " --help' -- \"$current\")) ;;\n");
  for (const CommandSpec* command : sorted_commands()) out += bash_command_case(*command);
  return out + "  esac\n}\ncomplete -F _forgelm forgelm\n";
}

// ---- zsh ----------------------------------------------------------------------------------------------------------

/// Inside a single-quoted _arguments spec.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') out += "'\\''";
    else if (c == '[' || c == ']' || c == ':') out += cat("\\", c);
    else out += c;
  }
  return out;
}

std::string zsh_action(const OptionSpec& option) {
  switch (option.kind) {
    case OptionKind::choice: return cat("(", join(option.choices(), " "), ")");
    case OptionKind::path: return "_files";
    case OptionKind::directory: return "_files -/";
    default: return " ";
  }
}

std::string first_sentence(std::string_view doc) { return std::string(doc.substr(0, doc.find(". "))); }

std::string zsh_arguments(const CommandSpec& command, std::string_view indent) {
  std::string out = "_arguments -s";
  const auto add = [&](const std::string& spec) { out += cat(" \\\n", indent, "  '", spec, "'"); };
  for (const auto* option : accepted_options(command)) {
    const std::string tail = cat("[", zsh_text(first_sentence(option->doc)), "]",
                                 option->kind == OptionKind::flag
                                     ? ""
                                     : cat(":", zsh_text(value_text(*option).substr(0, 24)), ":", zsh_action(*option)));
    const std::string many = option->is_repeated ? "*" : "";
    add(cat(many, "--", option->name, option->kind == OptionKind::flag ? "" : "=", tail));
    if (option->short_name != 0) add(cat(many, "-", option->short_name, tail));
  }
  for (const auto& option : command.options)
    if (option.is_positional)
      add(cat(option.is_repeated ? "*" : "", ":", zsh_text(option.name), ":", zsh_action(option)));
  return out;
}

std::string zsh_script() {
  std::string out =
      "#compdef forgelm\n"
      "# zsh completion for forgelm. Put it as _forgelm into a folder of $fpath, or: source <(forgelm completion zsh)\n"
      "_forgelm() {\n"
      "  local command='' word i\n"
      "  for ((i = 2; i < CURRENT; i++)); do\n"
      "    word=${words[i]}\n"
      "    case \"$command/$word\" in\n";
  for (const auto& group : groups())
    for (const auto& word : next_words(group))
      out += cat("      '", group, "/", word, "') command='", group, group.empty() ? "" : " ", word, "' ;;\n");
  // The words of the command leave the line, so that positions count from its arguments.
  out +=
      "    esac\n  done\n  if [[ -n $command ]]; then\n    local -a depth=(${(s: :)command})\n    shift $#depth "
      "words\n    ((CURRENT -= $#depth))\n  fi\n  case $command in\n";
  for (const auto& group : groups()) {
    if (group.empty()) continue;
    out += cat("    '", group, "') _values command ", join(next_words(group), " "), " ;;\n");
  }
  for (const CommandSpec* command : sorted_commands()) {
    out += cat("    '", command->name, "')\n      ", zsh_arguments(*command, "      "));
    if (command->name.empty()) out += cat(" \\\n        '1:command:(", join(next_words(""), " "), ")'");
    out += " ;;\n";
  }
  return out +
         "  esac\n}\nif [[ $funcstack[1] == _forgelm ]]; then _forgelm \"$@\"; else compdef _forgelm forgelm; fi\n";
}

// ---- fish ---------------------------------------------------------------------------------------------------------

std::string fish_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string fish_values(const OptionSpec& option) {
  switch (option.kind) {
    case OptionKind::flag: return "";
    case OptionKind::choice: return cat(" -x -a '", join(option.choices(), " "), "'");
    case OptionKind::path: return " -r -F";
    case OptionKind::directory: return " -x -a '(__fish_complete_directories)'";
    default: return " -x";
  }
}

std::string fish_script() {
  std::string out =
      "# fish completion for forgelm. Put it into ~/.config/fish/completions/forgelm.fish\n"
      "function __forgelm_command\n"
      "  set -l command ''\n"
      "  for word in (commandline -opc)[2..-1]\n"
      "    switch \"$command/$word\"\n";
  for (const auto& group : groups())
    for (const auto& word : next_words(group))
      out += cat("      case '", group, "/", word, "'\n        set command '", group, group.empty() ? "" : " ", word,
                 "'\n");
  out += "    end\n  end\n  test \"$command\" = \"$argv[1]\"\nend\ncomplete -c forgelm -f\n";
  for (const auto& group : groups()) {
    const auto when = cat(" -n '__forgelm_command \"", group, "\"'");
    for (const auto& word : next_words(group)) {
      const CommandSpec* command = find_command(group.empty() ? word : cat(group, " ", word));
      out += cat("complete -c forgelm", when, " -a ", word,
                 command == nullptr ? "" : cat(" -d '", fish_text(command->summary), "'"), "\n");
    }
  }
  for (const CommandSpec* command : sorted_commands()) {
    const auto when = cat(" -n '__forgelm_command \"", command->name, "\"'");
    for (const auto* option : accepted_options(*command))
      out += cat("complete -c forgelm", when, " -l ", option->name,
                 option->short_name == 0 ? "" : cat(" -s ", option->short_name), fish_values(*option), " -d '",
                 fish_text(first_sentence(option->doc)), "'\n");
    if (const auto* positional = first_positional(*command)) {
      if (positional->kind == OptionKind::choice)
        out += cat("complete -c forgelm", when, " -a '", join(positional->choices(), " "), "'\n");
      else if (positional->kind == OptionKind::path || positional->kind == OptionKind::directory)
        out += cat("complete -c forgelm", when, " -F\n");
    }
  }
  return out;
}

}  // namespace

std::string completion_script(Shell shell) {
  switch (shell) {
    case Shell::bash: return bash_script();
    case Shell::zsh: return zsh_script();
    case Shell::fish: return fish_script();
  }
  return "";
}

}  // namespace forgelm::cli
