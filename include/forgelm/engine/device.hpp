// Devices, and what the NVIDIA driver says about its own. Nothing here loads the engine or libtorch: the driver's
// library is asked directly, so that `--version`, a doctor and error messages can name GPUs on any host.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace forgelm::engine {

enum class DeviceKind { cpu, cuda };

struct Device {
  DeviceKind kind = DeviceKind::cpu;
  int index = 0;  ///< among the GPUs that CUDA_VISIBLE_DEVICES leaves
  friend bool operator==(const Device&, const Device&) = default;
};

/// "cpu", "cuda:0".
std::string to_string(const Device& device);

struct DeviceInfo {
  Device device;
  std::string name;                ///< "NVIDIA H200"; for the processor its model name
  std::uint64_t memory_bytes = 0;  ///< all there is, used or not
  int compute_major = 0;           ///< compute capability; 0.0 for the processor
  int compute_minor = 0;
};

/// The NVIDIA driver of this host.
struct CudaDriver {
  std::string problem;  ///< why there is no usable GPU; empty when there is one
  int major = 0;        ///< newest CUDA version that the driver can run; 0 when there is no driver
  int minor = 0;
  std::vector<DeviceInfo> devices;
};

/// Asks the driver once and remembers the answer. Safe from any thread.
const CudaDriver& cuda_driver();

/// The processor and its memory.
DeviceInfo processor();

}  // namespace forgelm::engine
