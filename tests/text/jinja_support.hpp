// Rendering for the tests of the Jinja engine: at the goldens' fixed time, with an error as a value.
#pragma once

#include <ctime>
#include <string>

#include "forgelm/text/jinja.hpp"

namespace forgelm::test {

/// 2025-01-31 12:00:00, local time.
inline std::time_t fixed_now() {
  std::tm parts{};
  parts.tm_year = 125;
  parts.tm_mday = 31;
  parts.tm_hour = 12;
  parts.tm_isdst = -1;
  return std::mktime(&parts);
}

struct Rendered {
  text::JinjaOutput output;
  std::string problem;  ///< empty when it rendered
  int line = 0;
  int column = 0;
  bool was_raised = false;
};

template <class Action>
Rendered rendered(const Action& action) {
  Rendered out;
  try {
    out.output = action();
  } catch (const text::JinjaError& error) {
    out.problem = error.problem();
    out.line = error.line();
    out.column = error.column();
    out.was_raised = error.was_raised();
  }
  return out;
}

inline Rendered render(const text::JinjaTemplate& parsed, const Json& variables) {
  return rendered([&] { return parsed.render(variables, fixed_now()); });
}

inline Rendered render(const std::string& source, const Json& variables = Json::object(),
                       const text::JinjaLimits& limits = {}) {
  return rendered([&] { return text::JinjaTemplate("test", source, limits).render(variables, fixed_now()); });
}

}  // namespace forgelm::test
