#include "row_problem.hpp"

#include <algorithm>

#include "forgelm/core/text.hpp"

namespace forgelm::data {
namespace {

/// Takes "12:" off the front of `text`; 0 when it does not begin with a number and a colon.
int take_number(std::string& text) {
  int number = 0;
  std::size_t at = 0;
  while (at < text.size() && at < 9 && is_ascii_digit(text[at])) number = 10 * number + (text[at++] - '0');
  if (at == 0 || at >= text.size() || text[at] != ':') return 0;
  text.erase(0, at + 1);
  return number;
}

Diagnostic make_problem(std::string code, const std::string& file, std::uint64_t line, std::string message,
                        std::string hint) {
  Diagnostic diagnostic;
  diagnostic.severity = Severity::error;
  diagnostic.code = std::move(code);
  diagnostic.spot.file = file;
  diagnostic.spot.line = static_cast<int>(std::min<std::uint64_t>(line, INT32_MAX));
  if (message.starts_with(file + ":")) {
    message.erase(0, file.size() + 1);
    if (const int given = take_number(message); given > 0) diagnostic.spot.line = given;
    diagnostic.spot.column = take_number(message);
  }
  diagnostic.message = std::string(trim(message));
  diagnostic.hint = std::move(hint);
  return diagnostic;
}

}  // namespace

Diagnostic problem_of(const ConfigError& error, const std::string& file, std::uint64_t line) {
  return make_problem("row_not_usable", file, line, error.what(), error.hint());
}

Diagnostic problem_of(const formats::ParsedRow& row, const std::string& file) {
  return make_problem("unreadable_row", file, row.row.line, row.problem, row.hint);
}

}  // namespace forgelm::data
