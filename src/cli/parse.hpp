// From argv to a command and its checked values. The only user of CLI11 is parse.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "forgelm/cli/command.hpp"

namespace forgelm::cli {

struct Request {
  enum class Kind { run, help, version };
  Kind kind = Kind::run;
  /// The command meant; for help nullptr when it is asked for all of forgelm or for a group.
  const CommandSpec* command = nullptr;
  std::string group;  ///< help for the group "config"
  Arguments::Values values;
};

/// `words` are argv without the program's name. UsageError when they make no sense.
Request parse(const std::vector<std::string>& words);

/// The values that `words` give the command's options and arguments, checked against their specs unless help or the
/// version is asked for. UsageError when they make no sense.
Arguments::Values read_values(const CommandSpec& command, const std::vector<std::string>& words);

/// The value that a common option will have, read before the rest makes sense: an error about the rest has to come out
/// in the format asked for. "" when the option is not there.
std::string early_value(const std::vector<std::string>& words, std::string_view name);

}  // namespace forgelm::cli
