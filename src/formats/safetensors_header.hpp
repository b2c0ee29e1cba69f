// The header of a safetensors file: read under the rules of include/forgelm/formats/safetensors.hpp from bytes that
// anybody may have written, and written as the reference library writes it. Its own scanner rather than a JSON value: a
// header may be 100 MB, and nothing but the tensors it names is kept of it. Also the index of a model in several files.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/result.hpp"
#include "forgelm/formats/safetensors.hpp"

namespace forgelm::formats {

inline constexpr std::uint64_t kMaxSafetensorsHeaderBytes = 100'000'000;  // the reference's
inline constexpr std::size_t kMaxSafetensors = 1'000'000;
inline constexpr std::size_t kMaxTensorDimensions = 8;
inline constexpr std::size_t kMaxTensorNameBytes = 1024;

struct SafetensorsHeader {
  std::vector<TensorInfo> tensors;     ///< in the order of the data
  std::vector<std::uint64_t> offsets;  ///< of each tensor, in the file
  std::vector<std::uint32_t> by_name;  ///< indices into tensors, sorted by name
  std::map<std::string, std::string> metadata;
};

/// What the file's bytes begin with; `file` is the whole file. Every tensor then lies within it.
Result<SafetensorsHeader> read_safetensors_header(std::string_view file);

/// What a *.safetensors.index.json says: tensors, each with its file, a plain name that leads nowhere else.
Result<std::map<std::string, std::string>> read_safetensors_index(std::string_view json);

/// Length, header and padding; the data of `tensors`, in this order, follow.
std::string write_safetensors_header(const std::vector<TensorInfo>& tensors,
                                     const std::map<std::string, std::string>& metadata);

/// The order in which the reference library lays out types; larger ones come first.
int layout_rank(TensorType type) noexcept;

/// Indices into `tensors`, sorted by name.
std::vector<std::uint32_t> sorted_by_name(const std::vector<TensorInfo>& tensors);

}  // namespace forgelm::formats
