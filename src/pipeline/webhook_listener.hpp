// A run's notices to the receiver that its job names (forgelm/compliance/webhook.hpp).
#pragma once

#include <string>

#include "forgelm/compliance/webhook.hpp"
#include "forgelm/config/job.hpp"
#include "forgelm/pipeline/run.hpp"

namespace forgelm::pipeline {

class WebhookListener final : public RunListener {
 public:
  explicit WebhookListener(const config::JobConfig& job);

  void on_started(const std::string& run_id) override;
  /// An interrupted run tells nobody: whoever interrupted it knows.
  void on_ended(const RunResult& result) override;
  void on_failed(const std::string& run_id, const std::string& what) override;

  /// What became of each notice, for the run's record: a list.
  Json notices() const;
  std::size_t num_notices() const noexcept { return notifier_.deliveries().size(); }

 private:
  std::string run_name_;
  compliance::WebhookNotifier notifier_;
};

}  // namespace forgelm::pipeline
