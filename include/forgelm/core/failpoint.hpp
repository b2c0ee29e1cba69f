// Failpoints: named places where a test makes the next step fail or the process die, so that crash safety is enumerated
// instead of hoped for. Not armed, a failpoint costs one relaxed atomic load.
// Invariant: every name stands in kNames (a name that does not fails to compile), and each module's tests reach its own
// names (tests/core/failpoint_test.cpp shows how).
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <string_view>
#include <vector>

namespace forgelm::failpoint {

/// All failpoints, "<group>.<step>"; a failpoint stands before its step.
inline constexpr std::array kNames = {
    std::string_view("append.create"),
    std::string_view("append.cut"),
    std::string_view("append.sync"),
    std::string_view("append.sync_directory"),
    std::string_view("append.write"),
    std::string_view("approval.copy"),
    std::string_view("approval.device"),
    std::string_view("approval.remove"),
    std::string_view("checkpoint.move"),
    std::string_view("checkpoint.remove"),
    std::string_view("checkpoint.stage"),
    std::string_view("directory.exchange"),
    std::string_view("directory.move_aside"),
    std::string_view("directory.rename"),
    std::string_view("directory.sync_directory"),
    std::string_view("directory.sync_file"),
    std::string_view("directory.sync_parent"),
    std::string_view("durable.create"),
    std::string_view("durable.done"),
    std::string_view("durable.rename"),
    std::string_view("durable.sync"),
    std::string_view("durable.sync_directory"),
    std::string_view("durable.write"),
    std::string_view("evaluate.allocate"),
    std::string_view("revert.remove"),
    std::string_view("scratch.write"),
    std::string_view("train.allocate"),
};

/// A failpoint by its index in kNames.
struct Point {
  std::size_t index;
};

/// The failpoint of that name; a compile-time error when there is none.
consteval Point point(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == name) return Point{i};
  throw "this failpoint is not in kNames";
}

enum class Action {
  kill,         ///< SIGKILL to this process, as if the power of the process went off
  error,        ///< the step fails with an errno instead of being done
  short_write,  ///< a write takes only half of its bytes, and says so
};

/// What a test asked for at a failpoint that was reached. The code at the failpoint acts on it.
struct Hit {
  int error_number = 0;  ///< not 0: fail the step with this errno
  bool is_short_write = false;
};

/// Arms `name`: at its `nth` passage (from 1, counted from now) the action happens, once, or from then on at every
/// passage when `keeps_firing`. `error_number` goes with Action::error. RunError(internal) for an unknown name.
void arm(std::string_view name, Action action, int error_number = 0, int nth = 1, bool keeps_firing = false);

/// Arms from a text "durable.rename=kill@3;durable.write=ENOSPC+": ACTION is kill, short or an errno name; @N the
/// passage (default 1); + from then on. ConfigError names what it cannot read.
void arm_from_text(std::string_view text);

/// arm_from_text of the environment variable FORGELM_FAILPOINTS, when set; `main` calls this once before any work.
void arm_from_environment();

/// Disarms everything and stops counting.
void disarm_all();

/// While on, passages of every failpoint are counted (from 0 when switched on). Any thread.
void count_passages(bool is_on);
std::size_t num_passages(std::string_view name);

/// The names that start with `prefix`.
std::vector<std::string_view> names(std::string_view prefix = {});

namespace detail {
extern std::atomic<bool> is_active;
Hit reach_active(Point where);
}  // namespace detail

/// Passes a failpoint. Thread-safe.
inline Hit reach(Point where) {
  if (!detail::is_active.load(std::memory_order_relaxed)) [[likely]]
    return {};
  return detail::reach_active(where);
}

}  // namespace forgelm::failpoint

/// Passes the failpoint `name` (a literal that stands in kNames); gives what the step there is to do.
#define FORGELM_FAILPOINT(name) ::forgelm::failpoint::reach(::forgelm::failpoint::point(name))
