#include "decision.hpp"

#include <filesystem>

#include "forgelm/compliance/audit_log.hpp"
#include "forgelm/compliance/bundle.hpp"
#include "forgelm/config/load.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::cli {
namespace {

namespace fs = std::filesystem;

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
    {.name = "config",
     .kind = OptionKind::path,
     .doc =
         "The job file: its compliance.audit_key and compliance.anchor_path then cover the decision's entry too, and "
         "its webhook is told. Without it the receiver is the one of webhook.url_env, as the run recorded it.",
     .value_name = "JOB"},
    {.name = "comment", .kind = OptionKind::text, .doc = "Why, for the audit log.", .value_name = "TEXT"},
};

constexpr ExitCode kExitCodes[] = {ExitCode::ok, ExitCode::config_error, ExitCode::run_error,
                                   ExitCode::integrity_failure};

/// The receiver that the run's bundle names, without its address: that is in a variable of the environment.
std::optional<config::WebhookSection> recorded_receiver(const fs::path& run_folder) {
  const auto text = read_file_if_exists(run_folder / compliance::kBundleFolder / compliance::kReportFile);
  const auto report = text ? parse_json(*text) : Result<Json>(Failure{});
  const Json* recorded = report ? report->find("webhook_config") : nullptr;
  if (recorded == nullptr || recorded->kind() != Json::Kind::object) return std::nullopt;
  config::WebhookSection section;
  const auto take = [&](const char* key, Json::Kind kind, const auto& how) {
    if (const Json* value = recorded->find(key); value != nullptr && value->kind() == kind) how(*value);
  };
  take("url_env", Json::Kind::text, [&](const Json& value) { section.url_env = value.text(); });
  take("notify_on_success", Json::Kind::boolean,
       [&](const Json& value) { section.notify_on_success = value.boolean(); });
  take("notify_on_failure", Json::Kind::boolean,
       [&](const Json& value) { section.notify_on_failure = value.boolean(); });
  take("timeout", Json::Kind::integer, [&](const Json& value) { section.timeout = value.integer(); });
  take("allow_private_destinations", Json::Kind::boolean,
       [&](const Json& value) { section.allow_private_destinations = value.boolean(); });
  take("require_https", Json::Kind::boolean, [&](const Json& value) { section.require_https = value.boolean(); });
  take("tls_ca_bundle", Json::Kind::text, [&](const Json& value) { section.tls_ca_bundle = value.text(); });
  return section.url_env ? std::optional(section) : std::nullopt;
}

}  // namespace

std::span<const OptionSpec> decision_options() { return kOptions; }
std::span<const ExitCode> decision_exit_codes() { return kExitCodes; }

DecisionCommand::DecisionCommand(const Arguments& arguments) {
  request_.run_folder = arguments.text("output-dir");
  request_.run_id = arguments.text("RUN_ID");
  request_.comment = arguments.maybe_text("comment").value_or("");
  const auto file = arguments.maybe_text("config");
  if (!file) {
    receiver_ = recorded_receiver(request_.run_folder);
    return;
  }
  const config::LoadedJob loaded = config::load_job(*file);
  if (!loaded.ok()) throw ConfigError(loaded.diagnostics);
  receiver_ = loaded.job.webhook;
  if (!loaded.job.compliance) return;
  if (loaded.job.compliance->audit_key)
    request_.audit_key = PrivateKey::from_pem_file(*loaded.job.compliance->audit_key);
  if (loaded.job.compliance->anchor_path) request_.anchor_path = *loaded.job.compliance->anchor_path;
}

ExitCode DecisionCommand::tell_distrust(const compliance::Decision& decision, Output& output) const {
  output.set_document(Json::object({{"success", false},
                                    {"error", decision.integrity_failure},
                                    {"run_id", request_.run_id},
                                    {"findings", Json::array_of(decision.findings)},
                                    {"exit_code", static_cast<int>(ExitCode::integrity_failure)}}));
  if (!output.is_json()) {
    for (const std::string& finding : decision.findings) output.print(cat("  ", finding, "\n"));
    output.flush();
    Output::complain(decision.integrity_failure, "nothing was decided; find out who changed it");
  }
  return ExitCode::integrity_failure;
}

std::string DecisionCommand::run_name() const {
  const fs::path folder = fs::absolute(request_.run_folder).lexically_normal();
  return (folder.has_filename() ? folder : folder.parent_path()).filename().native();
}

compliance::WebhookNotifier DecisionCommand::notifier() const {
  compliance::WebhookNotifier notifier(receiver_);
  notifier.attach_checkpoint_of(request_.run_folder / compliance::kAuditLogName);
  return notifier;
}

void DecisionCommand::notify_approved(const compliance::Decision& decision) const {
  notifier().training_succeeded(run_name(), decision.metrics);
}

void DecisionCommand::notify_rejected() const {
  const std::string_view event = "human_approval.rejected";
  notifier().training_failed(run_name(),
                             request_.comment.empty() ? std::string(event) : cat(event, ": ", request_.comment));
}

}  // namespace forgelm::cli
