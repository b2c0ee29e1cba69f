// The table behind the command line: what a subcommand is called, takes and does. Parsing, help, completion scripts,
// man pages and the command reference are loops over it, so nothing about an option is written twice. Invariant: specs
// are constants (constinit, views of literals), so a program start pays nothing for them. To add a subcommand: one file
// in src/cli/commands that defines `command_<file name>`; CMake lists it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/cli/arguments.hpp"
#include "forgelm/cli/output.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/exit_code.hpp"

namespace forgelm::cli {

enum class OptionKind {
  flag,  ///< takes no value
  text,
  path,       ///< a file; completed as one
  directory,  ///< completed as one
  integer,
  real,
  choice,
};

/// An option or a positional argument.
struct OptionSpec {
  std::string_view name;  ///< "output-format"; of a positional argument the name shown: "SHELL"
  OptionKind kind = OptionKind::flag;
  std::string_view doc;                                    ///< one or two sentences
  std::string_view value_name = {};                        ///< "FILE"; of a choice left empty: the choices are shown
  const std::vector<std::string>& (*choices)() = nullptr;  ///< choices<E> of core/choices.hpp
  std::string_view default_text = {};                      ///< what holds when it is not given; empty: nothing
  std::optional<double> at_least = {};
  std::optional<double> at_most = {};
  char short_name = 0;
  bool is_positional = false;
  bool is_required = false;
  bool is_repeated = false;        ///< may be given more than once; otherwise the last one holds
  bool is_value_optional = false;  ///< `--resume [PATH]`: given without a value it holds `default_text`
  /// Options with the same label exclude each other; where one of them is required, one of them must be given.
  std::string_view one_of = {};
};

struct Example {
  std::string_view command;
  std::string_view meaning;  ///< ends without a full stop
};

struct CommandSpec {
  /// "audit"; "config schema" for a subcommand of a group; "" for `forgelm --config JOB`. A group has no spec itself.
  std::string_view name;
  std::string_view summary;  ///< one line, no full stop
  std::string_view details;  ///< paragraphs with an empty line between them
  std::span<const OptionSpec> options = {};
  std::span<const Example> examples = {};
  std::span<const ExitCode> exit_codes = {};  ///< those that it can give
  ExitCode (*run)(const Arguments& arguments, Output& output) = nullptr;
};

/// All subcommands, by file name (generated from src/cli/commands).
std::span<const CommandSpec* const> all_command_specs();

/// All subcommands by name, the nameless one first.
const std::vector<const CommandSpec*>& sorted_commands();

/// The spec of that name, or nullptr.
const CommandSpec* find_command(std::string_view name);

/// True for "config" when there are commands "config ...".
bool is_command_group(std::string_view name);

/// Options that every command takes.
std::span<const OptionSpec> common_options();

/// `forgelm --version`, which stands before any subcommand only.
const OptionSpec& version_option();

/// All options that may stand with a command, positional ones left out: its own, the common ones, and --version where
/// it belongs.
std::vector<const OptionSpec*> accepted_options(const CommandSpec& command);

/// A mistake on the command line, with the command that it concerns: exit code 1.
class UsageError : public ConfigError {
 public:
  UsageError(std::string_view command, const std::string& message, std::string hint = {});
  ~UsageError() override;
  /// "" for the command line as a whole.
  const std::string& command() const noexcept { return command_; }

 private:
  std::string command_;
};

}  // namespace forgelm::cli
