// Tensors as the kernels take them: pointers to float, or to std::uint16_t for the bits of bfloat16.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace forgelm::engine {

/// Calls work(T{}) with the C++ type of a tensor's numbers, which can_fuse() has found to be one of these.
template <class Work>
void with_type_of(const at::Tensor& like, Work work) {
  if (like.scalar_type() == at::kFloat) work(float{});
  else work(std::uint16_t{});
}

template <class T>
T* numbers(const at::Tensor& tensor) {
  return static_cast<T*>(tensor.data_ptr());
}
template <class T>
const T* constant_numbers(const at::Tensor& tensor) {
  return static_cast<const T*>(tensor.const_data_ptr());
}

}  // namespace forgelm::engine
