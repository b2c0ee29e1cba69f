// What is generated from the field table is checked against the reader: the template is a job file, with every key on
// as well, and the schema knows every key that the reader knows.
#include "forgelm/config/emit.hpp"

#include <algorithm>
#include <set>

#include "forgelm/config/load.hpp"
#include "forgelm/core/text.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
using namespace forgelm::config;

std::string listing(const LoadedJob& loaded) {
  std::string out;
  for (const auto& diagnostic : loaded.diagnostics) out += cat(diagnostic.path, ": ", diagnostic.message, "\n");
  return out;
}

/// The template with all keys switched on.
std::string with_every_key(const std::string& text) {
  std::string out;
  for (std::string line : split(text, '\n')) {
    const std::size_t mark = line.find_first_not_of(' ');
    if (mark != std::string::npos && line[mark] == '#' && mark + 1 < line.size() && line[mark + 1] != ' ')
      line.erase(mark, 1);
    out += line + "\n";
  }
  return out;
}

/// Follows $ref, allOf, anyOf and items to the object that holds "properties".
const Json* object_schema(const Json& document, const Json& schema) {
  if (schema.find("properties") != nullptr) return &schema;
  if (const Json* reference = schema.find("$ref")) {
    const std::string name = reference->text().substr(std::string("#/definitions/").size());
    return object_schema(document, document.at("definitions").at(name));
  }
  for (const auto* key : {"allOf", "anyOf"})
    if (const Json* list = schema.find(key)) return object_schema(document, list->items().front());
  if (const Json* items = schema.find("items")) return object_schema(document, *items);
  return nullptr;
}

/// The schema of a placed field, or nullptr.
const Json* property_of(const Json& document, std::string_view path) {
  const Json* schema = &document;
  for (std::string part : split(path, '.')) {
    part = part.substr(0, part.find('['));
    const Json* object = object_schema(document, *schema);
    if (object == nullptr) return nullptr;
    schema = object->at("properties").find(part);
    if (schema == nullptr) return nullptr;
  }
  return schema;
}

}  // namespace

TEST_CASE("config emit: the template is a job file without problems") {
  const LoadedJob loaded = read_job(template_yaml("schema.json"), "template.yaml");
  INFO(listing(loaded));
  CHECK(loaded.diagnostics.empty());
  CHECK(template_yaml("schema.json").starts_with("# yaml-language-server: $schema=schema.json\n"));
  CHECK(template_yaml("").find("yaml-language-server") == std::string::npos);
}

TEST_CASE("config emit: the template with every key switched on sets every key to what it is anyway") {
  const LoadedJob loaded = read_job(with_every_key(template_yaml("")), "template.yaml");
  INFO(listing(loaded));
  CHECK(loaded.ok());
  for (const auto& placed : all_fields()) {
    if (!placed.field->deprecated.empty() || placed.path.find("[]") != std::string::npos) continue;
    INFO(placed.path);
    CHECK(loaded.is_given(placed.path));
    if (placed.field->section == nullptr && placed.field->example.empty())
      CHECK(value_at(loaded.job, placed.path) == placed.field->default_value);
  }
}

TEST_CASE("config emit: the template's active keys are the required ones and those of a first job") {
  const LoadedJob loaded = read_job(template_yaml(""), "template.yaml");
  CHECK(loaded.is_given("model.name_or_path"));
  CHECK(loaded.is_given("training.learning_rate"));
  CHECK_FALSE(loaded.is_given("evaluation"));
  CHECK_FALSE(loaded.is_given("training.lr_scheduler"));
}

