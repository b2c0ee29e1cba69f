#include "option_value.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "forgelm/core/suggest.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::cli {
namespace {

std::string bound_text(double bound) {
  return bound == std::floor(bound) ? cat(static_cast<std::int64_t>(bound)) : cat(bound);
}

std::string bounds_text(const OptionSpec& option) {
  if (option.at_least && option.at_most)
    return cat(", ", bound_text(*option.at_least), " to ", bound_text(*option.at_most));
  if (option.at_least) return cat(", ", bound_text(*option.at_least), " or more");
  if (option.at_most) return cat(", at most ", bound_text(*option.at_most));
  return "";
}

bool is_accepted(const OptionSpec& option, const std::string& value) {
  const auto in_bounds = [&](double number) {
    return (!option.at_least || number >= *option.at_least) && (!option.at_most || number <= *option.at_most);
  };
  switch (option.kind) {
    case OptionKind::flag:
    case OptionKind::text: return true;
    case OptionKind::path:
    case OptionKind::directory: return !value.empty();
    case OptionKind::integer: {
      const auto number = parse_integer(value);
      return number && in_bounds(static_cast<double>(*number));
    }
    case OptionKind::real: {
      const auto number = parse_real(value);
      return number && in_bounds(*number);
    }
    case OptionKind::choice: {
      const auto& choices = option.choices();
      return std::find(choices.begin(), choices.end(), value) != choices.end();
    }
  }
  return false;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) noexcept {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string spelled(const OptionSpec& option) {
  return option.is_positional ? std::string(option.name) : cat("--", option.name);
}

std::string value_text(const OptionSpec& option) {
  if (option.kind == OptionKind::flag) return "";
  if (!option.value_name.empty()) return std::string(option.value_name);
  if (option.kind == OptionKind::choice) return cat("{", join(option.choices(), ","), "}");
  if (option.is_positional) return std::string(option.name);
  switch (option.kind) {
    case OptionKind::path: return "FILE";
    case OptionKind::directory: return "DIR";
    case OptionKind::integer: return "N";
    case OptionKind::real: return "X";
    default: return "TEXT";
  }
}

std::string accepted_text(const OptionSpec& option) {
  switch (option.kind) {
    case OptionKind::flag: return "nothing";
    case OptionKind::text: return "text";
    case OptionKind::path: return "the path of a file";
    case OptionKind::directory: return "the path of a directory";
    case OptionKind::integer: return cat("an integer", bounds_text(option));
    case OptionKind::real: return cat("a number", bounds_text(option));
    case OptionKind::choice: return cat("one of ", join(option.choices(), ", "));
  }
  return "";
}

std::optional<std::int64_t> parse_integer(std::string_view text) noexcept { return parse_number<std::int64_t>(text); }

std::optional<double> parse_real(std::string_view text) noexcept {
  const auto value = parse_number<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

void check_value(const CommandSpec& command, const OptionSpec& option, const std::string& value) {
  if (is_accepted(option, value)) return;
  const std::string hint = option.kind == OptionKind::choice ? did_you_mean(value, option.choices()) : "";
  throw UsageError(command.name, cat(spelled(option), ": expected ", accepted_text(option), ", got ", quote(value)),
                   hint);
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string found = nearest(word, candidates);
  return found.empty() ? "" : cat("did you mean '", found, "'?");
}

}  // namespace forgelm::cli
