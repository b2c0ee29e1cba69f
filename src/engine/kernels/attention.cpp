// Threads divide blocks of queries on the way forward, heads of keys on the way back; a head's sums are made by one
// thread in one order, so that nothing depends on how many there are.
#include "engine/kernels/attention.hpp"

#include <algorithm>
#include <utility>

#include "engine/kernels/fused.hpp"
#include "engine/kernels/numbers.hpp"
#include "engine/kernels/parallel.hpp"
#include "engine/torch.hpp"

namespace forgelm::engine {
namespace {

using Variables = torch::autograd::variable_list;
using Context = torch::autograd::AutogradContext;

struct Layout {
  std::vector<std::int64_t> starts;
  std::int64_t num_heads, num_key_heads, size, window;
  float scale;

  std::int64_t num_sequences() const { return static_cast<std::int64_t>(starts.size()) - 1; }
  std::int64_t group() const { return num_heads / num_key_heads; }
  AttentionShape shape(std::int64_t sequence) const {
    const auto i = static_cast<std::size_t>(sequence);
    return {starts[i + 1] - starts[i], size, num_heads * size, num_key_heads * size, scale, window};
  }
  std::int64_t start(std::int64_t sequence) const { return starts[static_cast<std::size_t>(sequence)]; }
};

Layout layout_of(const at::Tensor& q_THK, const at::Tensor& k_TNK, std::vector<std::int64_t> starts,
                 std::int64_t window, double scale) {
  return {std::move(starts), q_THK.size(1), k_TNK.size(1), q_THK.size(2), window, static_cast<float>(scale)};
}

template <class T>
const AttentionKernels<T>& kernels_for() {
  if constexpr (sizeof(T) == 4) return cpu_kernels().attention_float32;
  else return cpu_kernels().attention_bfloat16;
}

/// Memory that a thread keeps for itself while it works off its share.
at::Tensor scratch_of(std::int64_t num_floats) { return at::empty({num_floats}, at::kFloat); }

template <class T>
void run_forward(const Layout& layout, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                 const at::Tensor& y, const at::Tensor& log_sums_HT) {
  const auto& kernels = kernels_for<T>();
  // Where the packed keys of each sequence lie, and the number of its first block of queries.
  std::vector<std::int64_t> packed_at = {0}, first_block = {0};
  for (std::int64_t i = 0; i < layout.num_sequences(); ++i) {
    const std::int64_t length = layout.shape(i).length;
    packed_at.push_back(packed_at.back() + kernels.key_numbers(length, layout.size));
    first_block.push_back(first_block.back() + (length + kernels.query_block - 1) / kernels.query_block);
  }
  const std::int64_t num_blocks = first_block.back(), num_tokens = layout.starts.back();
  const at::Tensor packed = scratch_of(packed_at.back() * layout.num_key_heads);
  const auto packed_keys = [&](std::int64_t sequence, std::int64_t head) {
    const auto i = static_cast<std::size_t>(sequence);
    return numbers<float>(packed) + packed_at[i] * layout.num_key_heads + head * (packed_at[i + 1] - packed_at[i]);
  };
  parallel_for(0, layout.num_sequences() * layout.num_key_heads, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t sequence = i / layout.num_key_heads, head = i % layout.num_key_heads;
      const AttentionShape shape = layout.shape(sequence);
      const std::int64_t at = layout.start(sequence) * shape.key_stride + head * layout.size;
      kernels.pack_keys(shape, numbers<T>(k) + at, numbers<T>(v) + at, packed_keys(sequence, head));
    }
  });
  // Heads outermost: each share then holds early and late blocks, which see fewer and more keys.
  parallel_for(0, layout.num_heads * num_blocks, 1, [&](std::int64_t begin, std::int64_t end) {
    const at::Tensor scratch = scratch_of(kernels.forward_numbers(layout.size));
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t head = i / num_blocks, block = i % num_blocks;
      const std::int64_t sequence =
          std::upper_bound(first_block.begin(), first_block.end(), block) - first_block.begin() - 1;
      const AttentionShape shape = layout.shape(sequence);
      const std::int64_t query = (block - first_block[static_cast<std::size_t>(sequence)]) * kernels.query_block;
      const std::int64_t start = layout.start(sequence), at = start * shape.stride + head * layout.size;
      kernels.forward(shape, packed_keys(sequence, head / layout.group()), numbers<T>(q) + at, numbers<T>(y) + at,
                      numbers<float>(log_sums_HT) + head * num_tokens + start, query,
                      std::min(kernels.query_block, shape.length - query), numbers<float>(scratch));
    }
  });
}

