// Names that every receiver takes.
#pragma once

#include <string>
#include <string_view>

namespace forgelm::compliance {

/// "benchmark/arc" as "benchmark_arc".
std::string metric_name(std::string_view name);
/// Fit for a label, a path and a file name.
std::string system_slug(std::string_view system);

}  // namespace forgelm::compliance
