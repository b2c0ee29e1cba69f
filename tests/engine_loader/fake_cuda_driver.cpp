// Stands for NVIDIA's libcuda.so.1 on LD_LIBRARY_PATH: two GPUs; FAKE_CUDA_VERSION (13000) and FAKE_CUDA_INIT (0)
// change it.
#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace {
int number(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoi(text);
}
}  // namespace

extern "C" {
int cuInit(unsigned) { return number("FAKE_CUDA_INIT", 0); }
int cuDriverGetVersion(int* version) { return *version = number("FAKE_CUDA_VERSION", 13000), 0; }
int cuDeviceGetCount(int* count) { return *count = 2, 0; }
int cuDeviceGet(int* device, int ordinal) { return *device = ordinal, 0; }
int cuDeviceGetName(char* name, int size, int device) {
  return std::snprintf(name, static_cast<std::size_t>(size), "Test GPU %c", 'A' + device) < 0 ? 1 : 0;
}
int cuDeviceTotalMem_v2(std::size_t* bytes, int) { return *bytes = std::size_t{16} << 30, 0; }
int cuDeviceGetAttribute(int* value, int attribute, int) { return *value = attribute == 75 ? 9 : 0, 0; }
int cuGetErrorString(int, const char** text) { return *text = "no CUDA-capable device is detected", 0; }
}
