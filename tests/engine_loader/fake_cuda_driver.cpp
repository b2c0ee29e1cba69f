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
// 75 and 76 are the two parts of the compute capability: 9.0 of the first GPU, 8.6 of the second.
int cuDeviceGetAttribute(int* value, int attribute, int device) {
  if (attribute == 75) return *value = device == 0 ? 9 : 8, 0;
  if (attribute == 76) return *value = device == 0 ? 0 : 6, 0;
  return 1;
}
int cuGetErrorString(int, const char** text) { return *text = "no CUDA-capable device is detected", 0; }
}
