// Decisions in this order: hold the lock, verify the log, find the request, look at the folders, hash the staged files,
// record, move. Everything that can refuse stands before the record; the record stands before the move.
#include "forgelm/compliance/approval.hpp"

#include <algorithm>
#include <system_error>

#include "approval_events.hpp"
#include "forgelm/compliance/audit_identity.hpp"
#include "forgelm/compliance/audit_log.hpp"
#include "forgelm/compliance/audit_verify.hpp"
#include "forgelm/compliance/model_integrity.hpp"
#include "forgelm/core/env.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/json_members.hpp"
#include "forgelm/core/lock.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"
#include "promote_model.hpp"

namespace forgelm::compliance {
namespace {

namespace fs = std::filesystem;

constexpr Logger logger("forgelm.approval");
constexpr int kLockTimeoutMs = 60'000;
constexpr std::string_view kStaging = ".staging";

fs::path log_of(const fs::path& run_folder) { return run_folder / kAuditLogName; }

bool is_there(const fs::path& path) { return fs::exists(fs::symlink_status(path)); }
bool is_folder(const fs::path& path) { return fs::is_directory(fs::symlink_status(path)); }

std::optional<double> age_of(const Json& requested_at) {
  if (requested_at.kind() != Json::Kind::text) return std::nullopt;
  const auto time = parse_iso_time(requested_at.text());
  if (!time) return std::nullopt;
  return static_cast<double>(environment().utc_now().microseconds - time->microseconds) * 1e-6;
}

Json member(const Json& entry, std::string_view key) {
  const Json* value = entry.find(key);
  return value == nullptr ? Json() : *value;
}

/// "alice" and "alice@host" are one person: the reference names operators with their host and approvers without.
bool is_same_person(std::string_view one, std::string_view other) {
  if (one == other) return true;
  const auto is_at_a_host = [](std::string_view with_host, std::string_view name) {
    return with_host.size() > name.size() && with_host.starts_with(name) && with_host[name.size()] == '@';
  };
  return is_at_a_host(one, other) || is_at_a_host(other, one);
}

/// One decision about one run.
class Case {
 public:
  explicit Case(const DecisionRequest& request) : request_(request) {}

  Decision approve() {
    if (!is_trusted()) return decision_;
    find_request();
    if (const ApprovalEvent* earlier = events_.decision(request_.run_id)) return finish_granted(*earlier);
    require_staged();
    require_free_place();
    require_approver();
    if (!is_intact(decision_.staging)) return decision_;
    decision_.strategy = is_rename(decision_.staging, decision_.final_model) ? "rename" : "move";
    record("human_approval.granted", {"promote_strategy", decision_.strategy});
    promote_model(decision_.staging, decision_.final_model);
    return decision_;
  }

  Decision reject() {
    if (!is_trusted()) return decision_;
    find_request();
    if (const ApprovalEvent* earlier = events_.decision(request_.run_id)) throw decided(*earlier);
    require_staged();
    require_approver();
    record("human_approval.rejected", {"staging_path", decision_.staging.native()});
    return decision_;
  }

 private:
  /// The log as it is says what happened. Its last line may be a write that a crash interrupted; recording mends that.
  bool is_trusted() {
    const fs::path log = log_of(request_.run_folder);
    if (!fs::is_regular_file(fs::symlink_status(log))) throw no_request();
    AuditVerifyOptions options;
    options.secret = environment().variable("FORGELM_AUDIT_SECRET");
    if (options.secret && options.secret->empty()) options.secret.reset();
    if (request_.audit_key) options.key = request_.audit_key->public_key();
    const AuditVerification found = verify_audit_file(log, options);
    if (found.verdict != AuditVerdict::intact && found.verdict != AuditVerdict::torn_tail) {
      decision_.integrity_failure = cat("the audit log ", log.native(), " is not what was recorded (",
                                        to_text(found.verdict), "): nothing is decided on its word");
      decision_.findings = found.errors;
      return false;
    }
    std::string text = read_file(log);
    text.resize(std::min<std::size_t>(text.size(), text.rfind('\n') + 1));
    events_ = read_approval_events(text);
    return true;
  }

  ConfigError no_request() const {
    return ConfigError(
        cat("the audit log ", log_of(request_.run_folder).native(), " has no human_approval.required of run ",
            quote(request_.run_id)),
        cat("see what waits with: forgelm approvals --pending --output-dir ", request_.run_folder.native()));
  }

