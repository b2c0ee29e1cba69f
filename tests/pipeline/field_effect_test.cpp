// Nothing that is configured is ignored in silence: every field set away from its default changes the plan, or is
// warned of, or is refused.
#include <filesystem>
#include <map>

#include "forgelm/config/emit.hpp"
#include "forgelm/config/load.hpp"
#include "forgelm/config/schema.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/pipeline/plan.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;

/// Values that a field needs instead of the next best one, and keys that must stand beside it to be taken at all.
const std::map<std::string, std::string, std::less<>> kValues = {
    {"training.rope_scaling", "{type: linear, factor: 2.0}"},
    {"evaluation.safety.severity_thresholds", "{critical: 0.0}"},
    {"training.final_model_dir", "other"},
    {"model.revision", "v1"},
    {"monitoring.endpoint", "https://example.org"},
    {"monitoring.endpoint_env", "ENDPOINT"},
};

/// A value other than the default, as YAML.
std::string other_value(const config::PlacedField& placed) {
  const config::FieldInfo& field = *placed.field;
  if (const auto found = kValues.find(placed.path); found != kValues.end()) return found->second;
  switch (field.kind) {
    case config::FieldKind::boolean: return field.default_value == Json(true) ? "false" : "true";
    case config::FieldKind::integer: {
      const std::int64_t base = field.default_value.is_null() ? 3 : field.default_value.integer();
      const std::int64_t next = base + 1;
      return cat(field.bounds.hold(static_cast<double>(next)) ? next : base - 1);
    }
    case config::FieldKind::real: {
      const double base = field.default_value.is_null() ? 0.25 : field.default_value.real();
      for (const double next : {base + 0.125, base / 2, base + 1})
        if (next != base && field.bounds.hold(next)) return cat(next);
      return "0.5";
    }
    case config::FieldKind::text: return field.default_value == Json("other") ? "another" : "other";
    case config::FieldKind::choice:
      for (const auto& choice : field.choices)
        if (Json(choice) != field.default_value) return choice;
      return "";
    case config::FieldKind::text_list: return "[other]";
    case config::FieldKind::real_list: return "[0.5]";
    case config::FieldKind::table: return "{other: other}";
    case config::FieldKind::real_table: return "{other: 0.5}";
    default: return "";
  }
}

/// A job in block style with one more key.
std::string job_with(const std::string& path, const std::string& value) {
  std::map<std::string, std::string> sections = {{"model", "name_or_path: m, load_in_4bit: false"},
                                                 {"lora", ""},
                                                 {"training", ""},
                                                 {"data", "dataset_name_or_path: data.jsonl"}};
  if (!path.empty()) {
    const auto parts = split(path, '.');
    std::string inner = cat(parts.back(), ": ", value);
    for (std::size_t i = parts.size() - 1; i-- > 1;) {
      const bool is_list = parts[i].ends_with("[]");
      const std::string name = is_list ? parts[i].substr(0, parts[i].size() - 2) : parts[i];
      const bool needs_path = name == "models" && parts.back() != "path",
                 needs_name = name == "stages" && parts.back() != "name";
      inner = cat(name, is_list ? ": [{" : ": {",
                  needs_path   ? "path: p, "
                  : needs_name ? "name: one, "
                               : "",
                  inner, is_list ? "}]" : "}");
    }
    if (parts[0] == "pipeline" && parts[1] != "stages[]") inner += ", stages: [{name: one}]";
    auto& section = sections[parts[0]];
    const std::size_t same = section.find(cat(parts.back(), ": "));
    if (parts.size() == 2 && same != std::string::npos)
      section.erase(
          same, section.find(',', same) == std::string::npos ? std::string::npos : section.find(',', same) + 2 - same);
    section = section.empty() ? inner : cat(section, ", ", inner);
  }
  std::string text;
  for (const auto& [name, body] : sections) text += cat(name, ": {", body, "}\n");
  return text;
}

/// Everything a user is told about a job: refusals, warnings, the plan.
struct Told {
  bool is_refused = false;
  std::string all;
};

Told told(const std::string& text) {
  const auto loaded = config::read_job(text, "job.yaml");
  Told out;
  out.is_refused = !loaded.ok();
  for (const auto& diagnostic : loaded.diagnostics) out.all += cat(diagnostic.path, ": ", diagnostic.message, "\n");
  if (out.is_refused) return out;
  const auto plan = pipeline::make_plan(loaded, pipeline::PlanMode::dry_run);
  for (const auto& finding : plan.findings) out.all += cat(finding.path, ": ", finding.message, "\n");
  for (const auto& stage : plan.stages) out.all += dump(pipeline::to_json(stage));
  return out;
}

}  // namespace

TEST_CASE("plan: every field set away from its default changes what the user is told") {
  const test::TemporaryDirectory folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  std::string rows;
  for (int i = 0; i < 40; ++i) rows += "{\"prompt\": \"a question\", \"completion\": \"an answer\"}\n";
  write_file_durably("data.jsonl", rows);
  const Told base = told(job_with("", ""));
  INFO(base.all);
  REQUIRE_FALSE(base.is_refused);
  std::size_t num_fields = 0;
  for (const auto& placed : config::all_fields()) {
    if (placed.field->section != nullptr) continue;
    const std::string value = other_value(placed);
    const Told now = told(job_with(placed.path, value));
    INFO(placed.path << ": " << value << "\n" << now.all);
    // "Unknown key" or a missing one would be this test's own mistake, not an effect.
    CHECK(now.all.find("there is no such key") == std::string::npos);
    CHECK(now.all.find("key is missing") == std::string::npos);
    CHECK((now.is_refused || now.all != base.all));
    ++num_fields;
  }
  std::filesystem::current_path(before);
  CHECK(num_fields >= 206);
}
