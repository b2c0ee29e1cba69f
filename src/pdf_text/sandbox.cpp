// Calls that a document taking over the process would need (another program, the network, another process) end it; the
// other calls that reading does not need fail with EPERM, since libraries try some of them (fonts of the system) and do
// without.
#include "sandbox.hpp"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "forgelm/pdf_text/protocol.hpp"

namespace forgelm::pdf_text {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t kArchitecture = 0;
#endif

constexpr std::uint32_t kAllowed[] = {
    SYS_read,      SYS_pread64,      SYS_write,        SYS_mmap,           SYS_munmap,        SYS_mremap,
    SYS_mprotect,  SYS_brk,          SYS_madvise,      SYS_futex,          SYS_clock_gettime, SYS_gettimeofday,
    SYS_getrandom, SYS_rt_sigreturn, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_setitimer,     SYS_sched_yield,
    SYS_getpid,    SYS_gettid,       SYS_tgkill,       SYS_exit,           SYS_exit_group,    SYS_lseek,
};
constexpr std::uint32_t kDeadly[] = {
    SYS_execve, SYS_execveat, SYS_socket, SYS_connect, SYS_clone, SYS_clone3, SYS_ptrace, SYS_kill,
#ifdef SYS_fork
    SYS_fork,   SYS_vfork,
#endif
};

sock_filter statement(std::uint32_t code, std::uint32_t k) { return {static_cast<std::uint16_t>(code), 0, 0, k}; }

void answer(std::vector<sock_filter>& program, std::uint32_t call, std::uint32_t action) {
  program.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, 1, call});
  program.push_back(statement(BPF_RET | BPF_K, action));
}

bool filter_calls() {
  if (kArchitecture == 0) return true;
  std::vector<sock_filter> program;
  program.push_back(statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)));
  program.push_back({BPF_JMP | BPF_JEQ | BPF_K, 1, 0, kArchitecture});
  program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
  program.push_back(statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  for (const std::uint32_t call : kAllowed) answer(program, call, SECCOMP_RET_ALLOW);
  for (const std::uint32_t call : kDeadly) answer(program, call, SECCOMP_RET_KILL_PROCESS);
  program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

bool limit(int resource, rlim_t most) {
  const rlimit value{most, most};
  return ::setrlimit(static_cast<__rlimit_resource_t>(resource), &value) == 0;
}

volatile std::sig_atomic_t is_last_time = 0;  ///< when the clock ends, so does what the document may take in all

extern "C" void on_time(int) {
  constexpr char kTime[] = "limit time\n", kWork[] = "limit work\n";
  [[maybe_unused]] const ssize_t written = ::write(STDOUT_FILENO, is_last_time != 0 ? kWork : kTime, sizeof kTime - 1);
  ::_exit(0);
}

}  // namespace

bool enter_sandbox() noexcept {
  struct sigaction action {};
  action.sa_handler = on_time;
  return ::sigaction(SIGPROF, &action, nullptr) == 0 && limit(RLIMIT_AS, kMaxMemoryBytes) && limit(RLIMIT_FSIZE, 0) &&
         limit(RLIMIT_CORE, 0) && filter_calls();
}

void restart_clock(std::uint64_t document_bytes) noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  const long used_ms = now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
  const long most_ms = kMaxPageMs + static_cast<long>(document_bytes / 1024) * kMaxMsPerMib / 1024;
  const long ms = std::clamp(most_ms - used_ms, 1L, kMaxPageMs);
  is_last_time = ms < kMaxPageMs ? 1 : 0;
  const itimerval time{{0, 0}, {ms / 1000, ms % 1000 * 1000}};
  ::setitimer(ITIMER_PROF, &time, nullptr);
}

}  // namespace forgelm::pdf_text
