// The bytes of TensorBoard events, apart from where they go, so that tests can compare them with tensorboard's own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace forgelm::formats {

/// CRC-32C (RFC 3720, appendix B.4).
std::uint32_t crc32c(std::string_view bytes);

/// The bytes as a TFRecord.
std::string to_record(std::string_view bytes);

/// Event messages; wall times in seconds since 1970.
std::string version_event(double wall_time);
std::string scalar_event(double wall_time, std::string_view tag, double value, std::int64_t step);
std::string text_event(double wall_time, std::string_view tag, std::string_view text, std::int64_t step);
std::string restart_event(double wall_time, std::int64_t step);

}  // namespace forgelm::formats
