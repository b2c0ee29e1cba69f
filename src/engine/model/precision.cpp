// The trap: processors with AVX512_BF16 but without AMX multiply bfloat16 slower than float32 (measured: 75 against 120
// GFLOP/s a thread), so that AMX alone decides.
#include "engine/model/precision.hpp"

#include <ATen/cpu/Utils.h>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/engine/device.hpp"

namespace forgelm::engine {
namespace {

Precision make(at::ScalarType dtype, std::string reason) {
  switch (dtype) {
    case at::kBFloat16: return {dtype, "bfloat16", std::move(reason)};
    case at::kHalf: return {dtype, "float16", std::move(reason)};
    default: return {at::kFloat, "float32", std::move(reason)};
  }
}

bool has_amx_bfloat16() {
  const auto features = at::cpu::get_cpu_capabilities();
  const auto found = features.find("amx_bf16");
  return found != features.end() && found->second.isBool() && found->second.toBool();
}

Precision best_of_gpu(int index) {
  for (const DeviceInfo& gpu : cuda_driver().devices) {
    if (gpu.device.index != index) continue;
    const std::string capability = cat("the GPU has compute capability ", gpu.compute_major, ".", gpu.compute_minor);
    if (gpu.compute_major >= 8) return make(at::kBFloat16, capability);
    return make(at::kFloat, cat(capability, ", and bfloat16 needs 8.0"));
  }
  return make(at::kFloat, "the NVIDIA driver does not say what the GPU can do");
}

}  // namespace

Precision resolve_precision(config::Precision setting, at::Device device) {
  switch (setting) {
    case config::Precision::float32: return make(at::kFloat, "training.precision");
    case config::Precision::bfloat16: return make(at::kBFloat16, "training.precision");
    case config::Precision::float16: return make(at::kHalf, "training.precision");
    case config::Precision::auto_: break;
  }
  if (device.is_cuda()) return best_of_gpu(device.index());
  if (has_amx_bfloat16()) return make(at::kBFloat16, "the processor has AMX for bfloat16");
  return make(at::kFloat, "the processor has no AMX for bfloat16");
}

Precision precision_named(std::string_view name) {
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16, at::kHalf})
    if (Precision precision = make(dtype, "as in the checkpoint"); precision.name == name) return precision;
  throw ConfigError(cat("there is no precision ", quote(name)), "known are float32, bfloat16, float16");
}

}  // namespace forgelm::engine
