#include "engine/training/ranks.hpp"

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::engine {
namespace {

class OneRank final : public Ranks {
 public:
  std::int64_t rank() const noexcept override { return 0; }
  std::int64_t size() const noexcept override { return 1; }
  void sum(std::vector<double>&) override {}
  void sum(std::vector<at::Tensor>&) override {}
};

}  // namespace

Ranks::~Ranks() = default;

bool Ranks::any(bool value) {
  std::vector<double> votes = {value ? 1.0 : 0.0};
  sum(votes);
  return votes[0] > 0;
}

std::unique_ptr<Ranks> open_ranks(std::int64_t rank, std::int64_t world_size) {
  if (world_size != 1 || rank != 0)
    throw ConfigError(cat("training is asked for as process ", rank, " of ", world_size, ": it runs in one process"));
  return std::make_unique<OneRank>();
}

}  // namespace forgelm::engine
