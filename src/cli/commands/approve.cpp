// `forgelm approve`: a staged model takes its place on a person's word.
#include "../decision.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::cli {
extern const CommandSpec command_approve;

namespace {

ExitCode run(const Arguments& arguments, Output& output) {
  const DecisionCommand command(arguments);
  const auto& request = command.request();
  const auto decision = compliance::approve(request);
  if (!decision.integrity_failure.empty()) return command.tell_distrust(decision, output);
  command.notify_approved(decision);
  output.set_document(Json::object({{"success", true},
                                    {"run_id", request.run_id},
                                    {"approver", decision.approver},
                                    {"final_model_path", decision.final_model.native()},
                                    {"promote_strategy", decision.strategy},
                                    {"was_granted_before", decision.was_granted_before}}));
  output.print(cat("approved ", request.run_id, " as ", decision.approver,
                   decision.was_granted_before ? " had decided before" : "", "; the model is in ",
                   decision.final_model.native(), "\n"));
  return ExitCode::ok;
}

constexpr Example kExamples[] = {
    {"forgelm approve fg-0123456789ab --output-dir out --comment 'reviewed by the model board'",
     "the model takes its place, and the audit log says who let it"},
};

}  // namespace

const CommandSpec command_approve = {
    .name = "approve",
    .summary = "Approve a run's staged model: it takes its place",
    .details =
        "A run with evaluation.require_human_approval stages its model and exits 4. Before anything is decided, the "
        "audit log is verified and the staged files are hashed again; what does not hold exits 6, and nothing is "
        "changed.\n\nThe decision is recorded first and the model moved then. A command that was stopped in between "
        "leaves the model granted and staged; the same command again ends it.",
    .options = decision_options(),
    .examples = kExamples,
    .exit_codes = decision_exit_codes(),
    .run = run,
};

}  // namespace forgelm::cli
