#include "forgelm/core/interrupt.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>

namespace forgelm {
namespace {

constexpr std::array kSignals = {SIGINT, SIGTERM, SIGUSR1};

std::atomic<int> requested{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler touches it");

extern "C" void forgelm_note_interrupt(int signal) {
  const int saved_errno = errno;
  const int before = requested.exchange(signal, std::memory_order_relaxed);
  if (before != 0 && signal != SIGUSR1) {
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    ::sigaction(signal, &standard, nullptr);
    ::raise(signal);  // blocked while this handler runs, delivered when it returns
  }
  errno = saved_errno;
}

}  // namespace

struct InterruptScope::Saved {
  std::array<struct sigaction, kSignals.size()> actions{};
};

InterruptScope::InterruptScope() : saved_(new Saved) {
  requested.store(0, std::memory_order_relaxed);
  struct sigaction action {};
  action.sa_handler = forgelm_note_interrupt;
  action.sa_flags = SA_RESTART;  // reads and writes under way are not what is to end
  ::sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &action, &saved_->actions[i]);
}

InterruptScope::~InterruptScope() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &saved_->actions[i], nullptr);
  requested.store(0, std::memory_order_relaxed);
  delete saved_;
}

int interrupt_signal() noexcept { return requested.load(std::memory_order_relaxed); }

const char* signal_name(int signal) noexcept {
  switch (signal) {
    case SIGINT: return "SIGINT";
    case SIGTERM: return "SIGTERM";
    case SIGUSR1: return "SIGUSR1";
    default: return "a signal";
  }
}

}  // namespace forgelm
