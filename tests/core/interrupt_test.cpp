#include "forgelm/core/interrupt.hpp"

#include <csignal>
#include <string>

#include "support/subprocess.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;

}  // namespace

TEST_CASE("interrupt: a signal within a scope is a request, and the scope's end takes it back") {
  CHECK_FALSE(is_interrupt_requested());
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) {
    const InterruptScope scope;
    CHECK(interrupt_signal() == 0);
    ::raise(signal);
    CHECK(interrupt_signal() == signal);
    CHECK(std::string(signal_name(signal)).substr(0, 3) == "SIG");
  }
  CHECK_FALSE(is_interrupt_requested());
}

TEST_CASE("interrupt: a second SIGINT ends the process at once; SIGUSR1 may come as often as it likes") {
  const auto signalled = [](int first, int second) {
    const pid_t child = test::start_in_child([&] {
      const InterruptScope scope;
      ::raise(first);
      ::raise(second);
      return is_interrupt_requested() ? 17 : 18;
    });
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
  };
  CHECK(signalled(SIGINT, SIGINT) == SIGINT);
  CHECK(signalled(SIGUSR1, SIGTERM) == SIGTERM);
  CHECK(signalled(SIGUSR1, SIGUSR1) == -17);
}

TEST_CASE("interrupt: after a scope signals do what they did before") {
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  struct sigaction before {
  }, now{};
  ::sigaction(SIGUSR1, &ignore, &before);
  { const InterruptScope scope; }
  ::sigaction(SIGUSR1, &before, &now);
  CHECK(now.sa_handler == SIG_IGN);
}