  ConfigError decided(const ApprovalEvent& earlier) const {
    return ConfigError(cat("run ", quote(request_.run_id), " has been decided: ", earlier.name, " by ",
                           quote(text_at(earlier.entry, "approver")), " at ", text_at(earlier.entry, "timestamp")),
                       "a decision is taken once");
  }

  void find_request() {
    const ApprovalEvent* request = events_.last_request(request_.run_id);
    if (request == nullptr) throw no_request();
    asked_ = request->entry;
    const auto staging = staging_inside(request_.run_folder, asked_);
    if (!staging)
      throw ConfigError(cat("the request names a staging folder that is not inside ", request_.run_folder.native(),
                            ": ", quote(text_at(asked_, "staging_path"))),
                        "name the run's own folder with --output-dir, where it stood when the run asked");
    decision_.staging = *staging;
    const std::string& path = decision_.staging.native();
    const std::size_t at = path.rfind(kStaging);
    if (at == std::string::npos || path.find('/', at) != std::string::npos)
      throw ConfigError(cat("the request names no staging folder: ", quote(path)));
    decision_.final_model = path.substr(0, at);
    if (const Json* metrics = asked_.find("metrics"); metrics != nullptr && metrics->kind() == Json::Kind::object)
      decision_.metrics = *metrics;
  }

  void require_staged() const {
    if (is_folder(decision_.staging)) return;
    throw ConfigError(cat("there is no staged model at ", decision_.staging.native()),
                      "it was moved or removed, and without it there is nothing to decide");
  }

  void require_free_place() const {
    if (is_there(decision_.final_model))
      throw ConfigError(cat("something stands at the model's place already: ", decision_.final_model.native()),
                        "move or remove it first");
  }

  void require_approver() {
    decision_.approver = audit_approver();
    const Json* four_eyes = asked_.find("four_eyes");
    if (four_eyes == nullptr || *four_eyes != Json(true)) return;
    const std::string operator_name = text_at(asked_, "operator");
    if (is_same_person(decision_.approver, operator_name))
      throw ConfigError(
          cat("the run asks for four eyes, and ", quote(decision_.approver), " is its operator (", operator_name, ")"),
          "let somebody else decide (evaluation.four_eyes)");
  }

  /// The folder's files are those of its manifest, and the manifest is the one of the request.
  bool is_intact(const fs::path& folder) {
    const auto fail = [&](std::string why) {
      decision_.integrity_failure = std::move(why);
      return false;
    };
    const auto manifest = read_file_if_exists(folder / kModelIntegrityFile);
    if (!manifest) return fail(cat(folder.native(), " has no ", kModelIntegrityFile, " to compare its files with"));
    const std::string expected = text_at(asked_, "integrity_sha256");
    if (!expected.empty() && sha256_hex(*manifest) != expected)
      return fail(cat(kModelIntegrityFile, " in ", folder.native(), " is not the one that the run recorded"));
    try {
      const IntegrityReport report = verify_model_integrity(folder);
      if (report.verdict == IntegrityVerdict::intact) return true;
      for (const auto& [what, names] : {std::pair("changed", &report.changed), std::pair("removed", &report.removed),
                                        std::pair("added", &report.added)})
        for (const std::string& name : *names) decision_.findings.push_back(cat(what, ": ", quote(name)));
      return fail(
          cat("the staged model in ", folder.native(), " is not the one that passed the gates: ", report.reason));
    } catch (const ConfigError& error) {
      return fail(error.what());
    }
  }

  void record(const char* event, Json::Member last) {
    AuditLogOptions options;
    options.directory = request_.run_folder;
    options.run_id = request_.run_id;
    options.anchor_path = request_.anchor_path;
    options.key = request_.audit_key;
    AuditLog log(std::move(options));
    Json details = Json::object({{"gate", "final_model"},
                                 {"run_id", request_.run_id},
                                 {"approver", decision_.approver},
                                 {"comment", request_.comment}});
    details.set(std::move(last.first), std::move(last.second));
    log.record({event, std::move(details)});
  }

  /// Granted, and whoever granted it was stopped before the model was in its place.
  Decision finish_granted(const ApprovalEvent& earlier) {
    const bool is_granted = earlier.name == "human_approval.granted";
    if (!is_granted || !is_folder(decision_.staging)) throw decided(earlier);
    const bool is_copied = is_folder(decision_.final_model);
    if (!is_copied) require_free_place();
    decision_.approver = text_at(earlier.entry, "approver");
    decision_.strategy = text_at(earlier.entry, "promote_strategy");
    decision_.was_granted_before = true;
    if (!is_intact(is_copied ? decision_.final_model : decision_.staging)) return decision_;
    promote_model(decision_.staging, decision_.final_model, is_copied);
    return decision_;
  }

