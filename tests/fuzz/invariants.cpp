#include "fuzz/invariants.hpp"

#include "config/yaml_dump.hpp"
#include "forgelm/config/load.hpp"
#include "forgelm/config/yaml.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::test {
namespace {

std::string broken_place(const Diagnostic& diagnostic, const std::vector<std::string>& lines) {
  const auto line = static_cast<std::size_t>(diagnostic.spot.line);
  if (diagnostic.message.empty()) return "a diagnostic without words: " + diagnostic.code;
  if (diagnostic.code.empty()) return "a diagnostic without a code: " + diagnostic.message;
  if (diagnostic.spot.line < 0 || line > lines.size())
    return cat("a line beyond the text: ", line, " of ", lines.size());
  if (line == 0) return "";
  const auto columns = static_cast<int>(num_code_points(lines[line - 1]));
  if (diagnostic.spot.column < 0 || diagnostic.spot.column > columns + 1)
    return cat("a column beyond the line: ", diagnostic.spot.column, " of ", columns);
  if (diagnostic.spot.length < 1) return "nothing to underline";
  if (num_code_points(diagnostic.source_line) > 403) return "a line that is too long to show";
  return "";
}

/// What a tree adds up to.
struct Totals {
  int num_nodes = 0;
  std::size_t num_bytes = 0;
};

/// Depth, number of values, bytes of text and places of a tree that was accepted.
std::string broken_tree(const config::Node& node, const config::YamlLimits& limits, int depth, Totals& totals) {
  if (depth > limits.max_depth) return "deeper than the limit";
  if (++totals.num_nodes > limits.max_nodes) return "more values than the limit";
  // An integer beyond 64 bits has its decimal digits in place of what was written.
  if (node.fits) totals.num_bytes += node.text.size();
  if (totals.num_bytes > limits.max_expanded_bytes) return "more text than the limit";
  if (node.line < 1 || node.column < 1) return "a value without a place";
  if (node.kind == config::Node::Kind::text && !is_valid_utf8(node.text)) return "text that is not UTF-8";
  for (const auto& item : node.items)
    if (auto broken = broken_tree(item, limits, depth + 1, totals); !broken.empty()) return broken;
  for (const auto& [key, value] : node.entries) {
    if (auto broken = broken_tree(key, limits, depth + 1, totals); !broken.empty()) return broken;
    if (auto broken = broken_tree(value, limits, depth + 1, totals); !broken.empty()) return broken;
  }
  return "";
}

}  // namespace

std::string broken_yaml_promise(std::string_view bytes, int max_nodes) {
  config::YamlLimits limits;
  limits.max_nodes = max_nodes;
  limits.max_expanded_bytes = 10 * static_cast<std::size_t>(max_nodes);
  const auto document = config::read_yaml(bytes, "fuzz.yaml", limits);
  if (document.diagnostics.size() > 102) return "more diagnostics than can be read";
  for (const auto& diagnostic : document.diagnostics)
    if (auto broken = broken_place(diagnostic, document.lines); !broken.empty()) return broken;
  if (has_errors(document.diagnostics))
    return document.root.kind == config::Node::Kind::null ? "" : "a tree beside an error";
  Totals totals;
  // An empty document has no place.
  if (document.root.line == 0) return document.root.kind == config::Node::Kind::null ? "" : "a root without a place";
  return broken_tree(document.root, limits, 0, totals);
}

std::string broken_job_promise(std::string_view bytes) {
  const auto loaded = config::read_job(bytes, "fuzz.yaml");
  for (const auto& diagnostic : loaded.diagnostics)
    if (auto broken = broken_place(diagnostic, loaded.lines); !broken.empty()) return broken;
  if (loaded.diagnostics.size() > 202) return "more diagnostics than can be read";
  if (render(loaded.diagnostics, DiagnosticStyle::text).empty() != loaded.diagnostics.empty())
    return "diagnostics that are not shown";
  if (!loaded.ok()) return "";
  if (config::stage_jobs(loaded).empty()) return "a job without a stage";
  if (config::config_hash(loaded).size() != std::string_view("sha256:").size() + 64) return "a hash of another length";
  return parse_json(dump(config::dump(loaded))).ok() ? "" : "a dump that is no JSON";
}

}  // namespace forgelm::test
