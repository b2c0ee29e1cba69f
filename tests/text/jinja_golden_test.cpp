// Small templates for every construct, filter, test, method and fault: ours against jinja2 3.1.6 as transformers sets
// it up (tools/golden/jinja). A fault's wording is ours; that it is one, and whether the template raised it, is the
// golden's.
#include <map>

#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"
#include "support/test.hpp"
#include "text/jinja_support.hpp"

namespace {

using forgelm::Json;
using namespace forgelm::test;

const std::string kFolder = std::string(FORGELM_SOURCE_DIR) + "/tests/golden/jinja/";

Json variables() { return forgelm::parse_json(forgelm::read_file(kFolder + "variables.json")).value(); }

std::vector<Json> rows(const std::string& name) {
  std::vector<Json> out;
  for (const std::string& line : forgelm::split(forgelm::read_file(kFolder + name), '\n')) {
    if (!line.empty()) out.push_back(forgelm::parse_json(line).value());
  }
  return out;
}

}  // namespace

TEST_CASE("Jinja: small templates give what jinja2 gives, or fail where it does") {
  const Json given = variables();
  std::map<std::string, int> num_of_group;
  for (const Json& row : rows("snippets.jsonl")) {
    const std::string& source = row.at("template").text();
    const auto result = render(source, given);
    INFO(row.at("group").text() << ": " << source);
    if (const Json* output = row.find("output")) {
      CHECK(result.problem == "");
      CHECK(result.output.text == output->text());
    } else {
      INFO("jinja2: " << row.at("error").text());
      CHECK(result.problem != "");
      CHECK(result.was_raised == row.at("raised").boolean());
    }
    ++num_of_group[row.at("group").text()];
  }
  CHECK(num_of_group.size() == 8);
  CHECK(num_of_group["faults"] > 200);
}

TEST_CASE("Jinja: generation blocks are where transformers' assistant mask has them") {
  const Json given = variables();
  for (const Json& row : rows("spans.jsonl")) {
    INFO(row.at("template").text());
    const auto result = render(row.at("template").text(), given);
    CHECK(result.output.text == row.at("output").text());
    Json spans = Json::array();
    for (const auto& span : result.output.generation) spans.push(Json::array({span.begin, span.end}));
    CHECK(dump(spans) == dump(row.at("spans")));
    CHECK_FALSE(result.output.has_captured_generation);
  }
}

TEST_CASE("Jinja: what only we refuse is refused with a reason") {
  const Json given = variables();
  for (const Json& row : rows("refused.jsonl")) {
    INFO(row.at("template").text());
    const auto result = render(row.at("template").text(), given);
    const bool names_reason = result.problem.find("not supported") != std::string::npos ||
                              result.problem.find("64 bits") != std::string::npos;
    CHECK(names_reason);
    CHECK(result.problem != "");
  }
}
