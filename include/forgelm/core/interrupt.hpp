// Signals that ask a long piece of work to come to a good end: SIGINT, SIGTERM and SIGUSR1 set a flag, which the work
// looks at between its steps. Outside of a scope signals do what they always do.
// The trap: a handler may touch nothing but lock-free atomics; all else happens where the flag is read.
#pragma once

namespace forgelm {

/// While one lives, the first SIGINT, SIGTERM or SIGUSR1 is a request; a second SIGINT or SIGTERM ends the process at
/// once, as if there were no scope. One at a time. The handlers from before come back with its end.
class InterruptScope {
 public:
  InterruptScope();
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;
  ~InterruptScope();

 private:
  struct Saved;
  Saved* saved_;
};

/// The signal that asked the running scope's work to end; 0: none did, or there is no scope. Safe from any thread.
int interrupt_signal() noexcept;
inline bool is_interrupt_requested() noexcept { return interrupt_signal() != 0; }

/// "SIGINT"; "a signal" for those that scopes do not take.
const char* signal_name(int signal) noexcept;

}  // namespace forgelm
