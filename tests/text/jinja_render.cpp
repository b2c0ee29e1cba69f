// For tools/golden/jinja/differential.py: renders templates by our engine. One JSON object a line on stdin
// ({"template", "variables"}), one a line on stdout: {"output", "spans", "captured"} or {"error", "line", "column",
// "raised"}.
#include <cstdio>
#include <iostream>
#include <string>

#include "forgelm/text/jinja.hpp"
#include "text/jinja_support.hpp"

namespace {

using forgelm::Json;

Json render(const Json& request) {
  Json out;
  try {
    const forgelm::text::JinjaTemplate parsed("template", request.at("template").text());
    const auto result = parsed.render(request.at("variables"), forgelm::test::fixed_now());
    Json spans = Json::array();
    for (const auto& span : result.generation) spans.push(Json::array({span.begin, span.end}));
    out.set("output", result.text).set("spans", spans).set("captured", result.has_captured_generation);
  } catch (const forgelm::text::JinjaError& error) {
    out = Json();
    out.set("error", error.problem()).set("line", error.line()).set("column", error.column());
    out.set("raised", error.was_raised());
  }
  return out;
}

}  // namespace

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    const auto request = forgelm::parse_json(line);
    if (!request) {
      std::fputs("{\"error\": \"bad request\"}\n", stdout);
      continue;
    }
    std::puts(dump(render(*request)).c_str());
    std::fflush(stdout);
  }
  return 0;
}