template <class T>
void run_backward(const Layout& layout, const Variables& saved, const at::Tensor& above, const Variables& gradients) {
  const auto& kernels = kernels_for<T>();
  const at::Tensor &q = saved[0], &k = saved[1], &v = saved[2], &y = saved[3], &log_sums_HT = saved[4];
  const std::int64_t num_tokens = layout.starts.back(), num_key_heads = layout.num_key_heads;
  parallel_for(0, layout.num_sequences() * num_key_heads, 1, [&](std::int64_t begin, std::int64_t end) {
    at::Tensor scratch;
    for (std::int64_t i = begin; i < end; ++i) {
      // Heads outermost here as well, so that one long sequence among short ones is not all on one thread.
      const std::int64_t head = i / layout.num_sequences(), sequence = i % layout.num_sequences();
      const AttentionShape shape = layout.shape(sequence);
      const std::int64_t needed = kernels.backward_numbers(shape.length, shape.size);
      if (!scratch.defined() || scratch.numel() < needed) scratch = scratch_of(needed);
      const std::int64_t start = layout.start(sequence), first = head * layout.group(),
                         at = start * shape.stride + first * shape.size,
                         key_at = start * shape.key_stride + head * shape.size;
      kernels.backward(
          shape,
          {numbers<T>(q) + at, numbers<T>(k) + key_at, numbers<T>(v) + key_at, numbers<T>(y) + at,
           numbers<T>(above) + at, numbers<float>(log_sums_HT) + first * num_tokens + start, num_tokens,
           numbers<T>(gradients[0]) + at, numbers<T>(gradients[1]) + key_at, numbers<T>(gradients[2]) + key_at},
          layout.group(), numbers<float>(scratch));
    }
  });
}

class AttendFunction : public torch::autograd::Function<AttendFunction> {
 public:
  static at::Tensor forward(Context* context, const at::Tensor& q_THK, const at::Tensor& k_TNK, const at::Tensor& v_TNK,
                            std::vector<std::int64_t> starts, std::int64_t window, double scale) {
    const Layout layout = layout_of(q_THK, k_TNK, std::move(starts), window, scale);
    at::Tensor y_THK = at::empty_like(q_THK);
    const at::Tensor log_sums_HT = at::empty({layout.num_heads, q_THK.size(0)}, q_THK.options().dtype(at::kFloat));
    with_type_of(q_THK, [&]<class T>(T) { run_forward<T>(layout, q_THK, k_TNK, v_TNK, y_THK, log_sums_HT); });
    context->save_for_backward({q_THK, k_TNK, v_TNK, y_THK, log_sums_HT});
    context->saved_data["starts"] = layout.starts;
    context->saved_data["window"] = window;
    context->saved_data["scale"] = scale;
    return y_THK;
  }

  static Variables backward(Context* context, Variables from_above) {
    const auto saved = context->get_saved_variables();
    const at::Tensor above_THK = from_above[0].contiguous();
    const Layout layout = layout_of(saved[0], saved[1], context->saved_data["starts"].toIntVector(),
                                    context->saved_data["window"].toInt(), context->saved_data["scale"].toDouble());
    Variables gradients = {at::empty_like(saved[0]), at::empty_like(saved[1]), at::empty_like(saved[2])};
    with_type_of(above_THK, [&]<class T>(T) { run_backward<T>(layout, saved, above_THK, gradients); });
    gradients.resize(6);
    return gradients;
  }
};

}  // namespace

at::Tensor fused_attend(const at::Tensor& q_THK, const at::Tensor& k_TNK, const at::Tensor& v_TNK,
                        const std::vector<std::int32_t>& starts, std::int64_t window, double scale) {
  TORCH_CHECK(q_THK.size(0) == starts.back() && starts.front() == 0 && q_THK.size(1) % k_TNK.size(1) == 0,
              "attention over ", q_THK.sizes(), " and ", k_TNK.sizes(), " in sequences that end at ", starts.back());
  return AttendFunction::apply(q_THK.contiguous(), k_TNK.contiguous(), v_TNK.contiguous(),
                               std::vector<std::int64_t>(starts.begin(), starts.end()), window, scale);
}

}  // namespace forgelm::engine
