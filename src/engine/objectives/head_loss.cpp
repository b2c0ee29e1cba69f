// Each chunk runs the head on rows that are cut off the graph, turns the logits into the gradient of the loss (softmax
// minus one at the target) and takes it back through the head at once; a single node of the graph then hands the sum of
// it all on, scaled by what comes from above. The trap: the head's own graph must not outlive its chunk.
#include "engine/objectives/head_loss.hpp"

#include <algorithm>
#include <vector>

#include "engine/kernels/fused.hpp"
#include "engine/kernels/head.hpp"
#include "engine/torch.hpp"

#include <torch/csrc/autograd/autograd.h>

namespace forgelm::engine {
namespace {

/// Logits of a chunk: on a GPU 256 MiB in float32; on the processor what its caches may hold.
constexpr std::int64_t kChunkElements = std::int64_t{1} << 26, kChunkElementsOnProcessor = std::int64_t{1} << 23;

std::int64_t chunk_rows(std::int64_t rows_per_chunk, std::int64_t vocab_size, at::Device device) {
  if (rows_per_chunk > 0) return rows_per_chunk;
  const std::int64_t elements = device.is_cpu() ? kChunkElementsOnProcessor : kChunkElements;
  return std::max<std::int64_t>(64, elements / std::max<std::int64_t>(1, vocab_size));
}

/// A sum whose gradients are known: gradients[i] is that of inputs[i].
class KnownGradients : public torch::autograd::Function<KnownGradients> {
 public:
  // The gradients come as a pointer, or they would count as inputs.
  static at::Tensor forward(torch::autograd::AutogradContext* context, at::TensorList inputs, const at::Tensor* sum,
                            const std::vector<at::Tensor>* gradients) {
    (void)inputs;
    context->save_for_backward(*gradients);
    return *sum;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list from_above) {
    auto result = context->get_saved_variables();
    for (at::Tensor& gradient : result)
      if (gradient.defined()) gradient = gradient * from_above[0];
    result.resize(result.size() + 2);  // nothing for the two pointers
    return result;
  }
};

std::vector<at::Tensor> trained_in_head(DecoderModel& model) {
  std::vector<at::Tensor> trained;
  const LinearSlot head = model.linear_slots().back();
  (*head.part)->visit(head.name + ".", [&](const std::string&, const WeightPtr& weight) {
    if (weight->is_trained) trained.push_back(weight->value);
  });
  return trained;
}

/// Chunks draw different numbers for dropout inside the head; the first draws what an undivided pass would.
Randomness of_chunk(const Randomness& randomness, std::int64_t chunk) {
  Randomness own = randomness;
  own.seed ^= static_cast<std::uint64_t>(chunk) * 0x9E3779B97F4A7C15ULL;
  return own;
}

/// Writes a chunk's losses, adds to the correct ones, and gives the gradient of their sum by the logits, which may take
/// the logits' place.
at::Tensor losses_and_gradient(const at::Tensor& logits_CV, const at::Tensor& targets_C1, const at::Tensor& nll_C,
                               at::Tensor& num_correct, bool makes_gradient) {
  if (can_fuse({&logits_CV}) && logits_CV.is_contiguous()) {
    const at::Tensor is_correct_C = at::empty({nll_C.size(0)}, targets_C1.options());
    cross_entropy_in_place(logits_CV, targets_C1.squeeze(1), nll_C, is_correct_C, makes_gradient);
    num_correct += is_correct_C.sum();
    return logits_CV;
  }
  at::Tensor scores_CV = at::log_softmax(logits_CV, -1, at::kFloat);
  nll_C.copy_(scores_CV.gather(1, targets_C1).squeeze(1).neg_());
  num_correct += logits_CV.argmax(-1, true).eq(targets_C1).sum();
  if (!makes_gradient) return {};
  at::Tensor gradient_CV = scores_CV.exp_();  // softmax, then minus one at the target
  gradient_CV.scatter_add_(1, targets_C1, at::full({nll_C.size(0), 1}, -1.0, gradient_CV.options()));
  return gradient_CV.to(logits_CV.scalar_type());
}

/// The matrix of a head that is nothing else; null otherwise.
WeightPtr matrix_of_head(DecoderModel& model) {
  const auto* dense = dynamic_cast<const DenseLinear*>(model.linear_slots().back().part->get());
  return dense == nullptr || dense->bias() != nullptr ? nullptr : dense->weight();
}

/// In double, so that how rows were divided does not show.
at::Tensor sum_of(const at::Tensor& nll_N) { return nll_N.sum(at::kDouble); }

HeadLoss loss_of_matrix(const Weight& weight, const at::Tensor& rows_ND, const at::Tensor& targets_N) {
  const bool has_graph = at::GradMode::is_enabled();
  std::vector<at::Tensor> inputs, gradients;
  HeadGradients wanted;
  if (has_graph && rows_ND.requires_grad()) {
    inputs.push_back(rows_ND);
    gradients.push_back(wanted.x_ND = at::empty_like(rows_ND, at::MemoryFormat::Contiguous));
  }
  if (has_graph && weight.is_trained) {
    inputs.push_back(weight.value);
    gradients.push_back(wanted.weight_VD = at::zeros_like(weight.value));
  }
  const at::Tensor nll_N = at::empty({rows_ND.size(0)}, targets_N.options().dtype(at::kFloat));
  const at::Tensor is_correct_N = at::empty_like(targets_N, at::MemoryFormat::Contiguous);
  fused_head_loss(rows_ND.detach().contiguous(), weight.value.detach(), targets_N.contiguous(), nll_N, is_correct_N,
                  wanted);
  at::Tensor sum = sum_of(nll_N);
  if (!inputs.empty()) sum = KnownGradients::apply(at::TensorList(inputs), &sum, &gradients);
  return {sum, is_correct_N.sum()};
}

}  // namespace

HeadLoss head_loss(DecoderModel& model, const at::Tensor& rows_ND, const at::Tensor& targets_N, const ForwardMode& mode,
                   std::int64_t rows_per_chunk) {
  if (const WeightPtr weight = matrix_of_head(model);
      weight != nullptr && rows_per_chunk == 0 && can_fuse_head(rows_ND, weight->value, weight->is_trained))
    return loss_of_matrix(*weight, rows_ND, targets_N);
  const std::int64_t num_rows = rows_ND.size(0);
  const std::int64_t step = chunk_rows(rows_per_chunk, model.config().vocab_size, model.device());
  // What gradients are wanted of: the rows first, when they are.
  std::vector<at::Tensor> inputs;
  if (at::GradMode::is_enabled()) {
    inputs = trained_in_head(model);
    if (rows_ND.requires_grad()) inputs.insert(inputs.begin(), rows_ND);
  }
  const bool has_row_gradient = !inputs.empty() && inputs.front().is_same(rows_ND);
  std::vector<at::Tensor> gradients(inputs.size());
  if (has_row_gradient) gradients[0] = at::empty_like(rows_ND);

  const at::Tensor detached_ND = rows_ND.detach();
  const at::Tensor nll_N = at::empty({num_rows}, targets_N.options().dtype(at::kFloat));
  at::Tensor num_correct = at::zeros({}, targets_N.options());
  for (std::int64_t begin = 0, chunk = 0; begin < num_rows; begin += step, ++chunk) {
    const std::int64_t size = std::min(step, num_rows - begin);
    const at::Tensor rows_CD = detached_ND.narrow(0, begin, size).detach();
    const at::Tensor targets_C1 = targets_N.narrow(0, begin, size).unsqueeze(1);
    std::vector<at::Tensor> chunk_inputs = inputs;
    if (has_row_gradient) chunk_inputs[0] = rows_CD.requires_grad_();
    ForwardMode chunk_mode = mode;
    Randomness randomness;
    if (mode.randomness != nullptr) {
      randomness = of_chunk(*mode.randomness, chunk);
      chunk_mode.randomness = &randomness;
    }
    const at::Tensor logits_CV = model.logits(rows_CD, chunk_mode);

    const at::NoGradGuard no_graph;
    const at::Tensor nll_C = nll_N.narrow(0, begin, size);
    const at::Tensor gradient_CV =
        losses_and_gradient(logits_CV.detach(), targets_C1, nll_C, num_correct, !inputs.empty());
    if (inputs.empty()) continue;
    const auto found = torch::autograd::grad({logits_CV}, chunk_inputs, {gradient_CV},
                                             /*retain_graph=*/false, /*create_graph=*/false, /*allow_unused=*/true);
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (!found[i].defined()) continue;
      if (i == 0 && has_row_gradient) gradients[0].narrow(0, begin, size).copy_(found[0]);
      else if (gradients[i].defined()) gradients[i] += found[i];
      else gradients[i] = found[i];
    }
  }
  at::Tensor sum = sum_of(nll_N);
  if (!inputs.empty()) sum = KnownGradients::apply(at::TensorList(inputs), &sum, &gradients);
  return {sum, num_correct};
}

}  // namespace forgelm::engine
