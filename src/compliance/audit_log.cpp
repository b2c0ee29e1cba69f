#include "forgelm/compliance/audit_log.hpp"

#include <algorithm>
#include <array>

#include "audit_line.hpp"
#include "forgelm/compliance/audit_events.hpp"
#include "forgelm/compliance/audit_identity.hpp"
#include "forgelm/compliance/checkpoint.hpp"
#include "forgelm/core/env.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/os_error.hpp"
#include "forgelm/core/redact.hpp"
#include "genesis_manifest.hpp"
#include "log_state.hpp"

namespace forgelm::compliance {
namespace {

namespace fs = std::filesystem;

constexpr Logger logger("forgelm.compliance");
constexpr std::size_t kMinSecretLength = 16;
constexpr std::size_t kTornDigits = 8;
constexpr std::array kEnvelopeKeys = {"timestamp", "operator", "event", "prev_hash", "seq", "_hmac"};
constexpr const char* kRerootVariable = "FORGELM_ALLOW_AUDIT_REROOT";

bool may_reroot() { return environment().variable(kRerootVariable) == "1"; }

std::string trouble_message(const fs::path& path, const LogState::Trouble& trouble) {
  return cat("the audit log ", path.native(), " must not go on: ", trouble.detail);
}

constexpr const char* kTroubleHint =
    "forgelm verify-audit says what can still be relied on; restore the log and the files beside it, or set "
    "FORGELM_ALLOW_AUDIT_REROOT=1 to go on from what is there, which the log then records";

/// Bytes that a crash left behind the last line are kept here from before they are cut off until an entry names them.
fs::path pending_torn_path(const fs::path& log_path) { return log_path.native() + ".torn"; }

std::string read_secret() {
  std::string secret = environment().variable("FORGELM_AUDIT_SECRET").value_or("");
  if (secret.empty()) return secret;
  register_secret(secret);
  if (num_code_points(secret) < kMinSecretLength)
    logger.warning("FORGELM_AUDIT_SECRET is shorter than ", kMinSecretLength,
                   " characters: who guesses it can forge entries; use 32 random bytes or more");
  return secret;
}

/// Whether something stands at the path; RunError when that cannot be told.
bool is_there(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::none) throw os_error("look at", path.native(), error.value());
  return fs::exists(status);
}

void make_directory(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw os_error("make the directory", path.native(), error.value());
}

void check_event(const AuditEvent& event) {
  if (find_audit_event(event.name) == nullptr)
    throw RunError(RunErrorKind::internal, cat(quote(event.name), " is not an event of the audit log"),
                   "the events stand in forgelm/compliance/audit_events.hpp");
  if (event.details.kind() != Json::Kind::object && !event.details.is_null())
    throw RunError(RunErrorKind::internal, cat("the details of ", event.name, " are no object"));
  for (const char* key : kEnvelopeKeys)
    if (event.details.find(key) != nullptr)
      throw RunError(RunErrorKind::internal,
                     cat("a detail of ", event.name, " has the name of an envelope key: ", key));
}

}  // namespace

/// The locked log and where it stands.
struct AuditLog::State {
  AppendFile file;
  LogState log;
};

std::string audit_hmac(std::string_view secret, std::string_view run_id, std::string_view text) {
  const Sha256Digest key = sha256(cat(secret, run_id));
  return hex_encode(bytes_of(hmac_sha256(bytes_of(key), text)));
}

AuditLog::AuditLog(AuditLogOptions options)
    : path_(options.directory / kAuditLogName),
      run_id_(options.run_id.empty() ? new_run_id() : options.run_id),
      operator_(audit_operator()),
      secret_(read_secret()),
      options_(std::move(options)) {
  if (options_.key && options_.key->algorithm() != SignatureAlgorithm::ed25519)
    throw ConfigError(cat("checkpoints of the audit log are signed with Ed25519; the audit key is ",
                          to_text(options_.key->algorithm())),
                      "make one with: openssl genpkey -algorithm ed25519 -out audit_key.pem");
  make_directory(options_.directory);
  std::optional<AppendFile> file;
  if (is_there(path_)) file.emplace(path_).lock();
  const LogState state = look(file ? &*file : nullptr);
  if (state.trouble && !may_reroot()) throw ConfigError(trouble_message(path_, *state.trouble), kTroubleHint);
}

AuditLog::~AuditLog() = default;

LogState AuditLog::look(const AppendFile* file) const {
  LogState state = examine_log(file, path_, options_.key ? &options_.key->public_key() : nullptr);
  if (!state.trouble && options_.anchor_path) state.trouble = examine_anchor(state, *options_.anchor_path);
  return state;
}

std::string AuditLog::line_of(const AuditEvent& event, const LogState& state) const {
  Json entry = Json::object({{"timestamp", iso_format(environment().utc_now())},
                             {"run_id", run_id_},
                             {"operator", operator_},
                             {"event", event.name},
                             {"prev_hash", state.head}});
  if (!event.details.is_null())
    for (const auto& [key, value] : event.details.members()) entry.set(key, value);
  entry.set("seq", static_cast<std::int64_t>(state.tree.size()));
  std::string line = dump(entry);
  if (!secret_.empty()) {
    const std::string tag = audit_hmac(secret_, entry.at("run_id").text(), line);
    line.pop_back();
    line += cat(", \"_hmac\": \"", tag, "\"}");
  }
  if (line.size() > kMaxAuditLineBytes)
    throw RunError(RunErrorKind::data, cat("the entry for ", event.name, " has ", line.size(),
                                           " bytes; an entry of the audit log has at most ", kMaxAuditLineBytes));
  return line;
}

