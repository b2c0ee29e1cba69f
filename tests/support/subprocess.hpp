// Runs a function in a forked child, for what a process can only do once: die, or hold a lock and be gone.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

namespace forgelm::test {

struct ChildEnd {
  bool was_killed = false;  ///< by SIGKILL
  int exit_code = -1;       ///< when it exited; 99 for an exception that got out of the function
};

inline ChildEnd wait_for(pid_t child) {
  int status = 0;
  if (::waitpid(child, &status, 0) != child) throw std::runtime_error("waitpid failed");
  if (WIFEXITED(status)) return {.exit_code = WEXITSTATUS(status)};
  return {.was_killed = WIFSIGNALED(status) && WTERMSIG(status) == 9};
}

/// Starts a child that runs `function` (which returns its exit code) and ends without running any destructor of ours.
template <class Function>
pid_t start_in_child(Function function) {
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child != 0) return child;
  int code = 99;
  try {
    code = function();
  } catch (...) {  // reported by the exit code
  }
  ::_exit(code);
}

template <class Function>
ChildEnd run_in_child(Function function) {
  return wait_for(start_in_child(function));
}

}  // namespace forgelm::test
