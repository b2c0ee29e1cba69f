#include "decision.hpp"

#include "forgelm/core/text.hpp"

namespace forgelm::cli {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "RUN_ID",
     .kind = OptionKind::text,
     .doc = "The run, as `forgelm approvals --pending` shows it.",
     .is_positional = true,
     .is_required = true},
    {.name = "output-dir",
     .kind = OptionKind::path,
     .doc = "The run's folder: training.output_dir of its job.",
     .value_name = "DIR",
     .is_required = true},
    {.name = "comment", .kind = OptionKind::text, .doc = "Why, for the audit log.", .value_name = "TEXT"},
};

constexpr ExitCode kExitCodes[] = {ExitCode::ok, ExitCode::config_error, ExitCode::run_error,
                                   ExitCode::integrity_failure};

}  // namespace

std::span<const OptionSpec> decision_options() { return kOptions; }
std::span<const ExitCode> decision_exit_codes() { return kExitCodes; }

compliance::DecisionRequest decision_request(const Arguments& arguments) {
  compliance::DecisionRequest request;
  request.run_folder = arguments.text("output-dir");
  request.run_id = arguments.text("RUN_ID");
  request.comment = arguments.maybe_text("comment").value_or("");
  return request;
}

ExitCode tell_distrust(const compliance::Decision& decision, const compliance::DecisionRequest& request,
                       Output& output) {
  output.set_document(Json::object({{"success", false},
                                    {"error", decision.integrity_failure},
                                    {"run_id", request.run_id},
                                    {"findings", Json::array_of(decision.findings)},
                                    {"exit_code", static_cast<int>(ExitCode::integrity_failure)}}));
  if (!output.is_json()) {
    for (const std::string& finding : decision.findings) output.print(cat("  ", finding, "\n"));
    output.flush();
    Output::complain(decision.integrity_failure, "nothing was decided; find out who changed it");
  }
  return ExitCode::integrity_failure;
}

}  // namespace forgelm::cli
