// Runs the rules over a job and turns what is broken into diagnostics; the keys that have no effect; normalisation.
#include <algorithm>
#include <set>

#include "bind.hpp"
#include "forgelm/config/schema.hpp"
#include "forgelm/core/text.hpp"
#include "rules.hpp"

namespace forgelm::config {
namespace {

/// Paths that could not be bound: rules about them would judge defaults that nobody wrote.
std::set<std::string> failed_paths(const LoadedJob& loaded) {
  std::set<std::string> failed;
  for (const auto& diagnostic : loaded.diagnostics)
    if (diagnostic.severity == Severity::error) failed.insert(diagnostic.path);
  return failed;
}

bool touches(const std::set<std::string>& failed, const std::string& path) {
  return std::any_of(failed.begin(), failed.end(), [&](const std::string& bad) {
    return bad == path ||
           (bad.size() > path.size() && bad.rfind(path, 0) == 0 &&
            (bad[path.size()] == '.' || bad[path.size()] == '[')) ||
           (path.size() > bad.size() && path.rfind(bad, 0) == 0 && path[bad.size()] == '.');
  });
}

/// The first path that the file wrote, else the nearest section that it wrote.
std::pair<std::string, SourceSpot> place_of(const JobView& view, const std::vector<std::string_view>& paths) {
  for (const auto path : paths)
    if (const auto found = view.loaded.given.find(view.real_path(path)); found != view.loaded.given.end())
      return *found;
  std::string path = view.real_path(paths.front());
  for (std::string section = path; !section.empty();) {
    const std::size_t dot = section.rfind('.');
    section.resize(dot == std::string::npos ? 0 : dot);
    if (const auto found = view.loaded.given.find(section); found != view.loaded.given.end())
      return {path, found->second};
  }
  return {path, {view.loaded.file, 1, 1, 1}};
}

/// The values that the rule looked at, but for what `problem` says already and what nobody wrote and says nothing:
/// empty text, a switch that is off.
std::string values_seen(const JobView& view, const std::vector<std::string_view>& paths, const std::string& problem) {
  std::vector<std::string> seen;
  for (const auto path : paths) {
    const PlacedField* placed = field_at(path);
    const Json value = value_at(view.job, path);
    if (value.is_null() || placed == nullptr || placed->field->is_secret) continue;
    if (value.kind() == Json::Kind::object || value.kind() == Json::Kind::array) continue;
    if (placed->field->kind == FieldKind::section_list) {
      seen.push_back(cat(path, " has ", value.integer(), value.integer() == 1 ? " entry" : " entries"));
      continue;
    }
    const bool says_nothing = value == Json("") || value == Json(false);
    const std::string shown = value.kind() == Json::Kind::text ? quote(value.text(), 60) : dump(value);
    const bool is_said = value.kind() == Json::Kind::text && problem.find(shown) != std::string::npos;
    if (!is_said && (!says_nothing || view.given(path))) seen.push_back(cat(path, " is ", shown));
  }
  return seen.empty() ? "" : cat(" (", join(seen, ", "), ")");
}

void report_once(LoadedJob& out, Diagnostic diagnostic) {
  const bool known = std::any_of(out.diagnostics.begin(), out.diagnostics.end(), [&](const Diagnostic& other) {
    return other.code == diagnostic.code && other.path == diagnostic.path && other.message == diagnostic.message;
  });
  if (!known) add_diagnostic(out, std::move(diagnostic));
}

void check_dependences(const JobView& view, LoadedJob& out) {
  for (const auto& dependence : dependences()) {
    if (dependence.is_active(view)) continue;
    const bool is_prefix = dependence.paths.back() == '*';
    const std::string_view stem =
        is_prefix ? dependence.paths.substr(0, dependence.paths.size() - 1) : dependence.paths;
    for (const auto& placed : all_fields()) {
      const bool meant = is_prefix ? placed.path.rfind(stem, 0) == 0 : placed.path == stem;
      if (!meant || placed.field->kind == FieldKind::section || !view.given(placed.path)) continue;
      const bool is_list = placed.field->kind == FieldKind::section_list;
      if (placed.field->name == "enabled" ||
          (!is_list && value_at(view.job, placed.path) == placed.field->default_value))
        continue;
      const std::string path = view.real_path(placed.path);
      report_once(out, {Severity::warning, "no_effect", path, view.loaded.given.at(path),
                        "this key has no effect in this job", "", cat("it counts when ", dependence.condition)});
    }
  }
}

}  // namespace

void check_rules(const StageJob& stage, LoadedJob& out) {
  // The job is refused already, and what failed is not known in full: rules would judge values that are not there.
  if (out.num_unlisted > 0 && has_errors(out.diagnostics)) return;
  const std::set<std::string> failed = failed_paths(out);
  const JobView view{out, stage, stage.job};
  for (const auto& rule : rules()) {
    const bool unsure = std::any_of(rule.paths.begin(), rule.paths.end(),
                                    [&](std::string_view path) { return touches(failed, view.real_path(path)); });
    if (unsure) continue;
    const std::string problem = rule.problem(view);
    if (problem.empty()) continue;
    const auto [path, spot] = place_of(view, rule.paths);
    report_once(out, {rule.severity, std::string(rule.id), path, spot, problem + values_seen(view, rule.paths, problem),
                      "", std::string(rule.hint)});
  }
  check_dependences(view, out);
}

void normalise(JobConfig& job, const std::function<bool(std::string_view)>& given) {
  if (job.lora.use_dora) job.lora.method = LoraMethod::dora;
  if (job.lora.use_rslora) job.lora.method = LoraMethod::rslora;
  if (job.training.sample_packing) job.training.packing = true;
  if (!given("model.load_in_4bit") && (job.model.load_in_8bit || job.lora.method == LoraMethod::none))
    job.model.load_in_4bit = false;
  if (job.evaluation && job.evaluation->safety &&
      !job.evaluation->safety->severity_thresholds.value_or(std::map<std::string, double>()).empty() &&
      !given("evaluation.safety.track_categories") && job.evaluation->safety->enabled)
    job.evaluation->safety->track_categories = true;
}

}  // namespace forgelm::config
