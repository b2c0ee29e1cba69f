#include "audit_fix.hpp"

#include "forgelm/core/progress.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::cli {
namespace {

std::string listed(const Counts& counts) {
  std::vector<std::string> parts;
  for (const auto& [name, count] : counts) parts.push_back(cat(name, "=", count));
  return join(parts, ", ");
}

std::string summary_of(const audit::FixResult& result) {
  std::string out = cat("Cleaned copy: ", result.folder.native(), "\n");
  for (const audit::FixedSplit& split : result.splits) {
    out += cat("  ", split.name, ": ", split.num_rows_written, " of ", split.num_rows_read, " row(s), ",
               split.num_rows_masked, " of them changed\n");
    if (!split.dropped.empty()) out += cat("     dropped: ", listed(split.dropped), "\n");
    if (!split.masked.empty()) out += cat("     masked : ", listed(split.masked), "\n");
  }
  return cat(out, "  ", result.num_changes, " change(s) listed in ", audit::kFixEvidenceFolder, "/",
             audit::kFixChangesName, "\n");
}

}  // namespace

std::optional<audit::FixRules> fix_rules_of(const Arguments& arguments) {
  const std::vector<std::string> given = arguments.texts("fix-rule");
  const auto folder = arguments.maybe_text("fix");
  if (!folder) {
    if (!given.empty()) throw UsageError("audit", "--fix-rule says how --fix cleans", "name the copy: --fix DIR");
    return std::nullopt;
  }
  audit::FixRules rules;
  for (const std::string& rule : given) rules.set(rule);
  audit::require_fix_target(arguments.path("INPUT"), *folder);
  return rules;
}

audit::FixResult write_fixed_copy(const audit::AuditOptions& options, const audit::AuditReport& report,
                                  const audit::FixRules& rules, const Arguments& arguments, Output& output) {
  Progress progress({.label = "clean", .unit = "byte", .is_bytes = true});
  audit::FixResult result =
      audit::fix_data(options, report, rules, arguments.path("fix"),
                      [&](std::uint64_t done, std::uint64_t) { progress.update(static_cast<std::int64_t>(done)); });
  output.print(summary_of(result));
  output.flush();
  return result;
}

Json fix_json(const audit::FixResult& result, bool allows_secrets, bool allows_pii) {
  Json splits = Json::object();
  for (const audit::FixedSplit& split : result.splits)
    splits.set(split.name, Json::object({{"file", split.file},
                                         {"sha256", split.sha256},
                                         {"rows_read", split.num_rows_read},
                                         {"rows_written", split.num_rows_written},
                                         {"rows_masked", split.num_rows_masked},
                                         {"rows_dropped", to_object(split.dropped)},
                                         {"places_masked", to_object(split.masked)}}));
  return Json::object({{"folder", result.folder.native()},
                       {"splits", std::move(splits)},
                       {"changes", result.num_changes},
                       {"secrets_gate", gate_json(result.cleaned.secrets_gate, "allow_secrets", allows_secrets)},
                       {"pii_gate", gate_json(result.cleaned.pii_gate, "allow_pii", allows_pii)}});
}

Json gate_json(const audit::Gate& gate, std::string_view allowed_key, bool is_allowed) {
  return Json::object({{"status", !gate.has_failed ? "passed"
                                  : is_allowed     ? "suppressed"
                                                   : "failed"},
                       {"severity", gate.has_failed ? Json("critical") : Json()},
                       {"critical_total", total_of(gate.critical)},
                       {"critical_types", to_object(gate.critical)},
                       {"advisory_total", total_of(gate.advisory)},
                       {"advisory_types", to_object(gate.advisory)},
                       {std::string(allowed_key), is_allowed}});
}

}  // namespace forgelm::cli
