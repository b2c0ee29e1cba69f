// How a problem is shown: the line it stands in, as far as it fits, and the caret under it.
#include "forgelm/core/diagnostic.hpp"

#include "support/test.hpp"

using forgelm::Diagnostic;
using forgelm::DiagnosticStyle;
using forgelm::line_to_show;
using forgelm::Severity;

namespace {

std::string rendered_at(int column, const std::string& line) {
  return forgelm::render({{Severity::error, "code", "", {"a.yaml", 1, column, 1}, "no", "", "", line_to_show(line)}},
                         DiagnosticStyle::text);
}

}  // namespace

TEST_CASE("a line is shown up to 400 code points") {
  const std::string exact(400, 'x');
  CHECK(line_to_show(exact) == exact);
  CHECK(line_to_show(exact + "y") == exact + "...");
  std::string wide;  // two bytes for each code point
  for (int i = 0; i < 400; ++i) wide += "\xc3\xa9";
  CHECK(line_to_show(wide) == wide);
  CHECK(line_to_show(wide + wide) == wide + "...");
  CHECK(line_to_show("") == "");
}

TEST_CASE("a caret stands under its column, or nowhere when the line is cut before it") {
  CHECK(rendered_at(3, "a: b") == "a.yaml:1:3: error: no\n  1 | a: b\n    |   ^\n");
  const std::string line(1000, 'x');
  const std::string shown = std::string(400, 'x') + "...";
  CHECK(rendered_at(400, line) ==
        "a.yaml:1:400: error: no\n  1 | " + shown + "\n    | " + std::string(399, ' ') + "^\n");
  CHECK(rendered_at(900, line) == "a.yaml:1:900: error: no\n  1 | " + shown + "\n");
}
