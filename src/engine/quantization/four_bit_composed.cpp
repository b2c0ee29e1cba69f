// The same steps by ATen's operations: what runs on a GPU, and the obvious form that the loops are held against.
#include "engine/quantization/four_bit_kernels.hpp"
#include "engine/torch.hpp"

namespace forgelm::engine {
namespace {

template <class Array>
at::Tensor tensor_of(const Array& values, at::ScalarType dtype, at::Device device) {
  auto* const data = const_cast<typename Array::value_type*>(values.data());  // read only: it is cloned
  return at::from_blob(data, {static_cast<std::int64_t>(values.size())}, at::dtype(dtype)).clone().to(device);
}

/// Rows of full blocks, and what is left.
std::pair<at::Tensor, at::Tensor> into_blocks(const at::Tensor& flat, std::int64_t block_size) {
  const std::int64_t full = flat.numel() - flat.numel() % block_size;
  return {flat.narrow(0, 0, full).reshape({full / block_size, block_size}), flat.narrow(0, full, flat.numel() - full)};
}

/// A number for each block times its values.
at::Tensor times_blocks(const at::Tensor& values, const at::Tensor& factors, std::int64_t block_size) {
  const auto [rows, rest] = into_blocks(values, block_size);
  return at::cat({(rows * factors.narrow(0, 0, rows.size(0)).unsqueeze(1)).reshape(-1),
                  rest * factors.narrow(0, rows.size(0), factors.numel() - rows.size(0))});
}

at::Tensor largest_magnitudes(const at::Tensor& values, std::int64_t block_size) {
  const auto [rows, rest] = into_blocks(values.abs(), block_size);
  return rest.numel() == 0 ? rows.amax(1) : at::cat({rows.amax(1), rest.amax(0, true)});
}

QuantizedWeights quantize_weights(const at::Tensor& weights_N, const FourBitTable& table, std::int64_t block_size) {
  const at::Tensor weights = weights_N.to(at::kFloat);
  const auto [rows, rest] = into_blocks(weights, block_size);
  at::Tensor absmax = rows.abs().amax(1);
  at::Tensor scaled = (rows * absmax.clamp_min(kLeastAbsmax).reciprocal().unsqueeze(1)).reshape(-1);
  if (rest.numel() != 0) {
    const at::Tensor divisor = rest.abs().amax(0, true).clamp_min(kLeastAbsmax);
    absmax = at::cat({absmax, divisor});
    scaled = at::cat({scaled, rest / divisor});
  }
  if (scaled.numel() % 2 != 0) scaled = at::cat({scaled, at::zeros({1}, scaled.options())});
  const at::Tensor classes = at::bucketize(scaled, tensor_of(table.bounds, at::kFloat, scaled.device()));
  const at::Tensor class_codes = tensor_of(table.class_codes, at::kByte, scaled.device());
  const at::Tensor pairs = class_codes.index_select(0, classes).view({-1, 2});
  return {pairs.select(1, 0).bitwise_left_shift(4).bitwise_or(pairs.select(1, 1)), absmax};
}

QuantizedScales quantize_scales(const at::Tensor& scales) {
  const at::Tensor absmax = largest_magnitudes(scales, kNestedBlock);
  const at::Tensor half = (times_blocks(scales, absmax.reciprocal(), kNestedBlock).clamp(-1, 1) + 1) * 0.5;
  const at::Tensor position = (half.to(at::kDouble) * 65535 + 0.5).to(at::kFloat).nan_to_num(0).to(at::kLong);
  const at::Tensor codes = tensor_of(signed_dynamic_map().codes, at::kByte, scales.device()).index_select(0, position);
  return {codes, absmax};
}

at::Tensor dequantize_scales(const at::Tensor& codes, const at::Tensor& nested_absmax) {
  const at::Tensor map = tensor_of(signed_dynamic_map().values, at::kFloat, codes.device());
  return times_blocks(map.index_select(0, codes.to(at::kLong)), nested_absmax, kNestedBlock);
}

at::Tensor dequantize_weights(const at::Tensor& codes, const at::Tensor& absmax, const FourBitLayout& layout,
                              at::ScalarType dtype) {
  const at::Tensor both = at::stack({codes.bitwise_right_shift(4), codes.bitwise_and(15)}, 1).reshape(-1);
  const at::Tensor values = tensor_of(layout.values, at::kFloat, codes.device()).index_select(0, both.to(at::kLong));
  return times_blocks(values.narrow(0, 0, layout.num_weights), absmax, layout.block_size).to(dtype);
}

}  // namespace

const FourBitKernels& four_bit_composed() {
  static constexpr FourBitKernels kKernels = {quantize_weights, quantize_scales, dequantize_scales, dequantize_weights};
  return kKernels;
}

}  // namespace forgelm::engine
