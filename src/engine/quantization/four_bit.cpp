#include "engine/quantization/four_bit.hpp"

#include "engine/quantization/four_bit_kernels.hpp"
#include "engine/torch.hpp"

namespace forgelm::engine {
namespace {

bool is_element_type(at::ScalarType dtype) {
  return dtype == at::kFloat || dtype == at::kBFloat16 || dtype == at::kHalf;
}

at::Tensor scales_of(const FourBitTensor& tensor) {
  if (!tensor.is_double()) return tensor.absmax;
  const at::Tensor scales = four_bit_kernels(tensor.codes).dequantize_scales(tensor.absmax_codes, tensor.nested_absmax);
  return scales + tensor.offset;  // an addition of its own: a compiler may not fuse it with the product
}

/// FP4 has two zeros. For an odd number of columns the reference takes another way, where both are positive.
std::array<float, 16> values_for(const FourBitTensor& tensor) {
  std::array<float, 16> values = four_bit_table(tensor.kind).values;
  if (tensor.kind == FourBitKind::fp4 && !tensor.shape.empty() && tensor.shape.back() % 2 != 0) values[8] = 0;
  return values;
}

}  // namespace

FourBitTensor quantize_four_bit(const at::Tensor& weights, FourBitKind kind, bool is_double, std::int64_t block_size) {
  TORCH_CHECK(block_size >= 32 && block_size <= 4096 && (block_size & (block_size - 1)) == 0,
              "4-bit blocks are of 32 to 4096 weights, a power of two, not of ", block_size);
  const at::NoGradGuard no_gradient;
  at::Tensor flat =
      (is_element_type(weights.scalar_type()) ? weights : weights.to(at::kFloat)).detach().contiguous().view({-1});
  if (flat.is_cpu() && reinterpret_cast<std::uintptr_t>(flat.const_data_ptr()) % flat.element_size() != 0)
    flat = flat.clone();  // mapped files may begin at an odd byte
  FourBitTensor result;
  result.kind = kind;
  result.shape = weights.sizes().vec();
  result.source_dtype = flat.scalar_type();
  result.block_size = block_size;
  const FourBitTable& table = four_bit_table(kind);
  const FourBitKernels& kernels = four_bit_kernels(flat);
  std::tie(result.codes, result.absmax) = kernels.quantize_weights(flat, table, block_size);
  if (!is_double) return result;
  const at::Tensor offset = result.absmax.mean();
  const at::Tensor centred = result.absmax - offset;
  result.offset = offset.item<float>();
  std::tie(result.absmax_codes, result.nested_absmax) = kernels.quantize_scales(centred);
  result.absmax = at::Tensor();
  return result;
}

at::Tensor dequantize(const FourBitTensor& tensor, at::ScalarType dtype) {
  TORCH_CHECK(is_element_type(dtype), "4-bit weights stand for float32, bfloat16 or float16, not ", dtype);
  const at::NoGradGuard no_gradient;
  const auto values = values_for(tensor);
  const FourBitLayout layout{values, c10::multiply_integers(tensor.shape), tensor.block_size};
  const at::Tensor scales = scales_of(tensor);
  const at::Tensor flat = four_bit_kernels(tensor.codes).dequantize_weights(tensor.codes, scales, layout, dtype);
  return flat.view(tensor.shape);
}

at::ScalarType resolve_compute_dtype(config::ComputeDtype asked, at::ScalarType activations) {
  using config::ComputeDtype;
  switch (asked) {
    case ComputeDtype::auto_: return activations;
    case ComputeDtype::bfloat16:
    case ComputeDtype::bf16: return at::kBFloat16;
    case ComputeDtype::float16:
    case ComputeDtype::fp16: return at::kHalf;
    case ComputeDtype::float32:
    case ComputeDtype::fp32: return at::kFloat;
  }
  return activations;
}

}  // namespace forgelm::engine
