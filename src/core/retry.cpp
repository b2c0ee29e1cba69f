#include "forgelm/core/retry.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <limits>
#include <random>
#include <thread>

#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm {
namespace {

constexpr Logger logger("forgelm.http");

double own_random() {
  thread_local std::minstd_rand generator{std::random_device{}()};
  return std::uniform_real_distribution<double>(0.0, 1.0)(generator);
}

/// Whole seconds, saturating; nothing for a date, a sign or any other text.
std::optional<std::int64_t> seconds_of(std::string_view text) {
  text = trim(text);
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_ascii_digit)) return std::nullopt;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  return error == std::errc() ? seconds : std::numeric_limits<std::int64_t>::max();
}

void sleep_for(std::int64_t delay_ms, const HttpRequest& request) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(delay_ms);
  while (std::chrono::steady_clock::now() < end && !(request.is_cancelled && request.is_cancelled()))
    std::this_thread::sleep_until(std::min(end, std::chrono::steady_clock::now() + std::chrono::milliseconds(100)));
}

}  // namespace

std::optional<std::int64_t> RetrySchedule::next_delay_ms(std::optional<std::string_view> retry_after) {
  if (num_attempts_ >= policy_.max_attempts) return std::nullopt;
  const int num_doublings = std::min(num_attempts_ - 1, 30);
  const std::int64_t ceiling = std::min(policy_.max_delay_ms, policy_.first_delay_ms << num_doublings);
  const double share = std::clamp(policy_.random ? policy_.random() : own_random(), 0.0, 1.0);
  std::int64_t delay = ceiling / 2 + static_cast<std::int64_t>(share * static_cast<double>(ceiling - ceiling / 2));
  if (const auto seconds = retry_after ? seconds_of(*retry_after) : std::nullopt) {
    const std::int64_t asked = *seconds > policy_.max_delay_ms / 1000 ? policy_.max_delay_ms : *seconds * 1000;
    delay = std::max(delay, asked);
  }
  if (total_delay_ms_ + delay > policy_.max_total_delay_ms) return std::nullopt;
  total_delay_ms_ += delay;
  ++num_attempts_;
  return delay;
}

bool is_worth_retrying(int http_status) noexcept {
  return http_status == 408 || http_status == 429 || http_status == 500 || http_status == 502 || http_status == 503 ||
         http_status == 504;
}

bool is_worth_retrying(HttpFailure failure) noexcept {
  return failure == HttpFailure::dns || failure == HttpFailure::connect || failure == HttpFailure::timeout ||
         failure == HttpFailure::protocol;
}

HttpResponse send_with_retries(const HttpRequest& original, const HttpPolicy& policy, const RetryPolicy& retry) {
  RetrySchedule schedule(retry);
  HttpRequest request = original;
  bool has_delivered = false;
  if (original.on_body)
    request.on_body = [&](const HttpResponse& head, std::string_view piece) {
      has_delivered = true;
      return original.on_body(head, piece);
    };
  const bool may_repeat = retry.may_repeat_unsafe || (request.method != "POST" && request.method != "PATCH");
  for (;;) {
    std::optional<std::string> retry_after;
    std::string reason;
    std::optional<std::int64_t> delay;
    try {
      HttpResponse response = send(request, policy);
      // 429 and 503 say that the request was not carried out.
      const bool may_try = may_repeat || response.status == 429 || response.status == 503;
      if (!may_try || has_delivered || !is_worth_retrying(response.status)) return response;
      if (const std::string* header = response.header("Retry-After")) retry_after = *header;
      delay = schedule.next_delay_ms(retry_after);
      if (!delay) return response;
      reason = cat("status ", response.status);
    } catch (const HttpError& error) {
      const HttpFailure failure = error.failure();
      const bool may_try = may_repeat || failure == HttpFailure::dns || failure == HttpFailure::connect;
      if (!may_try || has_delivered || !is_worth_retrying(failure)) throw;
      delay = schedule.next_delay_ms();
      if (!delay) throw;
      reason = to_text(failure);
    }
    logger.warning(request.method, " ", mask_url(request.url, request.is_path_secret), ": ", reason, "; attempt ",
                   schedule.num_attempts(), " of ", retry.max_attempts, " in ", *delay, " ms");
    if (retry.sleep) retry.sleep(*delay);
    else sleep_for(*delay, request);
  }
}

}  // namespace forgelm
