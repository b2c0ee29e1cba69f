// Tensors of libtorch in safetensors files. Invariant: what is written and read again is bit-equal.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "forgelm/formats/safetensors.hpp"

namespace forgelm::engine {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

/// ConfigError for types that libtorch or the format lacks.
at::ScalarType scalar_type_of(formats::TensorType type);
formats::TensorType tensor_type_of(at::ScalarType type);

/// "[2, 3]", for messages.
std::string shape_text(at::IntArrayRef shape);

/// Writes the tensors durably; those of a GPU come over one after the other.
void write_tensor_file(const std::filesystem::path& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata = {{"format", "pt"}});

/// The tensor over the file's own bytes, on the processor: valid as long as the reader, never to be written to. A copy
/// where the file has it at an address that its type cannot have.
/// RunError(internal) for a name that is not there.
at::Tensor view_tensor(const formats::SafetensorsReader& file, std::string_view name);

/// All tensors of a file, copied to `device`.
NamedTensors read_tensor_file(const std::filesystem::path& path, at::Device device);

}  // namespace forgelm::engine
