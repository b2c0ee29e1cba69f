#include "forgelm/core/exit_code.hpp"

namespace forgelm {

std::span<const ExitCodeInfo> exit_codes() {
  static constexpr ExitCodeInfo codes[] = {
      {ExitCode::ok, "ok", "success"},
      {ExitCode::config_error, "config_error", "the job, its files or the command line are wrong; nothing was done"},
      {ExitCode::run_error, "run_error", "something broke while running"},
      {ExitCode::gate_failed, "gate_failed", "a gate judged the result and refused it"},
      {ExitCode::awaiting_approval, "awaiting_approval", "the result is staged and waits for a person's approval"},
      {ExitCode::wizard_cancelled, "wizard_cancelled", "the wizard was cancelled"},
      {ExitCode::integrity_failure, "integrity_failure", "a verifier found a record or an artefact changed"},
      {ExitCode::interrupted, "interrupted", "stopped by a signal with a checkpoint saved; resume with --resume"},
  };
  return codes;
}

}  // namespace forgelm
