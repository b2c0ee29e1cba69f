// What is known of one field, for `forgelm config explain`: gathered from the field table, the rules and the
// conditions.
#include <algorithm>

#include "forgelm/config/emit.hpp"
#include "forgelm/core/text.hpp"
#include "rules.hpp"

namespace forgelm::config {
namespace {

constexpr std::size_t kWidth = 100;

std::string without_positions(std::string_view path) {
  std::string out;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '[') i = std::min(path.find(']', i), path.size() - 1);
    else out += path[i];
  }
  return out;
}

bool covers(std::string_view pattern, std::string_view path) {
  if (pattern.ends_with('*')) return path.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == path;
}

bool is_section(const FieldInfo& field) { return field.section != nullptr; }

/// Conditions under which the field counts at all.
std::vector<std::string_view> conditions_of(const PlacedField& placed) {
  std::vector<std::string_view> conditions;
  for (const auto& dependence : dependences())
    if (!is_section(*placed.field) && placed.field->name != "enabled" && covers(dependence.paths, placed.path))
      conditions.push_back(dependence.condition);
  return conditions;
}

/// Rules that look at the field.
std::vector<const Rule*> rules_of(const PlacedField& placed) {
  std::vector<const Rule*> found;
  for (const auto& rule : rules())
    if (std::find(rule.paths.begin(), rule.paths.end(), placed.path) != rule.paths.end()) found.push_back(&rule);
  return found;
}

std::string first_sentence(const std::string& doc) { return doc.substr(0, doc.find(". ")); }

class Explanation {
 public:
  void line(std::string_view name, std::string_view text) {
    const std::string head = cat("  ", name, std::string(12 - std::min<std::size_t>(name.size(), 11), ' '));
    bool is_first = true;
    for (const auto& part : wrap(text, kWidth - head.size())) {
      out_ += cat(is_first ? head : std::string(head.size(), ' '), part, "\n");
      is_first = false;
    }
  }
  void paragraph(std::string_view text) {
    for (const auto& part : wrap(text, kWidth - 2)) out_ += cat("  ", part, "\n");
  }
  void title(std::string_view text) { out_ += cat(text, "\n"); }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

}  // namespace

std::vector<PlacedField> find_fields(std::string_view name) {
  const std::string wanted = without_positions(name);
  std::vector<PlacedField> exact, ending;
  for (const auto& placed : all_fields(true)) {
    const std::string path = without_positions(placed.path);
    if (path == wanted) exact.push_back(placed);
    else if (!placed.path.starts_with("pipeline.stages[].") && path.ends_with("." + wanted)) ending.push_back(placed);
    else if (!placed.field->alias.empty() && placed.field->alias == wanted) ending.push_back(placed);
  }
  return exact.empty() ? ending : exact;
}

std::string explain(const PlacedField& placed) {
  const FieldInfo& field = *placed.field;
  Explanation text;
  text.title(placed.path);
  text.paragraph(field.doc);
  text.line("accepts", accepts_text(field));
  if (field.is_required) text.line("default", "none: the key is required");
  else if (!is_section(field)) text.line("default", to_yaml_scalar(field.default_value));
  for (const auto& [given, meant] : field.value_aliases) text.line("also", cat(given, ", which means ", meant));
  if (!field.alias.empty()) text.line("other name", field.alias);
  if (!field.example.empty()) text.line("example", to_yaml_scalar(field.example));
  if (!field.deprecated.empty()) text.line("deprecated", cat("write ", field.deprecated));
  if (field.is_secret) text.line("secret", "masked in every dump, record and log");
  if (field.is_added)
    text.line("origin", "forgelm's own key; a job without it has the same hash as in the Python original");
  for (const auto condition : conditions_of(placed)) text.line("counts when", condition);
  for (const Rule* rule : rules_of(placed)) {
    std::vector<std::string_view> others;
    for (const auto path : rule->paths)
      if (path != placed.path) others.push_back(path);
    text.line("checked", cat("rule ", rule->id, others.empty() ? "" : cat(", with ", join(others, ", ")),
                             rule->hint.empty() ? "" : cat(": ", rule->hint)));
  }
  const CapabilityInfo& served = info(field.capability);
  if (!is_section(field) && !served.is_available)
    text.line("needs", cat(served.what, ", which this build does not have"));
  if (is_section(field)) {
    text.title("  keys");
    std::size_t longest = 0;
    for (const auto& inner : field.section->fields) longest = std::max(longest, inner.name.size());
    for (const auto& inner : field.section->fields)
      text.title(cat("    ", inner.name, std::string(longest - inner.name.size() + 2, ' '), first_sentence(inner.doc)));
  }
  return text.take();
}

Json explain_json(const PlacedField& placed) {
  const FieldInfo& field = *placed.field;
  const CapabilityInfo& served = info(field.capability);
  Json rule_list = Json::array();
  for (const Rule* rule : rules_of(placed))
    rule_list.push(Json::object({{"id", rule->id},
                                 {"severity", rule->severity == Severity::error ? "error" : "warning"},
                                 {"paths", Json::array_of(rule->paths)},
                                 {"hint", rule->hint}}));
  Json out = Json::object({{"path", placed.path},
                           {"description", field.doc},
                           {"accepts", accepts_text(field)},
                           {"required", field.is_required},
                           {"default", field.default_value},
                           {"choices", Json::array_of(field.choices)},
                           {"alias", field.alias.empty() ? Json() : Json(field.alias)},
                           {"deprecated", field.deprecated.empty() ? Json() : Json(field.deprecated)},
                           {"secret", field.is_secret},
                           {"added", field.is_added},
                           {"counts_when", Json::array_of(conditions_of(placed))},
                           {"rules", std::move(rule_list)},
                           {"capability", to_text(field.capability)},
                           {"available", served.is_available}});
  if (is_section(field)) out.set("keys", Json::array_of(field.section->names()));
  return out;
}

}  // namespace forgelm::config
