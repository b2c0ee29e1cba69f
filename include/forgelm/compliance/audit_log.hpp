// AuditLog: the audit sink on a file, in the text format of Python forgelm 0.11.1, so that either program extends and
// verifies the other's log. A line is one JSON object as json.dumps writes it, members in the order timestamp, run_id,
// operator, event, prev_hash, the event's details, seq (ours), _hmac (when FORGELM_AUDIT_SECRET is set); prev_hash is
// the SHA-256 of the line before, without its line end.
// Beside LOG stand LOG.manifest.json (the reference's: pins the first line) and LOG.checkpoint (ours: pins all lines;
// forgelm/compliance/checkpoint.hpp). A write is: lock, look at the end, append, fsync, checkpoint. The trap: the log
// may be ahead of its checkpoint by what a crash left or the reference wrote, never behind it.
#pragma once

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "forgelm/core/audit_sink.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/signature.hpp"

namespace forgelm::compliance {

struct LogState;

inline constexpr const char* kAuditLogName = "audit_log.jsonl";
/// A longer record is refused, and a longer line is no record.
inline constexpr std::size_t kMaxAuditLineBytes = std::size_t{16} << 20;

struct AuditLogOptions {
  std::filesystem::path directory;                        ///< made when missing
  std::string run_id = {};                                ///< empty: a new one, "fg-" and 12 hex digits
  std::optional<std::filesystem::path> anchor_path = {};  ///< the checkpoint's second copy
  std::optional<PrivateKey> key = {};                     ///< Ed25519; signs the checkpoint
};

class AuditLog final : public AuditSink {
 public:
  /// Finds the operator and looks at what is in the directory; writes nothing. ConfigError when the operator has no
  /// name, the key is not Ed25519, or the log cannot go on: it was cut or altered since its checkpoint, or it is
  /// missing while its manifest or checkpoint is there (FORGELM_ALLOW_AUDIT_REROOT=1 lets it go on, on the record).
  explicit AuditLog(AuditLogOptions options);
  ~AuditLog() override;

  /// Appends one entry, and before it what recovery has to say. When this returns, the entry and its checkpoint are on
  /// disk. RunError when the name is not in the table of events, a detail has the name of an envelope key (run_id may
  /// be given), the log cannot go on, or a write failed; after a failed write a second try works once its cause is
  /// gone. Safe from several threads and processes.
  void record(const AuditEvent& event) override;

  const std::string& run_id() const noexcept { return run_id_; }
  const std::string& operator_name() const noexcept { return operator_; }
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  struct State;
  LogState look(const AppendFile* file) const;
  void go_on(State& state);
  void recover(State& state);
  void append(State& state, const AuditEvent& event);
  std::string line_of(const AuditEvent& event, const LogState& log) const;
  void write_note(const LogState& log);
  void take_back(State& state, const LogState& before, const RunError& cause);
  void write_manifest(LogState& log);
  void write_anchor(const LogState& log);

  std::mutex mutex_;
  std::filesystem::path path_;
  std::string run_id_;
  std::string operator_;
  std::string secret_;  ///< empty: no tags
  AuditLogOptions options_;
  std::string note_;  ///< the checkpoint as last written
};

/// The tag of a line's text without its tag, lower-case hex.
std::string audit_hmac(std::string_view secret, std::string_view run_id, std::string_view text);

}  // namespace forgelm::compliance
