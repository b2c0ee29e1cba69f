// What was given on a command line, looked up by option name. Values are checked against their spec before a command
// sees them, so look-ups do not fail for anything a user wrote; asking for an option that the command does not declare,
// or as another kind, is a mistake of ours and a std::logic_error.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/choices.hpp"

namespace forgelm::cli {

struct CommandSpec;
struct OptionSpec;

class Arguments {
 public:
  using Values = std::map<std::string, std::vector<std::string>, std::less<>>;

  /// `values` holds checked texts by option name (a flag: one "true"); `command` lives as long as this.
  Arguments(const CommandSpec& command, Values values) : command_(&command), values_(std::move(values)) {}

  /// True when it stood on the command line.
  bool is_given(std::string_view name) const;
  bool flag(std::string_view name) const;
  /// The value given, else the default; std::logic_error when there is neither (use maybe_text then).
  std::string text(std::string_view name) const;
  std::filesystem::path path(std::string_view name) const { return text(name); }
  std::int64_t integer(std::string_view name) const;
  double real(std::string_view name) const;
  /// The value given or the default; nothing when there is neither.
  std::optional<std::string> maybe_text(std::string_view name) const;
  std::optional<std::int64_t> maybe_integer(std::string_view name) const;
  std::optional<double> maybe_real(std::string_view name) const;
  /// All values of a repeated option, in order.
  std::vector<std::string> texts(std::string_view name) const;
  template <Choice E>
  E choice(std::string_view name) const {
    const std::optional<E> value = from_text<E>(text(name));
    if (!value) fail_choice(name);
    return *value;
  }

  const CommandSpec& command() const noexcept { return *command_; }

 private:
  const OptionSpec& spec_of(std::string_view name) const;
  [[noreturn]] void fail_choice(std::string_view name) const;

  const CommandSpec* command_;
  Values values_;
};

}  // namespace forgelm::cli
