// What goes wrong inside the engine, as forgelm's errors. Every entry of the facade runs its work through guarded().
#pragma once

#include <string_view>
#include <utility>

#include "forgelm/core/failpoint.hpp"

namespace forgelm::engine {

/// Throws the exception in flight again: ConfigError and RunError as they are, all others as a RunError of the kind
/// that its cause has, "TASK: first line". libtorch's backtrace goes to the log at DEBUG. Only within a catch block.
[[noreturn]] void rethrow_translated(std::string_view task);

/// A place that takes much memory: throws what libtorch throws when there is none, if a test asked for it.
void pass_allocation(const failpoint::Hit& hit);

/// Sends libtorch's warnings of this thread to the log instead of stderr, for its lifetime.
class LoggedWarnings {
 public:
  LoggedWarnings() noexcept;
  ~LoggedWarnings();
  LoggedWarnings(const LoggedWarnings&) = delete;
  LoggedWarnings& operator=(const LoggedWarnings&) = delete;

 private:
  void* before_;
};

/// Runs `work`. `task` completes "cannot ...": "open device cuda:0".
template <class Work>
decltype(auto) guarded(std::string_view task, Work&& work) {
  const LoggedWarnings logged;
  try {
    return std::forward<Work>(work)();
  } catch (...) {
    rethrow_translated(task);
  }
}

}  // namespace forgelm::engine
