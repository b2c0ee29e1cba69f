// `forgelm reject`: a staged model is refused by a person. It stays where it is, for whoever has to look at it.
#include "../decision.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::cli {
extern const CommandSpec command_reject;

namespace {

ExitCode run(const Arguments& arguments, Output& output) {
  const DecisionCommand command(arguments);
  const auto& request = command.request();
  const auto decision = compliance::reject(request);
  if (!decision.integrity_failure.empty()) return command.tell_distrust(decision, output);
  command.notify_rejected();
  output.set_document(Json::object({{"success", true},
                                    {"run_id", request.run_id},
                                    {"approver", decision.approver},
                                    {"staging_path", decision.staging.native()},
                                    {"comment", request.comment}}));
  output.print(cat("rejected ", request.run_id, " as ", decision.approver, "; the model stays in ",
                   decision.staging.native(), "\n"));
  return ExitCode::ok;
}

constexpr Example kExamples[] = {
    {"forgelm reject fg-0123456789ab --output-dir out --comment 'answers questions about persons'",
     "the audit log says who refused it and why"},
};

}  // namespace

const CommandSpec command_reject = {
    .name = "reject",
    .summary = "Reject a run's staged model: it stays staged, and the record says so",
    .details =
        "The audit log is verified first; a log that does not hold exits 6. A run is decided once. The staged model "
        "is removed with `forgelm purge`.",
    .options = decision_options(),
    .examples = kExamples,
    .exit_codes = decision_exit_codes(),
    .run = run,
};

}  // namespace forgelm::cli
