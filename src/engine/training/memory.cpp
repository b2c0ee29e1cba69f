#include "engine/training/memory.hpp"

#include <ATen/DeviceAccelerator.h>
#include <sys/resource.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "engine/kernels/fused.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::engine {
namespace {

constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();

/// The first number in `text`; nothing for "max".
std::optional<std::uint64_t> number_in(std::string_view text) {
  const std::string_view trimmed = trim(text);
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), value);
  if (parsed.ec != std::errc()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> number_in_file(const char* path) {
  try {
    const auto text = read_file_if_exists(path);
    return text ? number_in(*text) : std::nullopt;
  } catch (const Error&) {
    return std::nullopt;  // a kernel that does not show it
  }
}

std::uint64_t left_by_system() {
  constexpr std::string_view kName = "MemAvailable:";
  const auto text = read_file_if_exists("/proc/meminfo");
  const std::size_t at = text ? text->find(kName) : std::string::npos;
  if (at == std::string::npos) return kUnlimited;
  const auto kibibytes = number_in(std::string_view(*text).substr(at + kName.size()));
  return kibibytes ? *kibibytes * 1024 : kUnlimited;
}

std::uint64_t left_by_control_group() {
  for (const auto& [limit_file, use_file] :
       {std::pair("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        std::pair("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes")}) {
    const auto limit = number_in_file(limit_file);
    const auto use = number_in_file(use_file);
    if (limit && use) return *limit > *use ? *limit - *use : 0;
  }
  return kUnlimited;
}

}  // namespace

std::uint64_t peak_memory_bytes(at::Device device) {
  if (!device.is_cpu()) {
    const auto stats = at::accelerator::getDeviceStats(device.index());
    constexpr auto kAll = static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE);
    return static_cast<std::uint64_t>(stats.allocated_bytes[kAll].peak);
  }
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

std::uint64_t available_memory_bytes(at::Device device) {
  if (!device.is_cpu()) return at::accelerator::getMemoryInfo(device.index()).first;
  const std::uint64_t left = std::min(left_by_system(), left_by_control_group());
  return left == kUnlimited ? 0 : left;
}

void release_cached_memory(at::Device device) {
  if (!device.is_cpu()) at::accelerator::emptyCache();
}

std::uint64_t estimated_activation_bytes(const formats::ModelConfig& config, at::ScalarType dtype, at::Device device,
                                         std::uint64_t num_tokens, std::uint64_t max_length) {
  const auto hidden = static_cast<std::uint64_t>(config.hidden_size);
  const auto inner = static_cast<std::uint64_t>(config.intermediate_size);
  const auto heads = static_cast<std::uint64_t>(config.num_heads);
  const auto key_values = static_cast<std::uint64_t>(config.num_key_value_heads * config.head_dim);
  const auto queries = heads * static_cast<std::uint64_t>(config.head_dim);
  // Rows of attention are kept only where dropout makes the composed form of it necessary.
  const std::uint64_t attention = config.attention_dropout > 0 ? 2 * heads * std::min(num_tokens, max_length) : heads;
  // A token in a block. Fused: its input, both norms and the sum between them; queries, keys, values and the
  // attention's result; gate, up and their product. Composed: besides, what norms, rotation and activation make on the
  // way.
  const bool is_fused = has_fused_forms(device, dtype);
  const std::uint64_t per_token = is_fused ? 4 * hidden + 2 * queries + 2 * key_values + 3 * inner + attention
                                           : 6 * hidden + 3 * queries + 3 * key_values + 4 * inner + attention;
  return num_tokens * per_token * static_cast<std::uint64_t>(config.num_layers) * c10::elementSize(dtype);
}

}  // namespace forgelm::engine
