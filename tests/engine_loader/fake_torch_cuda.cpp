// Stands for libtorch_cuda.so: registers CUDA hooks, as the real one does when it is opened, and has no kernels.
#include <ATen/detail/CUDAHooksInterface.h>

namespace {
struct FakeHooks final : at::CUDAHooksInterface {
  explicit FakeHooks(at::CUDAHooksArgs) {}
  void init() const override {}
  bool hasCUDA() const override { return true; }
};
}  // namespace

namespace at {
C10_REGISTER_CLASS(CUDAHooksRegistry, CUDAHooks, FakeHooks)
}
