// The real chat templates of the shared data: each with ten conversations must give what jinja2 gives, or fail as it
// does.
#include <map>

#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/text/jinja.hpp"
#include "support/shared_data.hpp"
#include "support/test.hpp"
#include "text/jinja_support.hpp"

namespace {

using forgelm::Json;
using namespace forgelm::text;

Json variables_of(const Json& set, const Json& conversation) {
  Json out = Json::object({{"messages", nullptr}, {"tools", nullptr}, {"documents", nullptr}});
  out.set("bos_token", set.at("bos_token")).set("eos_token", set.at("eos_token"));
  for (const auto& [name, value] : conversation.members()) out.set(name, value);
  return out;
}

}  // namespace

TEST_CASE("shared chat templates: each gives what jinja2 gives, or fails as it does") {
  const auto folder = forgelm::test::shared_data("templates");
  if (folder.empty()) FORGELM_SKIP("there is no shared data on the host");
  const Json set = forgelm::parse_json(forgelm::read_file(folder / "conversations.json")).value();
  std::map<std::string, JinjaTemplate> templates;
  int num_rendered = 0;
  for (const std::string& line : forgelm::split(forgelm::read_file(folder / "golden.jsonl"), '\n')) {
    if (line.empty()) continue;
    const Json golden = forgelm::parse_json(line).value();
    const std::string& name = golden.at("template").text();
    const std::string& conversation = golden.at("conversation").text();
    INFO(name << " with " << conversation);
    auto parsed = templates.find(name);
    if (parsed == templates.end()) {
      parsed = templates.emplace(name, JinjaTemplate(name, forgelm::read_file(folder / name))).first;
    }
    const Json variables = variables_of(set, set.at("conversations").at(conversation));
    const auto result = forgelm::test::render(parsed->second, variables);
    if (const Json* output = golden.find("output")) {
      CHECK(result.problem == "");
      CHECK(result.output.text == output->text());
    } else if (const Json* raised = golden.find("raised")) {
      CHECK(result.was_raised);
      CHECK(result.problem == raised->text());
    } else {
      CHECK(golden.find("error") != nullptr);
      CHECK(result.problem != "");
      CHECK_FALSE(result.was_raised);
    }
    ++num_rendered;
  }
  CHECK(num_rendered >= 600);
}
