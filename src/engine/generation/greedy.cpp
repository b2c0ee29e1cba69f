#include "engine/generation/greedy.hpp"

#include <algorithm>

#include "engine/torch.hpp"

namespace forgelm::engine {
namespace {

std::int32_t next_id(DecoderModel& model, const std::vector<std::int32_t>& ids) {
  const auto length = static_cast<std::int64_t>(ids.size());
  ForwardInput input;
  input.ids_T = at::tensor(at::ArrayRef<std::int32_t>(ids), at::kInt).to(at::kLong).to(model.device());
  input.positions_AT = at::arange(length, input.ids_T.options()).unsqueeze(0);
  input.starts = {0, static_cast<std::int32_t>(length)};
  input.max_length = static_cast<std::int32_t>(length);
  const at::Tensor last_1D = model.hidden(input, {}).narrow(0, length - 1, 1);
  return static_cast<std::int32_t>(model.logits(last_1D, {}).argmax(-1).item<std::int64_t>());
}

}  // namespace

std::vector<std::int32_t> continue_greedily(DecoderModel& model, const std::vector<std::int32_t>& prompt,
                                            const GreedyOptions& options) {
  TORCH_CHECK(!prompt.empty(), "there is nothing to continue");
  const at::NoGradGuard no_graph;
  std::vector<std::int32_t> ids = prompt;
  const auto first = static_cast<std::ptrdiff_t>(prompt.size());
  for (std::int64_t i = 0; i < options.max_new_tokens; ++i) {
    if (options.wants_stop != nullptr && options.wants_stop()) break;
    ids.push_back(next_id(model, ids));
    if (std::find(options.stop_ids.begin(), options.stop_ids.end(), ids.back()) != options.stop_ids.end()) break;
  }
  return {ids.begin() + first, ids.end()};
}

}  // namespace forgelm::engine
