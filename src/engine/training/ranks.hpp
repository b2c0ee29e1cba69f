// Ranks: the processes that train one model together, each on its own batches. What the loop sums over them goes
// through here, so that the loop reads the same for one process and for many.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace forgelm::engine {

class Ranks {
 public:
  virtual ~Ranks();
  virtual std::int64_t rank() const noexcept = 0;
  virtual std::int64_t size() const noexcept = 0;
  /// Each value becomes its sum over all ranks, the same bits on each. All ranks call it at the same place.
  virtual void sum(std::vector<double>& values) = 0;
  virtual void sum(std::vector<at::Tensor>& tensors) = 0;
  /// True on all ranks when it is true on one.
  bool any(bool value);
};

/// ConfigError for more than one process: `world_size` is what was asked for.
std::unique_ptr<Ranks> open_ranks(std::int64_t rank, std::int64_t world_size);

}  // namespace forgelm::engine
