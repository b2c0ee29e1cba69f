// Environment: everything a run takes from the machine without asking - time, random bytes, environment variables, user
// and host - behind one interface, so that a test can make a run repeatable.
// Invariant: product code reads clocks, getenv and randomness only through environment().
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace forgelm {

/// A moment in UTC.
struct UtcTime {
  std::int64_t microseconds = 0;  ///< since 1970-01-01T00:00:00Z; may be negative
  friend auto operator<=>(const UtcTime&, const UtcTime&) = default;
};

/// Implementations are thread-safe.
class Environment {
 public:
  virtual ~Environment();
  virtual UtcTime utc_now() = 0;
  /// A clock that never goes back, for durations; its zero means nothing.
  virtual std::int64_t monotonic_ns() = 0;
  /// Fills `data` with bytes fit for keys and names. RunError(internal) when the system has none.
  virtual void random_bytes(void* data, std::size_t size_bytes) = 0;
  /// The value of an environment variable; nothing when it is not set (set and empty is "").
  virtual std::optional<std::string> variable(const std::string& name) = 0;
  /// The login name as Python's getpass.getuser finds it (LOGNAME, USER, LNAME, USERNAME, then the user database);
  /// nothing for a user ID without a name.
  virtual std::optional<std::string> user_name() = 0;
  virtual std::string host_name() = 0;
};

/// The environment in force: the machine's, unless a ScopedEnvironment replaces it.
Environment& environment() noexcept;

/// Replaces environment() for its lifetime, for all threads. Scopes nest. For tests.
class ScopedEnvironment {
 public:
  explicit ScopedEnvironment(Environment& replacement) noexcept;
  ScopedEnvironment(const ScopedEnvironment&) = delete;
  ScopedEnvironment& operator=(const ScopedEnvironment&) = delete;
  ~ScopedEnvironment();

 private:
  Environment* before_;
};

/// Python's datetime.isoformat() of an aware UTC time: "2026-11-21T00:10:50.176945+00:00"; the fraction is left out
/// when the microseconds are 0. Years 1 to 9999.
std::string iso_format(UtcTime time);
/// "2026-11-21T00:10:50Z".
std::string utc_stamp(UtcTime time);
/// "20261121T001050Z", for file names.
std::string compact_utc_stamp(UtcTime time);
/// "2026-11-21".
std::string utc_date(UtcTime time);
/// The opposite of iso_format; also takes "Z", and any offset of hours and minutes. Nothing for other texts.
std::optional<UtcTime> parse_iso_time(std::string_view text);

/// Lower-case hex of that many random bytes.
std::string random_hex(std::size_t num_bytes);
/// "fg-" and 12 hex digits.
std::string new_run_id();
/// "pl_YYYY-MM-DD_" (UTC) and 6 hex digits.
std::string new_pipeline_run_id();

/// huggingface_hub's reading of a flag: true for 1, ON, YES and TRUE in any case, and for nothing else.
bool is_true_flag(std::string_view value) noexcept;
/// is_true_flag of an environment variable; false when it is not set.
bool is_flag_set(const std::string& name);

}  // namespace forgelm
