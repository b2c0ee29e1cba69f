// What activations take, by which gradient_checkpointing: auto decides: the estimate against what is really kept
// between the forward and the backward pass, as libtorch's allocator reports it.
#include "engine/training/memory.hpp"

#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include "engine/model_support.hpp"

using namespace forgelm;
using namespace forgelm::test;

namespace {

/// Counts what this thread holds of the processor's memory.
class HeldMemory final : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void*, std::int64_t alloc_size, size_t, size_t, c10::Device) override {
    num_bytes += alloc_size;
  }
  bool memoryProfilingEnabled() const override { return true; }
  std::int64_t num_bytes = 0;
};

/// Bytes that the graph of a forward pass keeps, every weight trained.
std::int64_t bytes_kept(engine::DecoderModel& model, const Sequences& sequences) {
  const auto held = std::make_shared<HeldMemory>();
  const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, held);
  const auto input = row_of(sequences);
  const std::int64_t before = held->num_bytes;
  const at::Tensor hidden = model.hidden(input, {});
  return held->num_bytes - before;
}

}  // namespace

TEST_CASE("The estimate of activations is near what autograd keeps") {
  const auto config = formats::read_model_config(kQuickstartModel);
  auto model = engine::load_model(kQuickstartModel, config, {});
  model.visit_weights([](const std::string&, const engine::WeightPtr& weight) { engine::set_trained(*weight); });
  for (const auto& [num_sequences, length] : {std::pair(1, 256), std::pair(4, 64), std::pair(8, 16)}) {
    const Sequences sequences(static_cast<std::size_t>(num_sequences),
                              std::vector<std::int32_t>(static_cast<std::size_t>(length), 7));
    const auto kept = static_cast<double>(bytes_kept(model, sequences));
    const auto estimate = static_cast<double>(engine::estimated_activation_bytes(
        config, at::kFloat, at::kCPU, static_cast<std::uint64_t>(num_sequences * length),
        static_cast<std::uint64_t>(length)));
    INFO(num_sequences << " of " << length << ": kept " << kept << ", estimated " << estimate);
    CHECK(estimate >= 0.8 * kept);
    CHECK(estimate <= 1.3 * kept);
  }
}
