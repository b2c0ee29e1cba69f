// Devices without libtorch: the NVIDIA driver's library is opened and asked (its C interface has been stable since
// CUDA 3.2).
#include "forgelm/engine/device.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "forgelm/core/text.hpp"

namespace forgelm::engine {
namespace {

constexpr const char* kDriver = "libcuda.so.1";
constexpr int kComputeMajor = 75, kComputeMinor = 76;  // CUdevice_attribute

/// The functions of cuda.h that are used; all return 0 for success.
struct DriverLibrary {
  int (*init)(unsigned flags) = nullptr;
  int (*version)(int* version) = nullptr;
  int (*count)(int* count) = nullptr;
  int (*device)(int* device, int ordinal) = nullptr;
  int (*name)(char* name, int size, int device) = nullptr;
  int (*memory)(std::size_t* bytes, int device) = nullptr;
  int (*attribute)(int* value, int attribute, int device) = nullptr;
  int (*error_text)(int error, const char** text) = nullptr;
};

template <class Function>
bool load(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(::dlsym(library, name));
  return function != nullptr;
}

std::string describe(const DriverLibrary& driver, int error) {
  const char* text = nullptr;
  if (driver.error_text(error, &text) != 0 || text == nullptr) text = "unknown error";
  return cat(text, " (CUDA driver error ", error, ")");
}

/// Fills `found`; gives why there is no usable GPU, or nothing.
std::string ask(CudaDriver& found) {
  // Never closed: the driver keeps state of its own for the life of the process.
  void* library = ::dlopen(kDriver, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return cat("there is no NVIDIA driver (", kDriver, " cannot be opened)");
  DriverLibrary driver;
  if (!load(library, "cuInit", driver.init) || !load(library, "cuDriverGetVersion", driver.version) ||
      !load(library, "cuDeviceGetCount", driver.count) || !load(library, "cuDeviceGet", driver.device) ||
      !load(library, "cuDeviceGetName", driver.name) || !load(library, "cuDeviceTotalMem_v2", driver.memory) ||
      !load(library, "cuDeviceGetAttribute", driver.attribute) || !load(library, "cuGetErrorString", driver.error_text))
    return cat(kDriver, " is not a driver that is known here");
  int version = 0;
  if (driver.version(&version) == 0) {
    found.major = version / 1000;
    found.minor = version % 1000 / 10;
  }
  if (const int error = driver.init(0); error != 0)
    return cat("the NVIDIA driver does not start: ", describe(driver, error));
  int count = 0;
  if (const int error = driver.count(&count); error != 0)
    return cat("the NVIDIA driver does not count its GPUs: ", describe(driver, error));
  for (int i = 0; i < count; ++i) {
    int handle = 0;
    std::array<char, 256> name{};
    DeviceInfo info{{DeviceKind::cuda, i}, {}};
    std::size_t bytes = 0;
    for (const int error :
         {driver.device(&handle, i), driver.name(name.data(), static_cast<int>(name.size()) - 1, handle),
          driver.memory(&bytes, handle), driver.attribute(&info.compute_major, kComputeMajor, handle),
          driver.attribute(&info.compute_minor, kComputeMinor, handle)})
      if (error != 0) return cat("the NVIDIA driver does not describe GPU ", i, ": ", describe(driver, error));
    info.name = name.data();
    info.memory_bytes = bytes;
    found.devices.push_back(std::move(info));
  }
  return count == 0 ? "the NVIDIA driver shows no GPU" : "";
}

}  // namespace

std::string to_string(const Device& device) {
  return device.kind == DeviceKind::cpu ? "cpu" : cat("cuda:", device.index);
}

const CudaDriver& cuda_driver() {
  static const CudaDriver driver = [] {
    CudaDriver found;
    found.problem = ask(found);
    return found;
  }();
  return driver;
}

DeviceInfo processor() {
  DeviceInfo info;
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("model name", 0) != 0) continue;
    info.name = trim(std::string_view(line).substr(line.find(':') + 1));
    break;
  }
  const long pages = ::sysconf(_SC_PHYS_PAGES), page_bytes = ::sysconf(_SC_PAGESIZE);
  if (pages > 0 && page_bytes > 0)
    info.memory_bytes = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_bytes);
  return info;
}

}  // namespace forgelm::engine
