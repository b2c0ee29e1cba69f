// Activation checkpointing: a part of the model runs without a graph and keeps its input alone; in the backward pass it
// runs again, with a graph, and its gradients are those of a plain run, bit for bit. Source: Chen et al. 2016, arXiv
// 1604.06174. The trap: autograd gives an output a gradient only when an input has one, and a frozen embedding has
// none; a trained part behind it would silently not be trained.
#pragma once

#include <ATen/ATen.h>

#include <functional>

namespace forgelm::engine {

/// What runs twice; a function of x and of weights. It is kept until the backward pass is over: what it refers to must
/// live as long.
using Recomputed = std::function<at::Tensor(const at::Tensor& x)>;

/// run(x), differentiable in x and, with `trains_weights`, in the leaves that `run` uses.
at::Tensor recompute_in_backward(const at::Tensor& x, bool trains_weights, Recomputed run);

}  // namespace forgelm::engine
