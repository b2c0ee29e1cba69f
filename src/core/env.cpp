// The machine behind Environment. Times and their texts are in utc_time.cpp.
#include "forgelm/core/env.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <vector>

#include "forgelm/core/hash.hpp"
#include "forgelm/core/os_error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm {

Environment::~Environment() = default;

namespace {

class Machine final : public Environment {
 public:
  UtcTime utc_now() override {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return {std::chrono::floor<std::chrono::microseconds>(since_epoch).count()};
  }

  std::int64_t monotonic_ns() override {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }

  void random_bytes(void* data, std::size_t size_bytes) override {
    auto* at = static_cast<char*>(data);
    while (size_bytes > 0) {
      const ssize_t got = ::getrandom(at, size_bytes, 0);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0)
        throw RunError(RunErrorKind::internal, cat("the system gives no random bytes (", errno_name(errno), ")"));
      at += got;
      size_bytes -= static_cast<std::size_t>(got);
    }
  }

  std::optional<std::string> variable(const std::string& name) override {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  }

  std::optional<std::string> user_name() override {
    for (const char* name : {"LOGNAME", "USER", "LNAME", "USERNAME"})
      if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
    std::vector<char> buffer(1 << 14);
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr)
      return std::nullopt;
    return found->pw_name;
  }

  std::string host_name() override {
    std::array<char, 256> buffer{};
    if (::gethostname(buffer.data(), buffer.size() - 1) != 0 || buffer[0] == '\0') return "localhost";
    return buffer.data();
  }
};

std::atomic<Environment*>& replacement() {
  static std::atomic<Environment*> current{nullptr};
  return current;
}

}  // namespace

Environment& environment() noexcept {
  static Machine machine;
  Environment* replaced = replacement().load(std::memory_order_acquire);
  return replaced != nullptr ? *replaced : machine;
}

ScopedEnvironment::ScopedEnvironment(Environment& next) noexcept
    : before_(replacement().exchange(&next, std::memory_order_acq_rel)) {}

ScopedEnvironment::~ScopedEnvironment() { replacement().store(before_, std::memory_order_release); }

std::string random_hex(std::size_t num_bytes) {
  std::string bytes(num_bytes, '\0');
  environment().random_bytes(bytes.data(), bytes.size());
  return hex_encode(bytes);
}

std::string new_run_id() { return "fg-" + random_hex(6); }

std::string new_pipeline_run_id() { return cat("pl_", utc_date(environment().utc_now()), "_", random_hex(3)); }

bool is_true_flag(std::string_view value) noexcept {
  constexpr std::string_view kTrue[] = {"1", "ON", "YES", "TRUE"};
  return std::any_of(std::begin(kTrue), std::end(kTrue),
                     [value](std::string_view text) { return equals_ignoring_ascii_case(value, text); });
}

bool is_flag_set(const std::string& name) {
  const auto value = environment().variable(name);
  return value && is_true_flag(*value);
}

}  // namespace forgelm