TEST_CASE("config emit: the schema has every key of the reader, with its kind, choices and bounds") {
  const Json document = json_schema();
  CHECK(document.at("$schema").text() == "http://json-schema.org/draft-07/schema#");
  std::size_t num_keys = 0;
  for (const auto& placed : all_fields(true)) {
    INFO(placed.path);
    const Json* property = property_of(document, placed.path);
    REQUIRE(property != nullptr);
    ++num_keys;
    CHECK(property->at("description").text().starts_with(placed.field->doc));
    if (placed.field->kind == FieldKind::choice) {
      CHECK(property->at("enum").items().size() >= placed.field->choices.size());
    }
    if (placed.field->kind == FieldKind::integer && placed.field->bounds.at_least)
      CHECK(property->at("minimum").real() == *placed.field->bounds.at_least);
    if (placed.field->section != nullptr) {
      const Json* object = object_schema(document, *property);
      REQUIRE(object != nullptr);
      CHECK_FALSE(object->at("additionalProperties").boolean());
      std::set<std::string> keys;
      for (const auto& [key, value] : object->at("properties").members()) keys.insert(key);
      for (const auto& field : placed.field->section->fields) {
        keys.erase(field.name);
        keys.erase(field.alias);
      }
      CHECK(keys.empty());
    }
  }
  CHECK(num_keys > 250);
}

TEST_CASE("config emit: every section has its heading and every key its row in the reference") {
  const std::string page = reference_markdown();
  for (const auto& placed : all_fields()) {
    INFO(placed.path);
    if (placed.field->section != nullptr && !placed.path.starts_with("pipeline.stages[]."))
      CHECK(page.find(cat("## `", placed.path)) != std::string::npos);
    CHECK(page.find(cat("| `", placed.field->name, "`")) != std::string::npos);
  }
}

TEST_CASE("config emit: a field is found by its path, its last part, or with list positions") {
  REQUIRE(find_fields("training.learning_rate").size() == 1);
  REQUIRE(find_fields("learning_rate").size() == 1);
  CHECK(find_fields("learning_rate").front().path == "training.learning_rate");
  CHECK(find_fields("merge.models[1].weight").front().path == "merge.models[].weight");
  CHECK(find_fields("enabled").size() > 3);
  CHECK(find_fields("pipeline.stages[0].training.seed").front().path == "pipeline.stages[].training.seed");
  CHECK(find_fields("nothing_of_the_kind").empty());
}

TEST_CASE("config emit: an explanation tells conditions, rules, defaults and the keys of a section") {
  const auto text = [](const char* name) { return explain(find_fields(name).front()); };
  CHECK(text("training.dpo_beta").find("training.trainer_type is dpo") != std::string::npos);
  CHECK(text("lora.use_dora").find("rule lora.one_flag, with lora.use_rslora") != std::string::npos);
  CHECK(text("lora.r").find("default     8\n") != std::string::npos);
  CHECK(text("auth.hf_token").find("masked") != std::string::npos);
  CHECK(text("evaluation.safety").find("    enabled ") != std::string::npos);
  const Json json = explain_json(find_fields("training.learning_rate").front());
  CHECK(json.at("default").real() == 2e-5);
  CHECK(json.at("path").text() == "training.learning_rate");
}

TEST_CASE("config emit: a value on one line reads back as itself") {
  const Json values[] = {"plain",
                         "yes",
                         "No",
                         "1",
                         "1e3",
                         "",
                         "a: b",
                         "# c",
                         " x",
                         "q\"\\",
                         "\xC3\xA9",
                         ".5",
                         "./out",
                         "null",
                         "~",
                         2e-5,
                         1e22,
                         0.1,
                         3,
                         -1,
                         true,
                         nullptr,
                         Json::array({"a", "on"}),
                         Json::object({{"k", 1.5}})};
  for (const Json& value : values) {
    const std::string text =
        cat("model: {name_or_path: m}\nlora: {}\ntraining:\n  rope_scaling: {type: linear, factor: 2.0, x: ",
            to_yaml_scalar(value), "}\n", "data: {dataset_name_or_path: d}\n");
    const LoadedJob loaded = read_job(text, "value.yaml");
    INFO(text << listing(loaded));
    REQUIRE(loaded.job.training.rope_scaling);
    REQUIRE(loaded.job.training.rope_scaling->find("x") != nullptr);
    CHECK(loaded.job.training.rope_scaling->at("x") == value);
  }
}
