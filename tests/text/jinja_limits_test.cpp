// Hostile templates: each is stopped by a limit that its message names, without much time or memory; errors have
// places.
#include "forgelm/core/text.hpp"
#include "support/test.hpp"
#include "text/jinja_support.hpp"

using forgelm::Json;
using namespace forgelm::test;
using forgelm::text::JinjaLimits;

namespace {

std::string repeated(const std::string& text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

void check_stopped(const std::string& source, const std::string& limit) {
  INFO(source.substr(0, 200));
  CHECK_THAT(render(source).problem, Catch::Matchers::Contains(limit));
}

}  // namespace

TEST_CASE("Jinja: loops without end run out of steps") {
  for (const char* source : {
           "{% for a in range(999) %}{% for b in range(999) %}{% for c in range(999) %}{% endfor %}{% endfor %}{% "
           "endfor %}",
           "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
           "{{ range(99999)|map('string')|join|list|sort|join|list|sort|join }}",
           "{% set ns = namespace(x=[0]) %}{% for i in range(50) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
           "{% set ns = namespace(x=[0]) %}{% for i in range(50) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}"
           "{{ ns.x|tojson|length }}",
           "{% set a = namespace(x=[0], y=[0]) %}{% for i in range(50) %}{% set a.x = [a.x, a.x] %}{% set a.y = [a.y, "
           "a.y] %}"
           "{% endfor %}{{ a.x == a.y }}",
           "{% set a = namespace(x=(0,)) %}{% for i in range(50) %}{% set a.x = (a.x, a.x) %}{% endfor %}{{ {a.x: 1} "
           "}}",
           "{% for x in [1] recursive %}{{ loop([1]) if loop.depth < 20 }}{{ loop([1]) if loop.depth < 20 }}{% endfor "
           "%}",
           "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}",
       }) {
    const auto result = render(source);
    INFO(source << "\n" << result.problem);
    const bool names_limit = result.problem.find("max_steps") != std::string::npos ||
                             result.problem.find("max_depth") != std::string::npos ||
                             result.problem.find("memory limit") != std::string::npos;
    CHECK(names_limit);
  }
}

TEST_CASE("Jinja: what would be large is refused before it is made") {
  for (const char* source :
       {"{{ 'x' * 10 ** 9 }}", "{{ [0] * 10 ** 9 }}", "{{ (0,) * 10 ** 18 }}", "{{ 'x'.center(10 ** 12) }}",
        "{{ 'x'.zfill(10 ** 10) }}", "{{ '%1000000000d' % 5 }}", "{{ '%.1000000000d' % 5 }}",
        "{{ '{:1000000000}'.format(5) }}", "{{ 'x'|indent(10 ** 10) }}", "{{ 'x'|center(10 ** 10) }}",
        "{{ [1]|tojson(indent=10 ** 10) }}", "{{ [1]|batch(10 ** 10, 0)|list }}", "{{ '\t'.expandtabs(10 ** 10) }}",
        "{{ 'x' * 10 ** 18 * 10 ** 18 }}"}) {
    const auto result = render(source);
    INFO(source << "\n" << result.problem);
    const bool names_limit = result.problem.find("memory limit") != std::string::npos ||
                             result.problem.find("too big") != std::string::npos ||
                             result.problem.find("64 bits") != std::string::npos;
    CHECK(names_limit);
  }
  check_stopped("{% set ns = namespace(x='x') %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
                "memory limit");
  check_stopped(
      "{% set ns = namespace(x='xxxxxxxx') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
      "memory limit");
  check_stopped(
      "{% set ns = namespace(x='ab') %}{% for i in range(60) %}{% set ns.x = ns.x|replace('', ns.x) %}{% endfor %}",
      "memory limit");
  check_stopped("{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
                "memory limit");
  check_stopped(
      "{% set ns = namespace(x='ab') %}{% for i in range(60) %}{% set ns.x = ns.x.join([ns.x, ns.x, ns.x]) %}{% endfor "
      "%}",
      "memory limit");
  check_stopped("{{ '{:.99999999f}'.format(1.5) }}", "too big");
}

TEST_CASE("Jinja: work over long texts and many names costs steps, too") {
  const std::string long_text = "{% set ns = namespace(x='\\u00e9' * 4000000) %}{% for i in range(99999) %}";
  for (const char* work :
       {"{{ ns.x.find('y') }}", "{{ ns.x[3999999] }}", "{% set z = ns.x[1:] %}{{ z|length }}",
        "{% set z = ns.x|upper %}", "{% set z = ns.x.title() %}", "{% set z = ns.x|e %}", "{% set z = ns.x|tojson %}",
        "{% set z = [ns.x]|string %}", "{% set z = {ns.x: 1} %}", "{% set z = ns.x == ns.x ~ '' %}"}) {
    INFO(work);
    CHECK_THAT(render(long_text + work + "{% endfor %}").problem, Catch::Matchers::Contains("max_steps"));
  }
  std::string names;
  for (int i = 0; i < 40'000; ++i) names += forgelm::cat("{% set v", i, "=1 %}");
  check_stopped(names, "max_steps");
  std::string arguments;
  for (int i = 0; i < 100'000; ++i) arguments += forgelm::cat("v", i, "=1,");
  check_stopped("{{ f(" + arguments + ") }}", "more than 1000 keyword arguments");
  check_stopped("{% macro m(" + arguments + ") %}{% endmacro %}", "more than 1000 parameters");
  check_stopped("{% " + std::string(1'000'000, 'x') + " %}", "unknown tag");
}

TEST_CASE("Jinja: the output is bounded") {
  JinjaLimits limits;
  limits.max_output_bytes = 1000;
  CHECK_THAT(render("{{ 'x' * 1001 }}", Json::object(), limits).problem, Catch::Matchers::Contains("max_output_bytes"));
  CHECK(render("{{ 'x' * 1000 }}", Json::object(), limits).output.text.size() == 1000);
  CHECK_THAT(
      render("{% set x %}{{ 'x' * 600 }}{% endset %}{% for i in [1, 2] %}{{ x }}{% endfor %}", Json::object(), limits)
          .problem,
      Catch::Matchers::Contains("max_output_bytes"));
  CHECK(render("{% set x %}{{ 'x' * 600 }}{% endset %}{{ x }}", Json::object(), limits).output.text.size() == 600);
}

TEST_CASE("Jinja: nesting is bounded in text, in rendering and in values") {
  check_stopped("{{ " + repeated("(", 200'000) + "1", "max_depth");
  check_stopped("{{ " + repeated("[", 200'000), "max_depth");
  check_stopped("{{ " + repeated("not ", 200'000) + "1 }}", "max_depth");
  check_stopped("{{ " + repeated("-", 200'000) + "1 }}", "max_depth");
  check_stopped("{{ " + repeated("1 if 1 else ", 80'000) + "1 }}", "max_depth");
  check_stopped(repeated("{% if 1 %}", 100'000), "max_depth");
  check_stopped(repeated("{% for x in y %}", 60'000), "max_depth");
  check_stopped("{{ 1" + repeated(" + 1", 200'000) + " }}", "500 steps in a row");
  check_stopped("{{ a" + repeated(".a", 200'000) + " }}", "500 steps in a row");
  check_stopped("{{ a" + repeated("|e", 200'000) + " }}", "500 steps in a row");
  check_stopped("{{ a" + repeated("[0]", 200'000) + " }}", "500 steps in a row");
  check_stopped("{{ a" + repeated("()", 200'000) + " }}", "500 steps in a row");
  check_stopped("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "max_depth");
  check_stopped("{% macro m(a=m()) %}{% endmacro %}{{ m() }}", "too deeply");
  check_stopped("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", "max_depth");
  check_stopped("{% set ns = namespace(x=1) %}{% for i in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}",
                "nested more than 200");
  check_stopped("{% set ns = namespace(x=1) %}{% for i in range(99999) %}{% set ns.x = {1: ns.x} %}{% endfor %}",
                "nested more than 200");
  check_stopped("{% set ns = namespace() %}{% set ns.x = ns %}{{ ns }}", "namespace");
  // Long is not deep.
  CHECK(render("{{ [" + repeated("1,", 50'000) + "]|length }}").output.text == "50000");
  CHECK(render("{{ 1" + repeated(" ~ 1", 5'000) + " }}").output.text.size() == 5001);
  CHECK(render(repeated("{% if 0 %}{% endif %}", 10'000)).problem == "");
  CHECK(render("{% if 0 %}" + repeated("{% elif 0 %}", 10'000) + "{% endif %}").problem == "");
}

TEST_CASE("Jinja: a template has a size, and namespaces may hold themselves") {
  CHECK_THAT(render(std::string((1u << 20) + 1, 'x')).problem, Catch::Matchers::Contains("max_template_bytes"));
  CHECK(render("{% set ns = namespace() %}{% set ns.x = [ns] %}{% set ns.y = ns %}ok").output.text == "ok");
  CHECK(render("{% set ns = namespace() %}{% for i in range(2000) %}{% set ns.x = namespace(p=ns.x) %}{% endfor %}ok")
            .output.text == "ok");
}

TEST_CASE("Jinja: the caller's own variables do not count as the template's memory") {
  const Json variables = Json::object({{"big", std::string(std::size_t{80} << 20, 'x')}});
  CHECK(render("{{ big|length }}", variables).output.text == "83886080");
  CHECK_THAT(render("{{ (big + 'y')|length }}", variables).problem, Catch::Matchers::Contains("memory limit"));
}

TEST_CASE("Jinja: errors name the line, the column in code points, and what was seen") {
  auto result = render("a\n  {{ 'ü' + 5 }}");
  CHECK(result.line == 2);
  CHECK(result.column == 10);
  CHECK_THAT(result.problem, Catch::Matchers::Contains("\"int\""));
  result = render("{% for x in [1] %}\r\n\r\n{{ missing.name }}{% endfor %}");
  CHECK(result.line == 3);
  CHECK(result.column == 12);
  CHECK_THAT(result.problem, Catch::Matchers::Contains("'missing' is undefined"));
  result = render("ok {% if x %}\n{% endfro %}");
  CHECK(result.line == 2);
  CHECK(result.column == 4);
  CHECK_THAT(result.problem, Catch::Matchers::Contains("Did you mean 'endfor'"));
  CHECK_THAT(render("{{ x|uper }}").problem, Catch::Matchers::Contains("did you mean 'upper'"));
  CHECK_THAT(render("{{ x is strng }}").problem, Catch::Matchers::Contains("did you mean 'string'"));
  CHECK_THAT(render("{{ 'x'.stripp() }}").problem, Catch::Matchers::Contains("did you mean 'strip'"));
  CHECK_THAT(render("{{ 'x'|default(defaultvalue=1) }}").problem,
             Catch::Matchers::Contains("did you mean 'default_value'"));
  result = render("{{ raise_exception('no ' ~ 'way') }}");
  CHECK(result.was_raised);
  CHECK(result.problem == "no way");
}

TEST_CASE("Jinja: generation blocks in captured text are reported, and nested ones belong to the outer") {
  const auto captured = render("{% set x %}{% generation %}a{% endgeneration %}{% endset %}{{ x }}");
  CHECK(captured.output.text == "a");
  CHECK(captured.output.generation.empty());
  CHECK(captured.output.has_captured_generation);
  const auto nested = render("{% generation %}a{% generation %}b{% endgeneration %}{% endgeneration %}c");
  REQUIRE(nested.output.generation.size() == 1);
  CHECK(nested.output.generation[0] == forgelm::text::ByteSpan{0, 2});
  CHECK_FALSE(nested.output.has_captured_generation);
}

TEST_CASE("Jinja: a template tells which variables it reads and whether it has generation blocks") {
  const forgelm::text::JinjaTemplate parsed("t",
                                            "{% set a = 1 %}{{ a }}{% for m in messages %}{{ m.tools }}{% endfor %}");
  CHECK(parsed.uses_variable("messages"));
  CHECK_FALSE(parsed.uses_variable("tools"));
  CHECK_FALSE(parsed.has_generation_blocks());
  CHECK(forgelm::text::JinjaTemplate("t", "{% generation %}{% endgeneration %}").has_generation_blocks());
}
