// The exit codes of `forgelm`: the interface that CI steps and schedulers rely on. This header alone owns them.
#pragma once

#include <span>
#include <string_view>

namespace forgelm {

enum class ExitCode : int {
  ok = 0,
  config_error = 1,
  run_error = 2,
  gate_failed = 3,
  awaiting_approval = 4,
  wizard_cancelled = 5,
  integrity_failure = 6,
  interrupted = 7,
};

struct ExitCodeInfo {
  ExitCode code;
  std::string_view name;     ///< as in JSON output: "gate_failed"
  std::string_view meaning;  ///< one line for help and man pages
};

/// All exit codes in numeric order; help, man pages and the documentation are made from this.
std::span<const ExitCodeInfo> exit_codes();

}  // namespace forgelm
