#include "forgelm/cli/arguments.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "forgelm/cli/command.hpp"
#include "forgelm/core/text.hpp"
#include "option_value.hpp"

namespace forgelm::cli {

const OptionSpec& Arguments::spec_of(std::string_view name) const {
  for (const auto options : {command_->options, common_options()})
    for (const auto& option : options)
      if (option.name == name) return option;
  throw std::logic_error(cat("command '", command_->name, "' does not declare the option ", name));
}

void Arguments::fail_choice(std::string_view name) const {
  throw std::logic_error(cat("option ", name, ": the choices of its spec are not those it is read as"));
}

bool Arguments::is_given(std::string_view name) const {
  spec_of(name);
  return values_.find(name) != values_.end();
}

bool Arguments::flag(std::string_view name) const {
  if (spec_of(name).kind != OptionKind::flag) throw std::logic_error(cat("option ", name, " is not a flag"));
  return values_.find(name) != values_.end();
}

std::optional<std::string> Arguments::maybe_text(std::string_view name) const {
  const OptionSpec& option = spec_of(name);
  if (option.kind == OptionKind::flag) throw std::logic_error(cat("option ", name, " is a flag"));
  const auto found = values_.find(name);
  if (found != values_.end()) return found->second.back();
  // The default of an optional value is for `--name` alone.
  if (option.default_text.empty() || option.is_value_optional) return std::nullopt;
  return std::string(option.default_text);
}

std::string Arguments::text(std::string_view name) const {
  const auto value = maybe_text(name);
  if (!value) throw std::logic_error(cat("option ", name, " was not given and has no default"));
  return *value;
}

std::optional<std::int64_t> Arguments::maybe_integer(std::string_view name) const {
  const auto text = maybe_text(name);
  if (!text) return std::nullopt;
  const auto value = parse_integer(*text);
  if (!value) throw std::logic_error(cat("option ", name, " is read as an integer but not declared as one"));
  return value;
}

std::optional<double> Arguments::maybe_real(std::string_view name) const {
  const auto text = maybe_text(name);
  if (!text) return std::nullopt;
  const auto value = parse_real(*text);
  if (!value) throw std::logic_error(cat("option ", name, " is read as a number but not declared as one"));
  return value;
}

std::int64_t Arguments::integer(std::string_view name) const {
  text(name);  // fails when there is none
  return *maybe_integer(name);
}

double Arguments::real(std::string_view name) const {
  text(name);
  return *maybe_real(name);
}

std::vector<std::string> Arguments::texts(std::string_view name) const {
  if (!spec_of(name).is_repeated) throw std::logic_error(cat("option ", name, " is not repeated"));
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

}  // namespace forgelm::cli
