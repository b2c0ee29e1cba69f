// What is written from the field table for people and editors: JSON Schema, commented template, reference,
// explanations. All of it is checked in where a reader looks for it and compared by a test (tools/refresh writes it
// anew).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "forgelm/config/schema.hpp"
#include "forgelm/core/json.hpp"

namespace forgelm::config {

/// JSON Schema draft-07 of a job file. Stricter than reading: quoted numbers and booleans, which forgelm reads as the
/// reference does, are marked by an editor.
Json json_schema();

/// A job file with every key: those that a first job sets are active, all others are commented out at their defaults.
/// `schema` is the path or address for the editor's modeline; without one there is no modeline.
std::string template_yaml(std::string_view schema);

/// docs/generated/configuration.md: every key with type, default and meaning, section by section.
std::string reference_markdown();

/// The fields that a name means: a whole path ("training.learning_rate", "merge.models[].path"; list positions may be
/// left out), else every field whose path ends in it. Empty when there is none.
std::vector<PlacedField> find_fields(std::string_view name);

/// What there is to know of one field: type, default, meaning, conditions, rules, what serves it; of a section its
/// keys.
std::string explain(const PlacedField& placed);
Json explain_json(const PlacedField& placed);

/// A JSON value as YAML on one line: text is quoted only where YAML would read something else.
std::string to_yaml_scalar(const Json& value);

/// A JSON value as YAML in block style, for people; reading it gives the value again.
std::string to_yaml(const Json& value);

}  // namespace forgelm::config
