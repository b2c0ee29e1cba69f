// UTC times as text, on the proleptic Gregorian calendar of <chrono>; no time zones, no locale.
#include <array>
#include <chrono>
#include <cstdio>

#include "forgelm/core/env.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm {
namespace {

using std::chrono::days;
using std::chrono::microseconds;
using std::chrono::sys_days;
using std::chrono::year_month_day;

struct Civil {
  int year, month, day, hour, minute, second, microsecond;
};

Civil civil_of(UtcTime time) {
  const microseconds since_epoch(time.microseconds);
  const days whole = std::chrono::floor<days>(since_epoch);
  const year_month_day date{sys_days(whole)};
  const std::chrono::hh_mm_ss clock(since_epoch - whole);
  return {static_cast<int>(date.year()),
          static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day())),
          static_cast<int>(clock.hours().count()),
          static_cast<int>(clock.minutes().count()),
          static_cast<int>(clock.seconds().count()),
          static_cast<int>(clock.subseconds().count())};
}

template <class... Numbers>
std::string print(const char* format, Numbers... numbers) {
  std::array<char, 96> buffer{};
  std::snprintf(buffer.data(), buffer.size(), format, numbers...);
  return buffer.data();
}

/// Reads exactly `num_digits` digits off the front.
std::optional<int> take_digits(std::string_view& text, std::size_t num_digits) {
  if (text.size() < num_digits) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < num_digits; ++i) {
    if (!is_ascii_digit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(num_digits);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

/// Two digits, ':', two digits, as minutes.
std::optional<int> take_hours_and_minutes(std::string_view& text) {
  const auto hours = take_digits(text, 2);
  const bool has_colon = take(text, ':');
  const auto minutes = take_digits(text, 2);
  if (!hours || !has_colon || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return *hours * 60 + *minutes;
}

/// Up to six digits after the point.
std::optional<int> take_fraction(std::string_view& text) {
  int value = 0;
  int num_digits = 0;
  while (!text.empty() && is_ascii_digit(text.front()) && num_digits < 6) {
    value = value * 10 + (text.front() - '0');
    text.remove_prefix(1);
    ++num_digits;
  }
  if (num_digits == 0) return std::nullopt;
  for (; num_digits < 6; ++num_digits) value *= 10;
  return value;
}

}  // namespace

std::string iso_format(UtcTime time) {
  const Civil c = civil_of(time);
  const std::string seconds =
      print("%04d-%02d-%02dT%02d:%02d:%02d", c.year, c.month, c.day, c.hour, c.minute, c.second);
  return seconds + (c.microsecond == 0 ? "" : print(".%06d", c.microsecond)) + "+00:00";
}

std::string utc_stamp(UtcTime time) {
  const Civil c = civil_of(time);
  return print("%04d-%02d-%02dT%02d:%02d:%02dZ", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

std::string compact_utc_stamp(UtcTime time) {
  const Civil c = civil_of(time);
  return print("%04d%02d%02dT%02d%02d%02dZ", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

std::string utc_date(UtcTime time) {
  const Civil c = civil_of(time);
  return print("%04d-%02d-%02d", c.year, c.month, c.day);
}

std::optional<UtcTime> parse_iso_time(std::string_view text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || !(take(text, 'T') || take(text, ' '))) return std::nullopt;
  const year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                            std::chrono::day(static_cast<unsigned>(*day))};
  const auto minutes = take_hours_and_minutes(text);
  if (!date.ok() || !minutes || !take(text, ':')) return std::nullopt;
  const auto second = take_digits(text, 2);
  if (!second || *second > 59) return std::nullopt;
  const auto fraction = take(text, '.') ? take_fraction(text) : std::optional<int>(0);
  if (!fraction) return std::nullopt;

  int offset_minutes = 0;
  if (!take(text, 'Z')) {
    const bool is_behind = take(text, '-');
    if (!is_behind && !take(text, '+')) return std::nullopt;
    const auto offset = take_hours_and_minutes(text);
    if (!offset) return std::nullopt;
    offset_minutes = is_behind ? -*offset : *offset;
  }
  if (!text.empty()) return std::nullopt;
  const auto moment = sys_days(date).time_since_epoch() + std::chrono::minutes(*minutes - offset_minutes) +
                      std::chrono::seconds(*second) + microseconds(*fraction);
  return UtcTime{std::chrono::duration_cast<microseconds>(moment).count()};
}

}  // namespace forgelm
