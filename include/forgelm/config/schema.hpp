// The flat table behind every consumer of the configuration: one SectionInfo per section type, one FieldInfo per field,
// built once from the rows in the section headers. Reading, validation, dump, JSON Schema, template, reference and
// wizard are ordinary loops over it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "forgelm/config/capability.hpp"
#include "forgelm/core/json.hpp"

namespace forgelm::config {

enum class FieldKind {
  boolean,
  integer,
  real,
  text,
  choice,
  text_list,
  real_list,
  table,       ///< text -> any value
  real_table,  ///< text -> number
  section,
  section_list,
};

struct Bounds {
  std::optional<double> at_least, above, at_most, below;
  bool is_finite = false;

  bool any() const { return at_least || above || at_most || below; }
  /// "1 or more", "above 0 and at most 1", ... or "" without bounds.
  std::string text() const;
  bool hold(double value) const;
};

struct SectionInfo;

struct FieldInfo {
  std::string name;
  std::string doc;
  FieldKind kind = FieldKind::text;
  bool is_nullable = false;
  bool is_required = false;
  bool is_non_empty = false;
  bool is_secret = false;
  bool in_wizard = false;
  bool is_added = false;    ///< not a key of the reference
  bool is_clamped = false;  ///< below its lower bound: raised to it, with a warning
  bool names_path = false;
  Bounds bounds;        ///< of the number, or of each number in a list or table
  std::string pattern;  ///< name of a text check, see check_pattern
  std::string alias;
  std::string example;     ///< a value for the template, where the default says nothing
  std::string deprecated;  ///< what to write instead
  std::vector<std::string> choices;
  std::vector<std::string> presets;
  std::vector<std::pair<std::string, std::string>> value_aliases;
  Capability capability = Capability::job;
  const SectionInfo* section = nullptr;  ///< of section and section_list fields
  Json default_value;                    ///< null for nullable fields, sections and required fields

  /// Access to the member inside its owning section. `set` takes a value of the field's kind (already coerced).
  Json (*get)(const void* owner) = nullptr;
  void (*set)(void* owner, const Json& value) = nullptr;
  /// Sections only: the section, created when it was absent; the section or nullptr.
  void* (*emplace)(void* owner) = nullptr;
  const void* (*peek)(const void* owner) = nullptr;
  /// Section lists only.
  void* (*append)(void* owner) = nullptr;
  std::size_t (*count)(const void* owner) = nullptr;
  const void* (*at)(const void* owner, std::size_t index) = nullptr;
};

struct SectionInfo {
  std::vector<FieldInfo> fields;

  /// By name or alias; nullptr when there is none.
  const FieldInfo* find(std::string_view name) const noexcept;
  std::vector<std::string> names() const;
};

/// The table of JobConfig. Built at first use; lives for the whole process.
const SectionInfo& root_section();

/// A field with its path: "training.eval_steps", "merge.models[].path", "pipeline.stages[].model.revision".
struct PlacedField {
  std::string path;
  const FieldInfo* field;
  const SectionInfo* owner;
};

/// Every field in order of declaration, sections included. Stage sections are left out unless asked for, as they repeat
/// the root's.
const std::vector<PlacedField>& all_fields(bool with_stages = false);

/// The field at exactly this path (stages left out), or nullptr.
const PlacedField* field_at(std::string_view path) noexcept;

/// The word for a kind in messages and documentation: "integer", "list of text", "one of".
std::string_view kind_text(FieldKind kind) noexcept;

/// "integer, 1 or more, or null": what a field accepts, for messages and documentation.
std::string accepts_text(const FieldInfo& field);

}  // namespace forgelm::config
