// Dates, times and durations as the text that Python's isoformat() and str(timedelta) give, from the counts that Arrow
// holds. The proleptic Gregorian calendar; years outside 1..9999, which Python cannot hold, are written with all
// digits.
#pragma once

#include <cstdint>
#include <string>

namespace forgelm::parquet {

/// "2024-02-29", of days since 1970-01-01.
std::string date_text(std::int64_t days);

/// "2024-02-29T12:34:56", with six or nine digits of fraction where there is one; `per_second` counts make a second.
/// `is_instant`: with "+00:00" at the end.
std::string timestamp_text(std::int64_t count, std::int64_t per_second, bool is_instant);

/// "12:34:56.000001"; the count lies within a day.
std::string time_text(std::int64_t count, std::int64_t per_second);

/// "1 day, 2:03:04.000005", "-1 day, 23:59:59".
std::string duration_text(std::int64_t count, std::int64_t per_second);

}  // namespace forgelm::parquet
