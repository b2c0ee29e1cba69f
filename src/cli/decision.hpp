// What `forgelm approve` and `forgelm reject` have in common: their options, what the job adds to a decision (the keys
// of the log's checkpoint, the receiver of notices), and how a decision that was not taken is told.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "forgelm/cli/command.hpp"
#include "forgelm/compliance/approval.hpp"
#include "forgelm/compliance/webhook.hpp"
#include "forgelm/config/job.hpp"

namespace forgelm::cli {

std::span<const OptionSpec> decision_options();
std::span<const ExitCode> decision_exit_codes();

/// A decision on the command line, with what its job adds: --config, or what the run wrote of its receiver.
class DecisionCommand {
 public:
  explicit DecisionCommand(const Arguments& arguments);

  const compliance::DecisionRequest& request() const noexcept { return request_; }
  /// Tells that the record or the staged files cannot be trusted.
  ExitCode tell_distrust(const compliance::Decision& decision, Output& output) const;
  /// A notice to the job's receiver, as the reference gives it; never fails.
  void notify_approved(const compliance::Decision& decision) const;
  void notify_rejected() const;

 private:
  std::string run_name() const;
  compliance::WebhookNotifier notifier() const;

  compliance::DecisionRequest request_;
  std::optional<config::WebhookSection> receiver_;
};

}  // namespace forgelm::cli
