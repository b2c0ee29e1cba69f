// Laying sequences end to end, and side by side with padding.
#include <algorithm>
#include <numeric>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/data/batches.hpp"

namespace forgelm::data {
namespace {
constexpr std::int32_t kNoLabel = -100;
}  // namespace

void SequenceBatch::append(const SequenceView& sequence) {
  const std::size_t begin = ids.size();
  const std::size_t end = begin + sequence.ids.size();
  if (end > static_cast<std::size_t>(INT32_MAX))
    throw RunError(RunErrorKind::data, cat("a batch of ", end, " tokens is too large"), "lower the batch size");
  ids.insert(ids.end(), sequence.ids.begin(), sequence.ids.end());
  positions.resize(end);
  std::iota(positions.begin() + static_cast<std::ptrdiff_t>(begin), positions.end(), 0);
  is_learnt.resize(end, 0);
  for (const TokenRange& range : sequence.learnt)
    for (std::size_t at = std::max<std::size_t>(range.begin, 1); at < range.end; ++at) {
      is_learnt[begin + at] = 1;
      ++num_learnt;
    }
  starts.push_back(static_cast<std::int32_t>(end));
  max_length = std::max(max_length, static_cast<std::int32_t>(end - begin));
}

PaddedBatch pad(const SequenceBatch& batch, std::int32_t pad_id, bool pads_left) {
  PaddedBatch padded;
  padded.num_rows = batch.num_sequences();
  padded.width = static_cast<std::size_t>(batch.max_length);
  padded.ids.assign(padded.num_rows * padded.width, pad_id);
  padded.labels.assign(padded.ids.size(), kNoLabel);
  padded.mask.assign(padded.ids.size(), 0);
  for (std::size_t row = 0; row < padded.num_rows; ++row) {
    const auto begin = static_cast<std::size_t>(batch.starts[row]);
    const std::size_t length = static_cast<std::size_t>(batch.starts[row + 1]) - begin;
    const std::size_t to = row * padded.width + (pads_left ? padded.width - length : 0);
    for (std::size_t i = 0; i < length; ++i) {
      padded.ids[to + i] = batch.ids[begin + i];
      padded.mask[to + i] = 1;
      if (batch.is_learnt[begin + i] != 0) padded.labels[to + i] = batch.ids[begin + i];
    }
  }
  return padded;
}

}  // namespace forgelm::data
