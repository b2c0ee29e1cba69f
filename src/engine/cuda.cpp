// The order is the point: the driver is asked without libtorch, then libtorch_cuda is opened, and only then is libtorch
// asked for anything, because at::detail::getCUDAHooks() looks for its CUDA part once and keeps "none" for good.
#include "engine/cuda.hpp"

#include <ATen/ATen.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <dlfcn.h>

#include <cstdlib>
#include <mutex>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/engine/device.hpp"

namespace forgelm::engine {
namespace {

RunError no_device(const std::string& message, const std::string& hint) {
  return {RunErrorKind::device, message, hint + (hint.empty() ? "" : "; ") + "device cpu works without a GPU"};
}

/// 13 of "2.11.0+cu130"; 0 when the version does not say.
int cuda_major(const std::string& version) {
  const std::size_t at = version.find("+cu");
  return at == std::string::npos ? 0 : std::atoi(version.c_str() + at + 3) / 10;
}

void require_driver(const Libtorch& libtorch, int index) {
  const CudaDriver& driver = cuda_driver();
  if (!driver.problem.empty())
    throw no_device(cat("cannot use CUDA: ", driver.problem),
                    "nvidia-smi must list a GPU; in a container, pass the GPUs to it (docker run --gpus all)");
  const int needed = cuda_major(libtorch.version);
  if (driver.major < needed)
    throw no_device(cat("cannot use CUDA: the NVIDIA driver runs CUDA up to ", driver.major, ".", driver.minor,
                        ", and libtorch ", libtorch.version, " needs ", needed, ".0"),
                    "install a newer NVIDIA driver (580 or later for CUDA 13)");
  const auto num_gpus = static_cast<int>(driver.devices.size());
  if (index >= num_gpus)
    throw no_device(cat("there is no device cuda:", index, ": the NVIDIA driver shows ", num_gpus,
                        num_gpus == 1 ? " GPU" : " GPUs, numbered from 0"),
                    "CUDA_VISIBLE_DEVICES hides GPUs from a process");
}

void open_library(const Libtorch& libtorch) {
  const auto file = libtorch.folder / "lib/libtorch_cuda.so";
  if (::dlopen(file.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr) return;
  const char* why = ::dlerror();
  throw no_device(
      cat("cannot use CUDA: libtorch's CUDA part cannot be opened: ", why == nullptr ? "unknown reason" : why),
      cat("the NVIDIA libraries that libtorch ", libtorch.version,
          " needs must be there: install torch with pip into a virtual environment and set FORGELM_LIBTORCH to its "
          "torch folder"));
}

}  // namespace

void open_cuda(const Libtorch& libtorch, int index) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  require_driver(libtorch, index);
  open_library(libtorch);
  if (!at::detail::getCUDAHooks().hasCUDA())
    throw no_device("cannot use CUDA: libtorch has looked for GPUs before and found none",
                    "the driver shows one, so ask for the device before any other work in the process");
  // A kernel and a copy back: a GPU that this libtorch has no code for fails here and not in the first training step.
  const at::Device device(at::kCUDA, static_cast<at::DeviceIndex>(index));
  const auto ones = at::ones({8}, at::TensorOptions().device(device));
  if (ones.sum().item<float>() != 8.0F) throw no_device(cat("device cuda:", index, " adds wrongly"), "");
}

}  // namespace forgelm::engine
