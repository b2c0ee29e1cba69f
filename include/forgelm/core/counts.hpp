// How often what was seen, by name: in reports and in the states that they are resumed from.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "forgelm/core/json.hpp"

namespace forgelm {

using Counts = std::map<std::string, std::uint64_t, std::less<>>;

inline void add_counts(Counts& sum, const Counts& more) {
  for (const auto& [name, count] : more) sum[name] += count;
}

inline std::uint64_t total_of(const Counts& counts) {
  std::uint64_t total = 0;
  for (const auto& [name, count] : counts) total += count;
  return total;
}

inline Json to_object(const Counts& counts) {
  Json object = Json::object();
  for (const auto& [name, count] : counts) object.set(name, count);
  return object;
}

/// What to_object() gave. RunError(data) for anything else.
inline Counts to_counts(const Json& object) {
  Counts counts;
  for (const auto& [name, count] : object.members()) counts[name] = static_cast<std::uint64_t>(count.integer());
  return counts;
}

}  // namespace forgelm
