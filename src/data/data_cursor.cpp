// A DataCursor as JSON. Words of 64 bits are hex text: JSON numbers hold 63 of them.
#include <charconv>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/data/batches.hpp"

namespace forgelm::data {
namespace {

constexpr std::int64_t kVersion = 1;

std::string hex_of(std::uint64_t value) {
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value, 16).ptr;
  return std::string(digits, end);
}

std::uint64_t from_hex(const Json& json) {
  const std::string& text = json.text();
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size())
    throw RunError(RunErrorKind::data, cat(quote(text), " is not a hexadecimal number"));
  return value;
}

std::uint64_t count_of(const Json& json) {
  if (json.integer() < 0) throw RunError(RunErrorKind::data, cat(json.integer(), " is negative"));
  return static_cast<std::uint64_t>(json.integer());
}

}  // namespace

Json to_json(const DataCursor& cursor) {
  const Pcg64::State& state = cursor.generator;
  const Json generator = Json::object({{"state_high", hex_of(state.state_high)},
                                       {"state_low", hex_of(state.state_low)},
                                       {"increment_high", hex_of(state.increment_high)},
                                       {"increment_low", hex_of(state.increment_low)},
                                       {"has_uint32", state.has_uint32},
                                       {"uint32", state.uint32}});
  return Json::object({{"version", kVersion},
                       {"epoch", cursor.epoch},
                       {"position", cursor.position},
                       {"generator", generator},
                       {"order_sha256", cursor.order_digest},
                       {"made_with", cursor.made_with}});
}

Result<DataCursor> data_cursor_from_json(const Json& json) try {
  if (json.at("version").integer() != kVersion)
    return Failure{cat("the place in the data is of version ", json.at("version").integer(), ", not ", kVersion)};
  DataCursor cursor;
  cursor.epoch = count_of(json.at("epoch"));
  cursor.position = count_of(json.at("position"));
  const Json& generator = json.at("generator");
  cursor.generator.state_high = from_hex(generator.at("state_high"));
  cursor.generator.state_low = from_hex(generator.at("state_low"));
  cursor.generator.increment_high = from_hex(generator.at("increment_high"));
  cursor.generator.increment_low = from_hex(generator.at("increment_low"));
  cursor.generator.has_uint32 = generator.at("has_uint32").boolean();
  const std::uint64_t half = count_of(generator.at("uint32"));
  if (half > UINT32_MAX) return Failure{"the place in the data cannot be read: uint32 is too large"};
  cursor.generator.uint32 = static_cast<std::uint32_t>(half);
  cursor.order_digest = json.at("order_sha256").text();
  cursor.made_with = json.at("made_with");
  static_cast<void>(cursor.made_with.members());  // an object, or an error
  return cursor;
} catch (const RunError& error) {
  return Failure{cat("the place in the data cannot be read: ", error.what())};
}

}  // namespace forgelm::data
