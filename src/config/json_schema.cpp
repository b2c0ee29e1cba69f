// JSON Schema draft-07 from the field table. Sections that stand in several places (the root's and a stage's) are one
// definition each.
#include <cmath>
#include <map>

#include "forgelm/config/emit.hpp"

namespace forgelm::config {
namespace {

/// The values of a choice as YAML writes them: `true` and `false` among the names are booleans.
Json choice_values(const FieldInfo& field) {
  Json values = Json::array();
  const auto add = [&](const std::string& name) {
    if (name == "true" || name == "false") values.push(name == "true");
    else values.push(name);
  };
  for (const auto& name : field.choices) add(name);
  for (const auto& [given, meant] : field.value_aliases) add(given);
  if (field.is_nullable) values.push(nullptr);
  return values;
}

Json bounded(Json schema, const Bounds& bounds) {
  const auto set = [&](const char* key, const std::optional<double>& bound) {
    if (!bound) return;
    const bool is_whole = *bound == std::floor(*bound) && std::abs(*bound) < 1e15;
    schema.set(key, is_whole ? Json(static_cast<std::int64_t>(*bound)) : Json(*bound));
  };
  set("minimum", bounds.at_least);
  set("exclusiveMinimum", bounds.above);
  set("maximum", bounds.at_most);
  set("exclusiveMaximum", bounds.below);
  return schema;
}

class SchemaWriter {
 public:
  Json write() {
    Json document = Json::object({{"$schema", "http://json-schema.org/draft-07/schema#"},
                                  {"title", "forgelm job"},
                                  {"description", "A fine-tuning job of forgelm."}});
    const Json root = section(root_section());
    for (const auto& [key, value] : root.members()) document.set(key, value);
    document.set("definitions", std::move(definitions_));
    return document;
  }

 private:
  Json section(const SectionInfo& info) {
    Json properties = Json::object(), required = Json::array();
    for (const auto& field : info.fields) {
      properties.set(field.name, property(field));
      if (!field.alias.empty()) {
        Json alias = property(field);
        alias.set("description", "Another name of `" + field.name + "`.");
        properties.set(field.alias, std::move(alias));
      }
      if (field.is_required && field.alias.empty()) required.push(field.name);
    }
    Json schema = Json::object({{"type", "object"}, {"additionalProperties", false}});
    if (!required.items().empty()) schema.set("required", std::move(required));
    schema.set("properties", std::move(properties));
    return schema;
  }

  Json reference(const FieldInfo& field) {
    auto [place, is_new] = names_.try_emplace(field.section, field.name);
    if (is_new) {
      // Two section types under one key (root's and a stage's are one type) would collide.
      for (int n = 2; definitions_.find(place->second) != nullptr; ++n) place->second = field.name + std::to_string(n);
      definitions_.set(place->second, nullptr);
      Json schema = section(*field.section);
      definitions_.set(place->second, std::move(schema));
    }
    return Json::object({{"$ref", "#/definitions/" + place->second}});
  }

  Json type_of(const FieldInfo& field) {
    const auto typed = [&](const char* type) {
      return Json::object({{"type", field.is_nullable ? Json::array({type, "null"}) : Json(type)}});
    };
    switch (field.kind) {
      case FieldKind::boolean: return typed("boolean");
      case FieldKind::integer: return bounded(typed("integer"), field.bounds);
      case FieldKind::real: return bounded(typed("number"), field.bounds);
      case FieldKind::text: return typed("string");
      case FieldKind::choice: return Json::object({{"enum", choice_values(field)}});
      case FieldKind::text_list:
      case FieldKind::real_list: {
        const bool is_text = field.kind == FieldKind::text_list;
        Json list = typed("array");
        list.set("items", bounded(Json::object({{"type", is_text ? "string" : "number"}}), field.bounds));
        if (field.is_non_empty) list.set("minItems", 1);
        if (field.presets.empty()) return list;
        return Json::object({{"anyOf", Json::array({list, Json::object({{"enum", Json::array_of(field.presets)}})})}});
      }
      case FieldKind::table: return typed("object");
      case FieldKind::real_table: {
        Json table = typed("object");
        table.set("additionalProperties", bounded(Json::object({{"type", "number"}}), field.bounds));
        return table;
      }
      case FieldKind::section: {
        Json target = reference(field);
        // Beside $ref draft-07 ignores everything else, hence the wrapping.
        if (!field.is_nullable) return Json::object({{"allOf", Json::array({std::move(target)})}});
        return Json::object({{"anyOf", Json::array({std::move(target), Json::object({{"type", "null"}})})}});
      }
      case FieldKind::section_list: {
        Json list = Json::object({{"type", "array"}, {"items", reference(field)}});
        if (field.is_non_empty) list.set("minItems", 1);
        return list;
      }
    }
    return Json::object();
  }

  Json property(const FieldInfo& field) {
    Json schema = Json::object({{"description", field.doc}});
    if (!field.deprecated.empty())
      schema.set("description", field.doc + " Deprecated: write " + field.deprecated + ".");
    const Json type = type_of(field);
    for (const auto& [key, value] : type.members()) schema.set(key, value);
    const bool has_default =
        !field.is_required && field.kind != FieldKind::section && field.kind != FieldKind::section_list;
    if (has_default) schema.set("default", field.default_value);
    if (!field.example.empty()) schema.set("examples", Json::array({field.example}));
    return schema;
  }

  std::map<const SectionInfo*, std::string> names_;
  Json definitions_ = Json::object();
};

}  // namespace

Json json_schema() { return SchemaWriter().write(); }

}  // namespace forgelm::config