void AuditLog::append(State& state, const AuditEvent& event) {
  const LogState before = state.log;
  const std::string line = line_of(event, before);
  state.file.append(line + "\n");
  LogState& log = state.log;
  log.head = sha256_hex(line);
  log.size_bytes += line.size() + 1;
  log.tree.add(merkle_leaf(line));
  if (log.first_line_sha256.empty()) {
    log.first_line_sha256 = log.head;
    log.first_run_id = run_id_;
  }
  try {
    write_note(log);
  } catch (const RunError& error) {
    take_back(state, before, error);
  }
  if (!log.has_manifest) write_manifest(log);
}

void AuditLog::write_note(const LogState& log) {
  const Checkpoint checkpoint{checkpoint_origin(log.first_line_sha256), log.tree.root(), log.size_bytes, log.head,
                              log.tree};
  note_ = compliance::write_checkpoint(checkpoint, options_.key ? &*options_.key : nullptr);
  write_file_durably(checkpoint_path(path_.native()), note_);
}

void AuditLog::take_back(State& state, const LogState& before, const RunError& cause) {
  // Renamed but its directory not synced: the checkpoint is in place, and after a power cut at worst one entry behind.
  if (read_file_if_exists(checkpoint_path(path_.native())) == note_) {
    logger.warning("the checkpoint of ", path_.native(), " may not survive a power cut: ", cause.what());
    return;
  }
  // An entry is on record with its checkpoint or not at all, so that the caller may try again. Where even cutting
  // fails, the log is one entry ahead of its checkpoint, which the next writer takes up.
  state.file.cut(before.size_bytes);
  throw cause;
}

void AuditLog::write_manifest(LogState& log) {
  try {
    write_genesis_manifest(path_, {log.first_line_sha256, log.first_run_id.empty() ? run_id_ : log.first_run_id});
    log.has_manifest = true;
  } catch (const RunError& error) {  // the next append tries again
    logger.warning("the genesis manifest of ", path_.native(), " could not be written: ", error.what());
  }
}

void AuditLog::write_anchor(const LogState& log) {
  if (!options_.anchor_path) return;
  const fs::path path = anchor_file(*options_.anchor_path, checkpoint_origin(log.first_line_sha256));
  try {
    write_file_durably(path, note_);
  } catch (const RunError& error) {
    throw RunError(error.kind(), cat("the entry is in the audit log, and its anchor is not: ", error.what()),
                   "compliance.anchor_path must be writable while the run lasts", error.fields());
  }
}

void AuditLog::recover(State& state) {
  const fs::path pending = pending_torn_path(path_);
  if (!state.log.torn_tail.empty()) {
    // First kept, then cut, then named: a kill in between leaves what the next writer needs to go on.
    write_file_durably(pending, state.log.torn_tail);
    state.file.cut(state.log.size_bytes);
    state.log.torn_tail.clear();
  }
  const auto torn = read_file_if_exists(pending, kMaxAuditLineBytes);
  if (!torn) return;
  const std::string digest = sha256_hex(*torn);
  const fs::path kept = cat(pending.native(), "-", digest.substr(0, kTornDigits));
  const auto last = parse_audit_line(state.log.last_line);
  const Json* named = last && last->event == audit_event("audit.recovered") ? last->entry.find("cut_sha256") : nullptr;
  if (named == nullptr || *named != Json(digest)) {
    append(state, {audit_event("audit.recovered"), Json::object({{"offset", state.log.size_bytes},
                                                                 {"cut_bytes", torn->size()},
                                                                 {"cut_sha256", digest},
                                                                 {"kept_at", kept.filename().string()}})});
    logger.warning("an unfinished write of ", torn->size(), " bytes was cut off the end of ", path_.native(),
                   " and kept as ", kept.filename().string());
  }
  write_file_durably(kept, *torn);
  std::error_code error;
  fs::remove(pending, error);
  if (error) throw os_error("remove", pending.native(), error.value());
}

void AuditLog::go_on(State& state) {
  if (state.log.trouble) {
    if (!may_reroot()) throw RunError(RunErrorKind::data, trouble_message(path_, *state.log.trouble), kTroubleHint);
    const LogState::Trouble trouble = *state.log.trouble;
    logger.error("AUDIT INTEGRITY: ", trouble_message(path_, trouble), "; ", kRerootVariable, "=1 lets it go on");
    state.log = accept_log(state.file, path_);
    recover(state);
    append(state,
           {audit_event("audit.rerooted"), Json::object({{"reason", trouble.reason}, {"detail", trouble.detail}})});
    return;
  }
  const auto adopted = state.log.adopted;
  const Json what = Json::object({{"reason", adopted.value_or("")},
                                  {"num_entries", state.log.tree.size()},
                                  {"size_bytes", state.log.size_bytes},
                                  {"head_sha256", state.log.head}});
  recover(state);
  if (adopted) append(state, {audit_event("audit.checkpoint_adopted"), what});
  if (state.log.was_signed && !options_.key)
    logger.warning("the checkpoint of ", path_.native(),
                   " was signed; without compliance.audit_key that of this entry is not");
}

void AuditLog::record(const AuditEvent& event) {
  check_event(event);
  const std::lock_guard lock(mutex_);
  if (!is_there(path_)) {  // before a new file hides that one is missing
    const LogState state = look(nullptr);
    if (state.trouble && !may_reroot())
      throw RunError(RunErrorKind::data, trouble_message(path_, *state.trouble), kTroubleHint);
  }
  State state{AppendFile(path_), {}};
  state.file.lock();
  state.log = look(&state.file);
  go_on(state);
  append(state, event);
  write_anchor(state.log);
}

}  // namespace forgelm::compliance
