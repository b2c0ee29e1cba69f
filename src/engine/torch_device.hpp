// forgelm's word for a device as libtorch's.
#pragma once

#include "engine/torch.hpp"
#include "forgelm/engine/device.hpp"

namespace forgelm::engine {

inline at::Device torch_device(const Device& device) {
  return device.kind == DeviceKind::cpu ? at::Device(at::kCPU)
                                        : at::Device(at::kCUDA, static_cast<at::DeviceIndex>(device.index));
}

}  // namespace forgelm::engine
