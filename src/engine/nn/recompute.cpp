#include "engine/nn/recompute.hpp"

#include <torch/csrc/autograd/autograd.h>

#include <utility>

#include "engine/torch.hpp"

namespace forgelm::engine {
namespace {

struct RunHolder : torch::CustomClassHolder {
  explicit RunHolder(Recomputed function) : run(std::move(function)) {}
  Recomputed run;
};

struct RecomputeFunction : torch::autograd::Function<RecomputeFunction> {
  /// `anchor` is there to require a gradient when x does not.
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& /*anchor*/, c10::intrusive_ptr<RunHolder> holder) {
    context->save_for_backward({x});
    at::Tensor y = holder->run(x);
    context->saved_data["run"] = c10::IValue::make_capsule(std::move(holder));
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const at::AutoGradMode with_graph(true);
    const at::Tensor saved = context->get_saved_variables()[0];
    const at::Tensor x = saved.detach().requires_grad_(context->needs_input_grad(0));
    const auto holder = c10::static_intrusive_pointer_cast<RunHolder>(context->saved_data["run"].toCapsule());
    torch::autograd::backward({holder->run(x)}, {gradients[0]});
    return {x.grad(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor recompute_in_backward(const at::Tensor& x, bool trains_weights, Recomputed run) {
  if (!at::GradMode::is_enabled() || !(x.requires_grad() || trains_weights)) return run(x);
  const at::Tensor anchor = at::empty({0}, x.options().dtype(at::kFloat)).requires_grad_(trains_weights);
  return RecomputeFunction::apply(x, anchor, c10::make_intrusive<RunHolder>(std::move(run)));
}

}  // namespace forgelm::engine
