// Days to a date by counting from 1 March of the year 0, so that the leap day is a year's last: eras of 400 years have
// 146097 days, and months from March on have 153 days in five.
#include "calendar.hpp"

#include "forgelm/core/text.hpp"

namespace forgelm::parquet {
namespace {

constexpr std::int64_t kSecondsPerDay = 86400;
constexpr std::int64_t kNanoseconds = 1'000'000'000;

struct Parts {
  std::int64_t whole;
  std::int64_t rest;  ///< never negative
};

Parts floor_divide(std::int64_t value, std::int64_t by) {
  const std::int64_t rest = value % by;
  return rest < 0 ? Parts{value / by - 1, rest + by} : Parts{value / by, rest};
}

std::string padded(std::int64_t value, std::size_t width) {
  std::string digits = std::to_string(value < 0 ? -value : value);
  if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
  return value < 0 ? '-' + digits : digits;
}

/// As Python writes fractions: none, microseconds, or (as pandas) nanoseconds.
std::string fraction_text(std::int64_t count, std::int64_t per_second) {
  const std::int64_t nanoseconds = count * (kNanoseconds / per_second);
  if (nanoseconds == 0) return "";
  return '.' + (nanoseconds % 1000 == 0 ? padded(nanoseconds / 1000, 6) : padded(nanoseconds, 9));
}

/// `hour_digits`: isoformat() pads hours, str(timedelta) does not.
std::string clock_text(std::int64_t second_of_day, std::size_t hour_digits) {
  return cat(padded(second_of_day / 3600, hour_digits), ':', padded(second_of_day / 60 % 60, 2), ':',
             padded(second_of_day % 60, 2));
}

}  // namespace

std::string date_text(std::int64_t days) {
  const auto [era, day_of_era] = floor_divide(days + 719468, 146097);
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const std::int64_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  const std::int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  const std::int64_t year = era * 400 + year_of_era + (month <= 2 ? 1 : 0);
  return cat(padded(year, 4), '-', padded(month, 2), '-', padded(day, 2));
}

std::string timestamp_text(std::int64_t count, std::int64_t per_second, bool is_instant) {
  const auto [seconds, rest] = floor_divide(count, per_second);
  const auto [days, second_of_day] = floor_divide(seconds, kSecondsPerDay);
  return cat(date_text(days), 'T', clock_text(second_of_day, 2), fraction_text(rest, per_second),
             is_instant ? "+00:00" : "");
}

std::string time_text(std::int64_t count, std::int64_t per_second) {
  return clock_text(count / per_second, 2) + fraction_text(count % per_second, per_second);
}

std::string duration_text(std::int64_t count, std::int64_t per_second) {
  const auto [seconds, rest] = floor_divide(count, per_second);
  const auto [days, second_of_day] = floor_divide(seconds, kSecondsPerDay);
  std::string out;
  if (days != 0) out = cat(days, days == 1 || days == -1 ? " day, " : " days, ");
  return out + clock_text(second_of_day, 1) + fraction_text(rest, per_second);
}

}  // namespace forgelm::parquet
