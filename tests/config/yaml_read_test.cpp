// read_yaml as its callers see it: places, kinds, messages and limits. What documents mean is in yaml_golden_test.cpp.
#include "forgelm/config/yaml.hpp"

#include "support/test.hpp"

using forgelm::config::Node;
using forgelm::config::read_yaml;
using forgelm::config::YamlDocument;

TEST_CASE("yaml: nodes carry their place and their value") {
  const YamlDocument document = read_yaml("model:\n  name: llama # base\n  rate: 2e-4\n", "job.yaml");
  REQUIRE(document.diagnostics.empty());
  const Node* model = document.root.find("model");
  REQUIRE(model != nullptr);
  const Node* name = model->find("name");
  REQUIRE(name != nullptr);
  CHECK(name->kind == Node::Kind::text);
  CHECK(name->text == "llama");
  CHECK(name->line == 2);
  CHECK(name->column == 9);
  CHECK(name->length == 5);
  CHECK(model->find("rate")->kind == Node::Kind::text);
  CHECK(model->find("nothing") == nullptr);
}

TEST_CASE("yaml: an empty document is null") {
  const YamlDocument document = read_yaml("# nothing\n", "job.yaml");
  CHECK(document.diagnostics.empty());
  CHECK(document.root.kind == Node::Kind::null);
}