  const DecisionRequest& request_;
  ApprovalEvents events_;
  Json asked_;  ///< the request's entry in the log
  Decision decision_;
};

template <class Decide>
Decision decide(const DecisionRequest& request, const Decide& how) {
  std::error_code ignored;
  std::optional<FileLock> lock;  // a folder that is not there has no log either, and is not made
  if (fs::is_directory(request.run_folder, ignored))
    lock.emplace(FileLock::acquire(request.run_folder / kApprovalLock, kLockTimeoutMs));
  Case one(request);
  return how(one);
}

}  // namespace

const char* to_string(ApprovalStatus status) noexcept {
  switch (status) {
    case ApprovalStatus::unknown: return "unknown";
    case ApprovalStatus::pending: return "pending";
    case ApprovalStatus::granted: return "granted";
    case ApprovalStatus::rejected: return "rejected";
  }
  return "unknown";
}

std::vector<PendingApproval> pending_approvals(const fs::path& run_folder) {
  const auto text = read_file_if_exists(log_of(run_folder));
  if (!text) return {};
  const ApprovalEvents log = read_approval_events(*text);
  if (!log.first_bad_line.empty())
    logger.warning(log_of(run_folder).native(), ": ", log.first_bad_line, "; such lines are skipped");
  std::vector<const ApprovalEvent*> requests;
  for (const ApprovalEvent& event : log.events)
    if (log.last_request(event.run_id) == &event && log.decision(event.run_id) == nullptr) requests.push_back(&event);
  std::sort(requests.begin(), requests.end(), [](const ApprovalEvent* a, const ApprovalEvent* b) {
    return std::pair(text_at(a->entry, "timestamp"), a->line) > std::pair(text_at(b->entry, "timestamp"), b->line);
  });
  std::vector<PendingApproval> out;
  for (const ApprovalEvent* request : requests) {
    PendingApproval one;
    one.run_id = request->run_id;
    one.staging = staging_inside(run_folder, request->entry);
    one.is_staged = one.staging && is_folder(*one.staging);
    one.requested_at = member(request->entry, "timestamp");
    one.age_seconds = age_of(one.requested_at);
    one.metrics = member(request->entry, "metrics");
    if (one.metrics.is_null()) one.metrics = Json::object();
    one.config_hash = member(request->entry, "config_hash");
    one.reason = member(request->entry, "reason");
    out.push_back(std::move(one));
  }
  return out;
}

bool has_asked_for_approval(const fs::path& run_folder, const std::string& run_id) {
  const auto text = read_file_if_exists(log_of(run_folder));
  return !text || read_approval_events(*text).last_request(run_id) != nullptr;
}

ApprovalHistory approval_history(const fs::path& run_folder, const std::string& run_id) {
  const auto text = read_file_if_exists(log_of(run_folder));
  if (!text)
    throw ConfigError(cat("there is no audit log at ", log_of(run_folder).native()),
                      "name the run's folder with --output-dir");
  const ApprovalEvents log = read_approval_events(*text);
  ApprovalHistory out;
  for (const ApprovalEvent& event : log.events)
    if (event.run_id == run_id) out.chain.push_back(event.entry);
  if (out.chain.empty())
    throw ConfigError(cat(log_of(run_folder).native(), " has no approval event of run ", quote(run_id)));
  out.corruption = log.first_bad_line;
  const ApprovalEvent* request = log.last_request(run_id);
  const ApprovalEvent* decision = log.decision(run_id);
  if (decision != nullptr)
    out.status = decision->name == "human_approval.granted" ? ApprovalStatus::granted : ApprovalStatus::rejected;
  else out.status = ApprovalStatus::pending;
  if (request == nullptr) return out;
  const auto staging = staging_inside(run_folder, request->entry);
  if (!staging || !is_folder(*staging)) return out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(*staging, error))
    out.staging_contents.push_back(entry.path().filename().native());
  std::sort(out.staging_contents.begin(), out.staging_contents.end());
  return out;
}

Decision approve(const DecisionRequest& request) {
  return decide(request, [](Case& one) { return one.approve(); });
}

Decision reject(const DecisionRequest& request) {
  return decide(request, [](Case& one) { return one.reject(); });
}

}  // namespace forgelm::compliance
