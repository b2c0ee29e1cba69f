// Trying again: how long to wait between attempts, and what is worth another one. The wait grows by doubling, is
// capped, and is drawn at random from its upper half, so that many clients do not come back at the same instant.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "forgelm/core/http.hpp"

namespace forgelm {

struct RetryPolicy {
  int max_attempts = 5;  ///< the first one included
  std::int64_t first_delay_ms = 500;
  std::int64_t max_delay_ms = 30'000;
  std::int64_t max_total_delay_ms = 120'000;
  /// POST and PATCH may have been carried out although no answer came; true when doing it twice does no harm.
  bool may_repeat_unsafe = false;
  std::function<double()> random = {};                    ///< in [0, 1); empty: the process's own
  std::function<void(std::int64_t delay_ms)> sleep = {};  ///< empty: really sleeps, ending early when cancelled
};

/// The delays of one series of attempts.
class RetrySchedule {
 public:
  explicit RetrySchedule(RetryPolicy policy) : policy_(std::move(policy)) {}

  /// How long to wait before the next attempt, or nothing when there is none. `retry_after` is the server's header:
  /// whole seconds are honoured up to max_delay_ms; dates and anything else are ignored.
  std::optional<std::int64_t> next_delay_ms(std::optional<std::string_view> retry_after = {});
  int num_attempts() const noexcept { return num_attempts_; }

 private:
  RetryPolicy policy_;
  int num_attempts_ = 1;
  std::int64_t total_delay_ms_ = 0;
};

/// 408, 429, 500, 502, 503, 504.
bool is_worth_retrying(int http_status) noexcept;
/// dns, connect, timeout, protocol. Never what a rule of ours refused, TLS, size or a cancellation.
bool is_worth_retrying(HttpFailure failure) noexcept;

/// send(), again while it is worth it. The last answer is returned, or the last failure thrown. Nothing is sent again
/// after on_body has received a part of the body: the caller knows how to resume.
HttpResponse send_with_retries(const HttpRequest& request, const HttpPolicy& policy, const RetryPolicy& retry = {});

}  // namespace forgelm
