#include "engine/model/tensor_file.hpp"

#include <cstdint>
#include <cstring>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::engine {
namespace {

using formats::TensorType;

constexpr std::pair<TensorType, at::ScalarType> kTypes[] = {
    {TensorType::boolean, at::kBool},
    {TensorType::uint8, at::kByte},
    {TensorType::int8, at::kChar},
    {TensorType::int16, at::kShort},
    {TensorType::uint16, at::kUInt16},
    {TensorType::float16, at::kHalf},
    {TensorType::bfloat16, at::kBFloat16},
    {TensorType::int32, at::kInt},
    {TensorType::uint32, at::kUInt32},
    {TensorType::float32, at::kFloat},
    {TensorType::float64, at::kDouble},
    {TensorType::int64, at::kLong},
    {TensorType::uint64, at::kUInt64},
    {TensorType::float8_e4m3, at::kFloat8_e4m3fn},
    {TensorType::float8_e5m2, at::kFloat8_e5m2},
};

}  // namespace

at::ScalarType scalar_type_of(TensorType type) {
  for (const auto& [ours, theirs] : kTypes)
    if (ours == type) return theirs;
  throw ConfigError(cat("tensors of type ", to_text(type), " cannot be computed with"));
}

TensorType tensor_type_of(at::ScalarType type) {
  for (const auto& [ours, theirs] : kTypes)
    if (theirs == type) return ours;
  throw ConfigError(cat("tensors of type ", at::toString(type), " cannot be written to a safetensors file"));
}

std::string shape_text(at::IntArrayRef shape) { return cat("[", join(shape, ", "), "]"); }

void write_tensor_file(const std::filesystem::path& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata) {
  std::vector<formats::TensorInfo> infos;
  std::map<std::string, at::Tensor> by_name;
  for (const auto& [name, tensor] : tensors) {
    infos.push_back({name, tensor_type_of(tensor.scalar_type()), tensor.sizes().vec()});
    by_name[name] = tensor;
  }
  formats::SafetensorsWriter writer(path, std::move(infos), metadata);
  for (const auto& info : std::vector<formats::TensorInfo>(writer.order())) {
    const at::Tensor bytes = by_name.at(info.name).detach().to(at::kCPU).contiguous();
    writer.write({static_cast<const char*>(bytes.const_data_ptr()), bytes.nbytes()});
  }
  writer.commit();
}

at::Tensor view_tensor(const formats::SafetensorsReader& file, std::string_view name) {
  const formats::TensorInfo* info = file.find(name);
  if (info == nullptr) throw RunError(RunErrorKind::internal, cat("the file has no tensor ", quote(name)));
  const auto type = at::TensorOptions().dtype(scalar_type_of(info->type));
  const std::string_view bytes = file.bytes(name);
  if (bytes.empty()) return at::empty(info->shape, type);
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % formats::size_of(info->type) != 0) {
    at::Tensor copy = at::empty(info->shape, type);
    std::memcpy(copy.data_ptr(), bytes.data(), bytes.size());
    return copy;
  }
  // from_blob() wants a pointer that may be written through; nobody does.
  return at::from_blob(const_cast<char*>(bytes.data()), info->shape, type);
}

NamedTensors read_tensor_file(const std::filesystem::path& path, at::Device device) {
  const auto file = formats::SafetensorsReader::open(path);
  NamedTensors tensors;
  for (const auto& info : file.tensors()) {
    const at::Tensor view = view_tensor(file, info.name);
    tensors.emplace_back(info.name, device.is_cpu() ? view.clone() : view.to(device));
  }
  return tensors;
}

}  // namespace forgelm::engine
