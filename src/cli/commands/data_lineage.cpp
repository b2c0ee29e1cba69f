// `forgelm data lineage NAME@VERSION`: what a data set was made from, what was made of it, and who used it.
#include "../datasets.hpp"
#include "../verdict.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::cli {
extern const CommandSpec command_data_lineage;

namespace {

using registry::Dataset;
using registry::Lineage;

std::string node_line(const Dataset& set, std::size_t depth) {
  return cat(std::string(2 * depth, ' '), set.ref(), "  ", short_digest(set.digest), "  audit ", set.audit_status,
             "\n");
}

/// A set with its runs and what was made of it, indented.
void print_below(const Lineage& lineage, const Dataset& set, std::size_t depth, Output& output) {
  output.print(node_line(set, depth));
  const std::string indent(2 * depth + 2, ' ');
  for (const registry::RunRow& run : lineage.runs) {
    if (run.dataset_id != set.id) continue;
    output.print(cat(indent, "run ", shown(run.id), "  ", shown(run.state), "  ", shown(run.dir), "\n"));
    for (const registry::ModelRow& model : lineage.models)
      if (model.run_id == run.id)
        output.print(
            cat(indent, "  model ", shown(model.name), "@", shown(model.version), "  ", shown(model.stage), "\n"));
  }
  for (const Dataset& child : lineage.descendants)
    if (child.parent_id == set.id) print_below(lineage, child, depth + 1, output);
}

/// A text as a quoted identifier of the DOT language.
std::string dot_id(std::string_view text) {
  std::string out = "\"";
  for (const char c : to_valid_utf8(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + "\"";
}

std::string dot_of(const Lineage& lineage) {
  std::string out = "digraph lineage {\n  rankdir=LR;\n  node [shape=box];\n";
  const auto edge = [&](const std::string& from, const std::string& to) {
    out += cat("  ", dot_id(from), " -> ", dot_id(to), ";\n");
  };
  const auto node = [&](const Dataset& set) {
    out += cat("  ", dot_id(set.ref()), set.id == lineage.dataset.id ? " [style=bold]" : "", ";\n");
    if (!set.parent.empty()) edge(set.parent, set.ref());
  };
  for (auto set = lineage.ancestors.rbegin(); set != lineage.ancestors.rend(); ++set) node(*set);
  node(lineage.dataset);
  for (const Dataset& set : lineage.descendants) node(set);
  for (const registry::RunRow& run : lineage.runs) {
    const std::string name = cat("run ", run.id);
    out += cat("  ", dot_id(name), " [shape=ellipse];\n");
    if (run.dataset_id == lineage.dataset.id) edge(lineage.dataset.ref(), name);
    for (const Dataset& set : lineage.descendants)
      if (run.dataset_id == set.id) edge(set.ref(), name);
    for (const registry::ModelRow& model : lineage.models) {
      if (model.run_id != run.id) continue;
      const std::string label = cat("model ", model.name, "@", model.version);
      out += cat("  ", dot_id(label), " [shape=component];\n");
      edge(name, label);
    }
  }
  return out + "}\n";
}

Json list_json(const std::vector<Dataset>& sets) {
  Json out = Json::array();
  for (const Dataset& set : sets) out.push(dataset_json(set));
  return out;
}

ExitCode run(const Arguments& arguments, Output& output) {
  registry::Index index = open_registered();
  const Lineage lineage = index.lineage(index.get(arguments.text("DATASET")));
  if (arguments.flag("dot")) {
    output.print(dot_of(lineage));
  } else {
    std::size_t depth = 0;
    for (auto set = lineage.ancestors.rbegin(); set != lineage.ancestors.rend(); ++set)
      output.print(node_line(*set, depth++));
    // What is made of itself would be printed without end.
    if (!lineage.has_cycle) print_below(lineage, lineage.dataset, depth, output);
    else output.print(node_line(lineage.dataset, depth));
  }
  if (lineage.has_cycle)
    output.note("warning: the parents of this data set lead round in a circle: records were altered");
  Json runs = Json::array(), models = Json::array();
  for (const registry::RunRow& run : lineage.runs) {
    Json item = Json::object();
    const Json record = registry::to_json(run);
    for (const auto& [key, value] : record.members())
      if (key != "format_of_record") item.set(key, value);
    runs.push(std::move(item));
  }
  for (const registry::ModelRow& model : lineage.models)
    models.push(Json::object({{"id", model.id},
                              {"name", model.name},
                              {"version", model.version},
                              {"stage", model.stage},
                              {"run_id", model.run_id},
                              {"path", model.path}}));
  Json document = Json::object({{"success", true},
                                {"dataset", dataset_json(lineage.dataset)},
                                {"ancestors", list_json(lineage.ancestors)},
                                {"descendants", list_json(lineage.descendants)},
                                {"runs", std::move(runs)},
                                {"models", std::move(models)},
                                {"has_cycle", lineage.has_cycle}});
  if (arguments.flag("dot")) document.set("dot", dot_of(lineage));
  output.set_document(std::move(document));
  return ExitCode::ok;
}

constexpr OptionSpec kOptions[] = {
    kDatasetArgument,
    {.name = "dot", .kind = OptionKind::flag, .doc = "As a graph in the DOT language, for Graphviz."},
};

constexpr Example kExamples[] = {
    {"forgelm data lineage support-chats@1.1.0", "parents above, what was made of it and who used it below"},
    {"forgelm data lineage support-chats@1.1.0 --dot | dot -Tsvg > lineage.svg", "the same as a picture"},
};

constexpr ExitCode kExitCodes[] = {ExitCode::ok, ExitCode::config_error, ExitCode::run_error};

}  // namespace

const CommandSpec command_data_lineage = {
    .name = "data lineage",
    .summary = "Show what a data set was made from, and the runs and models that came of it",
    .details =
        "Follows parents up to the first, and down to everything that was made of the set; with the runs that trained "
        "on any of it and the models registered from these runs.",
    .options = kOptions,
    .examples = kExamples,
    .exit_codes = kExitCodes,
    .run = run,
};

}  // namespace forgelm::cli
