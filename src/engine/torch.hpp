// The part of libtorch that engine sources use; precompiled. Not <torch/torch.h>: that costs 15 s in every file.
// The trap: c10 defines CHECK, LOG and their kin; nothing that brings spdlog or fmt may come into the same file.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
