// `forgelm approvals`: which runs wait for a person, and what was decided about one.
#include <cmath>

#include "../verdict.hpp"
#include "forgelm/cli/command.hpp"
#include "forgelm/compliance/approval.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::cli {
extern const CommandSpec command_approvals;

namespace {

using compliance::ApprovalHistory;
using compliance::PendingApproval;

/// "unknown", "12s", "5m", "3h 20m", "2d", as the reference has it.
std::string age_text(const std::optional<double>& seconds) {
  if (!seconds) return "unknown";
  const auto whole = static_cast<std::int64_t>(*seconds);
  if (*seconds < 60) return cat(whole, "s");
  if (*seconds < 3600) return cat(whole / 60, "m");
  if (*seconds >= 86400) return cat(whole / 86400, "d");
  const std::int64_t minutes = whole % 3600 / 60;
  return minutes > 0 ? cat(whole / 3600, "h ", minutes, "m") : cat(whole / 3600, "h");
}

std::string text_or(const Json& value, std::string_view otherwise) {
  return value.kind() == Json::Kind::text ? shown(value.text()) : std::string(otherwise);
}

Json to_json(const PendingApproval& one) {
  return Json::object({{"run_id", one.run_id},
                       {"staging_path", one.staging ? Json(one.staging->native()) : Json()},
                       {"staging_exists", one.is_staged},
                       {"requested_at", one.requested_at},
                       {"age_seconds", one.age_seconds ? Json(*one.age_seconds) : Json()},
                       {"metrics", one.metrics},
                       {"config_hash", one.config_hash},
                       {"reason", one.reason}});
}

ExitCode list_pending(const std::string& folder, Output& output) {
  const auto pending = compliance::pending_approvals(folder);
  Json list = Json::array();
  for (const PendingApproval& one : pending) {
    list.push(to_json(one));
    output.print(cat(shown(one.run_id), "  waits for ", age_text(one.age_seconds), ", since ",
                     text_or(one.requested_at, "an unknown time"), "\n  ",
                     one.is_staged ? one.staging->native() : std::string("its staged model is not there"), "\n"));
  }
  const std::size_t count = pending.size();
  output.print(count == 0 ? cat("nothing waits for approval in ", folder, "\n")
                          : cat(count, count == 1 ? " run waits" : " runs wait", " for approval\n"));
  output.set_document(Json::object({{"success", true}, {"pending", std::move(list)}, {"count", count}}));
  return ExitCode::ok;
}

ExitCode show(const std::string& folder, const std::string& run_id, Output& output) {
  const ApprovalHistory history = compliance::approval_history(folder, run_id);
  Json document = Json::object({{"success", true},
                                {"run_id", run_id},
                                {"status", compliance::to_string(history.status)},
                                {"chain", Json::array_of(history.chain)},
                                {"staging_contents", Json::array_of(history.staging_contents)}});
  if (!history.corruption.empty())
    document.set("corrupted", true).set("corruption_detail", cat("audit log corrupted at ", history.corruption));
  output.set_document(std::move(document));
  output.print(cat("run ", run_id, ": ", compliance::to_string(history.status), "\n"));
  if (!history.corruption.empty())
    output.print(cat("the audit log cannot be read whole (", history.corruption,
                     "): do not rely on this; approve and reject will refuse\n"));
  for (const Json& event : history.chain) {
    const auto member = [&](std::string_view key) {
      const Json* value = event.find(key);
      return value == nullptr ? std::string() : text_or(*value, "");
    };
    const std::string approver = member("approver"), reason = member("reason"), comment = member("comment");
    output.print(cat("  ", member("timestamp"), "  ", member("event"), approver.empty() ? "" : cat(" by ", approver),
                     reason.empty() ? "" : cat(": ", reason), comment.empty() ? "" : cat(" (", comment, ")"), "\n"));
  }
  output.print(history.staging_contents.empty() ? "nothing is staged\n" : "staged:\n");
  for (const std::string& name : history.staging_contents) output.print(cat("  ", shown(name), "\n"));
  return ExitCode::ok;
}

ExitCode run(const Arguments& arguments, Output& output) {
  const std::string folder = arguments.text("output-dir");
  const auto run_id = arguments.maybe_text("show");
  return run_id ? show(folder, *run_id, output) : list_pending(folder, output);
}

constexpr OptionSpec kOptions[] = {
    {.name = "pending", .doc = "List the runs that wait, newest first.", .is_required = true, .one_of = "what"},
    {.name = "show",
     .kind = OptionKind::text,
     .doc = "What was asked and decided about one run, and what is staged.",
     .value_name = "RUN_ID",
     .is_required = true,
     .one_of = "what"},
    {.name = "output-dir",
     .kind = OptionKind::path,
     .doc = "The runs' folder: training.output_dir of their job.",
     .value_name = "DIR",
     .is_required = true},
};

constexpr Example kExamples[] = {
    {"forgelm approvals --pending --output-dir out", "which runs wait for a decision"},
    {"forgelm approvals --show fg-0123456789ab --output-dir out", "what was asked and decided about one"},
};

constexpr ExitCode kExitCodes[] = {ExitCode::ok, ExitCode::config_error, ExitCode::run_error};

}  // namespace

const CommandSpec command_approvals = {
    .name = "approvals",
    .summary = "Show which staged models wait for approval, and what was decided",
    .details =
        "Reads the audit log of a run's folder and changes nothing. A run waits when its last human_approval.required "
        "stands after its last decision.",
    .options = kOptions,
    .examples = kExamples,
    .exit_codes = kExitCodes,
    .run = run,
};

}  // namespace forgelm::cli
